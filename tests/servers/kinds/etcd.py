"""Reads etcd past the API server, for tests that look for what must not be there."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import httpx

EVERYTHING = base64.b64encode(b"\0").decode()
"""As key and as end of the range: all keys."""
PAGE = 200


def revision(etcd: str) -> int:
    """Return the revision that etcd has now."""
    return int(ask(etcd, {"key": EVERYTHING, "count_only": True})["header"]["revision"])


def ask(etcd: str, request: dict[str, object]) -> dict[str, object]:
    """Send one range request through etcd's own gateway for JSON."""
    answer = httpx.post(f"{etcd}/v3/kv/range", json=request, timeout=60, trust_env=False)
    return answer.raise_for_status().json()


def contents(etcd: str) -> Iterator[tuple[str, bytes]]:
    """Yield each key of etcd with its value: what the API server stores now."""
    start = EVERYTHING
    while True:
        page = ask(etcd, {"key": start, "range_end": EVERYTHING, "limit": PAGE})
        for pair in page.get("kvs", []):
            yield decoded(pair)
        if not page.get("more"):
            return
        start = base64.b64encode(base64.b64decode(page["kvs"][-1]["key"]) + b"\0").decode()


def history(etcd: str, since: int) -> Iterator[tuple[str, bytes]]:
    """Yield each key with each value that it had from a revision on, also what was overwritten or deleted since."""
    now, wanted = revision(etcd), {"key": EVERYTHING, "range_end": EVERYTHING, "start_revision": since}
    with httpx.stream(
        "POST", f"{etcd}/v3/watch", json={"create_request": wanted}, timeout=30, trust_env=False
    ) as answer:
        for line in answer.iter_lines():
            for event in json.loads(line)["result"].get("events", []):
                if int(event["kv"]["mod_revision"]) > now:
                    return
                yield decoded(event["kv"])
                if int(event["kv"]["mod_revision"]) == now:
                    return


def decoded(pair: dict[str, str]) -> tuple[str, bytes]:
    """Return key and value of a pair in JSON, where both are base64."""
    return base64.b64decode(pair["key"]).decode(), base64.b64decode(pair.get("value", ""))

"""A thousand tokens due at once: renewed and stored one by one, against the same requests alone."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from servers.fake_internet.starting import Internet
from servers.fake_internet.tokens import CLIENT, CLIENT_SECRET

from webapp.core.oauth.keepalive import AT_ONCE, KeepAlive
from webapp.core.oauth.records import watch
from webapp.core.oauth.refresh import TokenDoor
from webapp.core.store import KeyRing, Store, open_store

pytestmark = pytest.mark.benchmark
MANY = 1000
APP = {"client_id": CLIENT, "client_secret": CLIENT_SECRET}


def test_a_thousand_due_at_once(internet: Internet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in internet.environment.items():
        monkeypatch.setenv(name, value)
    run = secrets.token_hex(4)
    store = open_store(f"sqlite:///{tmp_path}/s.db", KeyRing.from_file(tmp_path / "seed.json", create=True))
    fill(store, run)
    bare = seconds(lambda: alone(f"{run}bare"))
    ours = seconds(lambda: KeepAlive(store, TokenDoor(store, by="benchmark")).once())
    assert store.logins.due(datetime.now(UTC), 1) == []
    assert store.logins.broken() == []
    store.close()
    print(f"\n| {MANY} renewals, {AT_ONCE} at once | seconds | ratio |\n|---|---|---|")  # noqa: T201  for a person
    print(f"| bare requests | {bare:.2f} | 1.00 |\n| with lock, store and history | {ours:.2f} | {ours / bare:.2f} |")  # noqa: T201


def seconds(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def fill(store: Store, run: str) -> None:
    """Store credentials whose tokens are all due now."""
    with store.together():
        for number in range(MANY):
            token = {"access_token": "good-x-0", "refresh_token": f"once-{run}ours{number}-0"}
            made = store.credentials.add(f"Box {number}", "BOX", {**APP, "token": json.dumps(token)}, by="benchmark")
            watch(store, made)
            login = store.logins.find(made.id)
            assert login
            store.logins.put(replace(login, due=datetime.now(UTC)))


def alone(run: str) -> None:
    """Send the same requests and keep nothing."""

    def one(number: int) -> None:
        form = {"grant_type": "refresh_token", "refresh_token": f"once-{run}{number}-0", **APP}
        requests.post("https://api.box.com/oauth2/token", data=form, timeout=30).raise_for_status()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(one, range(MANY)))

"""Many tokens due at once: renewed and stored one by one beside the same requests alone, and what checks feel of it."""

from __future__ import annotations

import json
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from benchmarks.table import ROWS, Row, percentile
from servers.fake_internet.starting import Internet
from servers.fake_internet.tokens import CLIENT, CLIENT_SECRET
from servers.kinds.s3 import S3Server

from webapp.core.oauth.keepalive import AT_ONCE, KeepAlive
from webapp.core.oauth.records import watch
from webapp.core.oauth.refresh import TokenDoor
from webapp.core.providers import PROVIDERS
from webapp.core.store import KeyRing, Store, open_store
from webapp.core.validation import check
from webapp.core.verification.daemons import DaemonPool
from webapp.core.verification.states import State
from webapp.core.verification.verifier import Verifier

pytestmark = pytest.mark.benchmark
MANY = int(os.environ.get("BENCHMARK_RENEWALS", "200"))
"""Tokens that are due at once; the goal is told for 1000."""

CHECKS = 100
"""Verifications on a quiet machine, and at least while tokens are renewed."""

APP = {"client_id": CLIENT, "client_secret": CLIENT_SECRET}


@pytest.fixture
def store(internet: Internet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store whose renewals end at the fake internet."""
    for name, value in internet.environment.items():
        monkeypatch.setenv(name, value)
    made = open_store(f"sqlite:///{tmp_path}/s.db", KeyRing.from_file(tmp_path / "seed.json", create=True))
    yield made
    made.close()


@pytest.fixture(scope="module")
def verifier() -> Iterator[Verifier]:
    pool = DaemonPool(2, environment={})
    pool.start()
    yield Verifier(pool)
    pool.stop()


def test_many_due_at_once(store: Store) -> None:
    run = secrets.token_hex(4)
    fill(store, run, MANY)
    bare = seconds(lambda: alone(f"{run}bare"))
    ours = seconds(lambda: KeepAlive(store, TokenDoor(store, by="benchmark")).once())
    all_renewed(store)
    ROWS.append(Row(f"renew {MANY} tokens due at once, {AT_ONCE} together", ours, bare, "bare requests", "s"))


def test_checks_meanwhile(store: Store, verifier: Verifier, seaweedfs: S3Server) -> None:
    checking(verifier, seaweedfs)
    quiet = sorted(checking(verifier, seaweedfs) for _ in range(CHECKS))
    fill(store, secrets.token_hex(4), MANY)
    renewing = threading.Thread(target=KeepAlive(store, TokenDoor(store, by="benchmark")).once)
    renewing.start()
    busy: list[float] = []
    while renewing.is_alive():
        busy.append(checking(verifier, seaweedfs))
    renewing.join()
    all_renewed(store)
    assert len(busy) >= CHECKS // 10
    for percent in (50, 99):
        both = percentile(sorted(busy), percent), percentile(quiet, percent)
        ROWS.append(Row(f"verify S3 while tokens are renewed, p{percent}", *both, "unchanged"))


def checking(verifier: Verifier, server: S3Server) -> float:
    """Verify the right credential once, on a daemon that is ready; return the seconds."""
    while verifier.pool.ready < 1:
        time.sleep(0.005)
    checked = check(PROVIDERS["S3"], server.values(server.full))
    began = time.perf_counter()
    assert verifier.verify(checked.provider, checked.attributes).state is State.VALID
    return time.perf_counter() - began


def seconds(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def fill(store: Store, run: str, many: int) -> None:
    """Store credentials whose tokens are all due now."""
    with store.together():
        for number in range(many):
            token = {"access_token": "good-x-0", "refresh_token": f"once-{run}ours{number}-0"}
            made = store.credentials.add(f"Box {run} {number}", "BOX", {**APP, "token": json.dumps(token)}, by="me")
            watch(store, made)
            login = store.logins.find(made.id)
            assert login
            store.logins.put(replace(login, due=datetime.now(UTC)))


def all_renewed(store: Store) -> None:
    """Fail when one is still due or was lost."""
    assert store.logins.due(datetime.now(UTC), 1) == []
    assert store.logins.broken() == []


def alone(run: str) -> None:
    """Send the same requests and keep nothing."""

    def one(number: int) -> None:
        form = {"grant_type": "refresh_token", "refresh_token": f"once-{run}{number}-0", **APP}
        requests.post("https://api.box.com/oauth2/token", data=form, timeout=30).raise_for_status()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(one, range(MANY)))

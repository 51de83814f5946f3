"""Background checks when several processes share one store: one of them does the work, and another takes over."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections import Counter
from multiprocessing.context import SpawnProcess
from pathlib import Path

import pytest
from servers.waiting import eventually

from webapp.core.store import KeyRing, Store, open_store
from webapp.core.verification import schedule
from webapp.core.verification.schedule import Reverification
from webapp.core.verification.states import Result, State

VALUES = {"provider": "AWS", "access_key_id": "a", "secret_access_key": "b"}
SPAWN = multiprocessing.get_context("spawn")


def opened(folder: Path) -> Store:
    return open_store(f"sqlite:///{folder}/s.db", KeyRing.from_file(folder / "seed.json", create=True))


def work(folder: Path, name: str, lease: float) -> None:
    """Look at what is due all the time; note each check in a file."""
    schedule.LEASE_SECONDS = lease
    store = opened(folder)

    def check(identifier: str) -> Result:
        with (folder / "checks").open("a") as file:
            file.write(f"{name} {identifier}\n")
        time.sleep(0.05)
        result = Result(State.VALID, "fine")
        store.credentials.record(identifier, result, version=1)
        return result

    own = Reverification(store, check, 3600)
    (folder / f"{name}.up").touch()
    while True:
        own.once()
        time.sleep(0.02)


def checks(folder: Path) -> list[tuple[str, str]]:
    """Return who checked what, in order."""
    file = folder / "checks"
    lines = file.read_text().splitlines() if file.exists() else []
    return [(name, identifier) for name, _, identifier in (line.partition(" ") for line in lines)]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = opened(tmp_path)
    for number in range(8):
        made.credentials.add(f"n{number}", "S3", VALUES, by="me")
    return made


def started(folder: Path, lease: float, *names: str) -> list[SpawnProcess]:
    processes = [SPAWN.Process(target=work, args=(folder, name, lease), daemon=True) for name in names]
    for process in processes:
        process.start()
    eventually(lambda: all((folder / f"{name}.up").exists() for name in names), 60)
    return processes


def test_each_is_checked_once_by_one_of_them_and_another_takes_over(store: Store, tmp_path: Path) -> None:
    processes = started(tmp_path, 1.0, "a", "b")
    eventually(lambda: len(checks(tmp_path)) >= 8, 60)
    time.sleep(0.3)
    found = checks(tmp_path)
    assert Counter(identifier for _, identifier in found).most_common(1)[0][1] == 1
    (owner,) = {name for name, _ in found}
    assert all(item.verification for item in store.credentials.search().items)
    leader = dict(zip(("a", "b"), processes, strict=True))[owner]
    os.kill(leader.pid or 0, signal.SIGKILL)
    late = store.credentials.add("late", "S3", VALUES, by="me").id
    eventually(lambda: late in {identifier for _, identifier in checks(tmp_path)}, 60)
    assert checks(tmp_path)[-1] == ({"a": "b", "b": "a"}[owner], late)
    for process in processes:
        process.kill()
        process.join()
    store.close()


def test_only_what_is_old_is_due_and_a_failure_stops_nobody(store: Store) -> None:
    seen: list[str] = []
    kept = store.credentials.search().items
    store.credentials.record(kept[0].id, Result(State.VALID, "fine"), version=1)

    def check(identifier: str) -> Result:
        seen.append(identifier)
        store.credentials.record(identifier, Result(State.UNREACHABLE, "no"), version=1)
        return Result(State.UNREACHABLE, "no")

    own = Reverification(store, check, 3600)
    assert own.once() == 7
    assert kept[0].id not in seen
    assert own.once() == 0
    store.close()

"""Killed at any moment: a backup, a restore, a rotation, and its moving of what is stored.

Each of the four is killed 200 times on SQLite and 200 times on PostgreSQL: 1,600 processes. Each process does the same
again and again, so that the kill always hits work, and is killed after a random time within the seconds that one turn
takes. After each kill the store is opened anew and looked at.
"""

from __future__ import annotations

import io
import json
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from webapp.core import backupfiles
from webapp.core.store import KeyRing, Store, open_store
from webapp.core.store.backup import Backup
from webapp.core.store.keys.rewrap import Rewrap

VALUES = {"access_key_id": "AKID", "secret_access_key": "CANARY-SECRET"}
ROUNDS = 200
"""Kills of each kind of work on each database; one takes 0.06 seconds of a processor (all 1,600: 63 s user, 37 s system)."""
COUNT = 10
KEYS = 40


def opened(database: str, folder: Path) -> Store:
    return open_store(database, KeyRing.from_file(folder / "seed.json", create=True))


def killed(database: str, folder: Path, work: Callable[[Store], None], longest: float) -> None:
    """Do something again and again in a process of its own, and kill that after a random time."""
    ready, go = os.pipe()
    child = os.fork()
    if child == 0:
        store = opened(database, folder)
        os.write(go, b"x")
        while True:
            work(store)
    os.close(go)
    os.read(ready, 1)
    os.close(ready)
    time.sleep(random.uniform(0.0, longest))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def taking(database: str, folder: Path, work: Callable[[Store], None]) -> float:
    """Return the seconds within which to kill: those that the work takes, and a little more."""
    store = opened(database, folder)
    began = time.monotonic()
    work(store)
    store.close()
    return 1.2 * (time.monotonic() - began)


@pytest.fixture
def folder(database: str, tmp_path: Path) -> Path:
    store = opened(database, tmp_path)
    with store.together():
        for number in range(COUNT):
            store.credentials.add(f"N{number}", "S3", VALUES, by="me")
    store.close()
    return tmp_path


def everything_opens(store: Store, count: int = COUNT) -> None:
    found = store.credentials.search(size=500).items
    assert len(found) == count
    assert not [one for one in found if dict(one.attributes) != VALUES]


def test_a_backup_is_whole_or_not_there(database: str, folder: Path) -> None:
    place = folder / "backups"

    def work(store: Store) -> None:
        backupfiles.save(store, place / backupfiles.file_name("killed"))

    longest = taking(database, folder, work)
    for _ in range(ROUNDS):
        killed(database, folder, work, longest)
        for path in backupfiles.kept(place)[:1]:
            with path.open("rb") as file:
                Backup(file).close()
    assert backupfiles.kept(place)
    store = opened(database, folder)
    everything_opens(store)
    assert not store.audit_log.verify().findings
    store.close()


def test_a_restore_is_whole_or_did_not_happen(database: str, folder: Path) -> None:
    store = opened(database, folder)
    file = io.BytesIO()
    store.backups.write(file)
    store.close()

    def work(store: Store) -> None:
        """Remove everything in one transaction, and restore it in another one."""
        with store.together():
            for one in store.credentials.search(size=500).items:
                store.credentials.delete(one.id, by="me")
        backup = Backup(io.BytesIO(file.getvalue()))
        store.backups.restore(backup, store.backups.plan(backup), by="me", where="test")
        backup.close()

    seen: set[int] = set()
    longest = taking(database, folder, work)
    for _ in range(ROUNDS):
        killed(database, folder, work, longest)
        reader = opened(database, folder)
        count = reader.credentials.count()
        assert count in {0, COUNT}
        seen.add(count)
        everything_opens(reader, count)
        reader.close()
    assert seen == {0, COUNT}


def test_a_rotation_loses_nothing(database: str, folder: Path) -> None:
    def work(store: Store) -> None:
        store.keys.rotate(by="me")

    longest = taking(database, folder, work)
    for _ in range(ROUNDS):
        killed(database, folder, work, longest)
        reader = opened(database, folder)
        assert reader.locked is None
        assert dict(reader.credentials.find("N0").attributes) == VALUES
        reader.close()
        trim(database, folder)
    store = opened(database, folder)
    everything_opens(store)
    assert not store.audit_log.verify().findings
    store.close()


def trim(database: str, folder: Path) -> None:
    """Retire what is not needed: hundreds of keys would make the test slow, not better."""
    if len(json.loads((folder / "seed.json").read_text())["keys"]) < KEYS:
        return
    store = opened(database, folder)
    store._database.execute_sql("DELETE FROM lease")
    store.keys.rewrap()
    store.keys._rows.update(replaced="2020-01-01T00:00:00.000000").where(store.keys._rows.replaced != "").execute()
    for key in store.keys.list():
        if key.retirable:
            store.keys.retire(key.id, by="me")
    store.close()


def test_moving_loses_nothing_and_goes_on(database: str, folder: Path) -> None:
    store = opened(database, folder)
    keys = [store.keys.rotate(by="me"), store.keys.rotate(by="me")]
    store.close()

    def work(store: Store) -> None:
        """Move to and fro between two keys, in small batches."""
        ring = store.keys.ring
        for key in keys:
            ring._primary = key
            for _step in Rewrap(store._database, store._envelope).steps(3):
                pass

    longest = taking(database, folder, work)
    for _ in range(ROUNDS):
        killed(database, folder, work, longest)
        reader = opened(database, folder)
        everything_opens(reader)
        reader.close()
    store = opened(database, folder)
    store.keys.rewrap()
    assert {key.id for key in store.keys.list() if key.uses} == {store.keys.ring.primary_id}
    store.close()

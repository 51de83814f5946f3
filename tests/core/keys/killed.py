"""Kills processes that back up, restore, rotate or move, many times, and looks each time at what is stored.

`python killed.py WORK DATABASE FOLDER ROUNDS` ends with 0 when all was right. A process that has loaded little forks
quickly, so that most of a round is the work that is killed. Each child does the same again and again, so that the kill
always hits work, and is killed after a random time within the seconds that one turn takes. After each kill the store is
opened anew and looked at.
"""

from __future__ import annotations

import gc
import io
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from webapp.core import backupfiles
from webapp.core.store import KeyRing, Store, open_store
from webapp.core.store.backup import Backup
from webapp.core.store.keys.rewrap import Rewrap

VALUES = {"access_key_id": "AKID", "secret_access_key": "CANARY-SECRET"}
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
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, "it ended by itself: nothing was killed"


def taking(database: str, folder: Path, work: Callable[[Store], None]) -> float:
    """Return the seconds within which to kill: those that the work takes, and a little more."""
    store = opened(database, folder)
    began = time.monotonic()
    work(store)
    store.close()
    return 1.2 * (time.monotonic() - began)


def fill(database: str, folder: Path) -> None:
    store = opened(database, folder)
    with store.together():
        for number in range(COUNT):
            store.credentials.add(f"N{number}", "S3", VALUES, by="me")
    store.close()


def everything_opens(store: Store, count: int = COUNT) -> None:
    found = store.credentials.search(size=500).items
    assert len(found) == count
    assert not [one for one in found if dict(one.attributes) != VALUES]


def backing_up(database: str, folder: Path, rounds: int) -> None:
    place = folder / "backups"

    def work(store: Store) -> None:
        backupfiles.save(store, place / backupfiles.file_name("killed"))

    longest = taking(database, folder, work)
    for _ in range(rounds):
        killed(database, folder, work, longest)
        for path in backupfiles.kept(place)[:1]:
            with path.open("rb") as file:
                Backup(file).close()
    assert backupfiles.kept(place)
    store = opened(database, folder)
    everything_opens(store)
    assert not store.audit_log.verify().findings
    store.close()


def restoring(database: str, folder: Path, rounds: int) -> None:
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
    for _ in range(rounds):
        killed(database, folder, work, longest)
        reader = opened(database, folder)
        count = reader.credentials.count()
        assert count in {0, COUNT}
        seen.add(count)
        everything_opens(reader, count)
        reader.close()
    assert seen == {0, COUNT}


def rotating(database: str, folder: Path, rounds: int) -> None:
    def work(store: Store) -> None:
        store.keys.rotate(by="me")

    longest = taking(database, folder, work)
    for _ in range(rounds):
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


def moving(database: str, folder: Path, rounds: int) -> None:
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
    for _ in range(rounds):
        killed(database, folder, work, longest)
        reader = opened(database, folder)
        everything_opens(reader)
        reader.close()
    store = opened(database, folder)
    store.keys.rewrap()
    assert {key.id for key in store.keys.list() if key.uses} == {store.keys.ring.primary_id}
    store.close()


WORK: Mapping[str, Callable[[str, Path, int], None]] = {
    "a backup": backing_up,
    "a restore": restoring,
    "a rotation": rotating,
    "moving": moving,
}


def main() -> None:
    work, database, folder, rounds = sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])
    fill(database, folder)
    gc.freeze()  # children would copy all of it to find that none of it is garbage
    WORK[work](database, folder, rounds)


if __name__ == "__main__":
    main()

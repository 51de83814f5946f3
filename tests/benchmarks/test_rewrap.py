"""Moving everything to a new key, beside the bare AES-GCM operations and one transaction; saving and verifying meanwhile.

`BACKUP_CREDENTIALS_BENCHMARK_RECORDS=100000 python -m pytest -m benchmark -s tests/benchmarks/test_rewrap.py` does it
with as many records as the goal speaks of; by default they are fewer.
"""

from __future__ import annotations

import os
import select
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from benchmarks.table import ROWS, Row, percentile
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from servers.kinds.s3 import S3Server

from webapp.core.providers import PROVIDERS
from webapp.core.store import KeyRing, Store, open_store
from webapp.core.store.storage import PRAGMAS
from webapp.core.validation import check
from webapp.core.verification.daemons import DaemonPool
from webapp.core.verification.states import State
from webapp.core.verification.verifier import Verifier

pytestmark = pytest.mark.benchmark
COUNT = int(os.environ.get("BACKUP_CREDENTIALS_BENCHMARK_RECORDS", "20000"))
VALUES = {
    "provider": "AWS",
    "access_key_id": "AKIDMADEUP",
    "secret_access_key": "made-up-for-this",
    "region": "eu-central-1",
}
BOUND = b'["v1", "credential", "00000000-0000-0000-0000-000000000000", "attributes", 1]'
MOVE = """
import sys
from pathlib import Path
from webapp.core.store import KeyRing, open_store
store = open_store(f"sqlite:///{sys.argv[1]}/store.db", KeyRing.from_file(Path(sys.argv[1]) / "seed", create=False))
print("ready", flush=True)
while sys.stdin.readline():
    store.keys.rotate(by="benchmark")
    store.keys.rewrap(pause=float(sys.argv[2]))
    print("moved", flush=True)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with so many credentials."""
    made = tmp_path_factory.mktemp("rewrap")
    store = opened(made)
    for begin in range(0, COUNT, 1000):
        store.credentials.add_all(
            [(f"Credential {begin + number}", "S3", VALUES) for number in range(min(1000, COUNT - begin))], by="me"
        )
    store.close()
    return made


def opened(folder: Path) -> Store:
    return open_store(f"sqlite:///{folder}/store.db", KeyRing.from_file(folder / "seed", create=True))


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def bare(folder: Path, rows: list[tuple[str, str]]) -> float:
    """Unwrap and wrap as many data keys, and write as many values in one transaction of the same durability."""
    old, new = AESGCM(os.urandom(32)), AESGCM(os.urandom(32))
    wrapped = [(nonce, old.encrypt(nonce, os.urandom(32), BOUND)) for nonce in (os.urandom(12) for _ in rows)]
    plain = sqlite3.connect(folder / "bare.db", isolation_level=None)
    plain.executescript("".join(f"PRAGMA {name}={value};" for name, value in PRAGMAS.items()))
    plain.execute("CREATE TABLE bare (id TEXT PRIMARY KEY, sealed TEXT)")
    plain.execute("BEGIN IMMEDIATE")
    plain.executemany("INSERT INTO bare VALUES (?, ?)", rows)
    plain.execute("COMMIT")

    changed = [(sealed[::-1], key) for key, sealed in rows]  # SQLite would write nothing over the same value

    def work() -> None:
        for nonce, data in wrapped:
            fresh = os.urandom(12)
            new.encrypt(fresh, old.decrypt(nonce, data, BOUND), BOUND)
        plain.execute("BEGIN IMMEDIATE")
        plain.executemany("UPDATE bare SET sealed = ? WHERE id = ?", changed)
        plain.execute("COMMIT")

    took = seconds(work)
    plain.close()
    return took


def test_moving_beside_the_bare_operations(folder: Path) -> None:
    store = opened(folder)
    rows = [(row.id, row.sealed) for row in store.credentials._rows.select()]
    beside = bare(folder, rows)
    store.keys.rotate(by="me")
    ours = seconds(store.keys.rewrap)
    ROWS.append(Row(f"rewrap of {COUNT:,} records beside bare AES-GCM and one transaction", ours, beside, "≤ 3 times"))
    assert store.keys.pending() == 0
    store.close()


class Mover:
    """Another process that moves everything to a new key, again and again."""

    def __init__(self, folder: Path, pause: float) -> None:
        command = [sys.executable, "-c", MOVE, str(folder), str(pause)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        self._output = self._process.stdout
        self._line()

    def _line(self) -> str:
        return self._output.readline()

    def _moves(self) -> bool:
        return not select.select([self._output], [], [], 0)[0]

    def while_it_moves(self, call: Callable[[], object], count: int) -> list[float]:
        """Return the seconds of each call, the shortest first; all of them begin while a move is under way."""
        found: list[float] = []
        while len(found) < count:
            self._begin()
            while self._moves() and len(found) < count:
                found.append(seconds(call))
                time.sleep(0.005)
            self._line()
        return sorted(found)

    def _begin(self) -> None:
        assert self._process.stdin
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def stop(self) -> None:
        self._process.communicate()


@pytest.fixture(params=[0.02, 0.0], ids=["in the background", "by rotate-key"])
def mover(request: pytest.FixtureRequest, folder: Path) -> Iterator[Mover]:
    made = Mover(folder, request.param)
    yield made
    made.stop()


def name_of(request: pytest.FixtureRequest) -> str:
    return str(request.node.callspec.id)


def test_saving_meanwhile(folder: Path, mover: Mover, request: pytest.FixtureRequest) -> None:
    store = opened(folder)

    def save() -> None:
        store.credentials.add(f"Meanwhile {uuid.uuid4()}", "S3", VALUES, by="me")

    alone = sorted(seconds(save) for _ in range(100))
    busy = mover.while_it_moves(save, 100)
    for percent in (50, 95):
        what = f"save while everything is moved {name_of(request)} beside alone, p{percent}"
        ROWS.append(Row(what, percentile(busy, percent), percentile(alone, percent), "told"))
    store.close()


def test_verifying_meanwhile(folder: Path, mover: Mover, seaweedfs: S3Server, request: pytest.FixtureRequest) -> None:
    pool = DaemonPool(4, environment={})
    pool.start()
    verifier, store = Verifier(pool), opened(folder)
    checked = check(PROVIDERS["S3"], seaweedfs.values(seaweedfs.full))
    made = store.credentials.add(f"Verified {uuid.uuid4()}", "S3", checked.attributes, by="me")

    def verify() -> None:
        result = verifier.verify(checked.provider, store.credentials.get(made.id).attributes)
        assert result.state is State.VALID
        store.credentials.record(made.id, result, version=1)

    verify()
    alone = sorted(seconds(verify) for _ in range(50))
    busy = mover.while_it_moves(verify, 50)
    for percent in (50, 95):
        what = f"verify while everything is moved {name_of(request)} beside alone, p{percent}"
        ROWS.append(Row(what, percentile(busy, percent), percentile(alone, percent), "told"))
    store.close()
    pool.stop()

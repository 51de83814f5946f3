"""What the mirror takes of the processor, beside the bare client's rate that the operator has to reach.

`python -m pytest -m benchmark -s tests/benchmarks/test_mirror.py` prints the table. Processor seconds are counted, not
seconds of the clock: the mirror works in a thread of the operator, and what it takes is what others do not get.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from webapp.core.cluster.mirror import Mirror
from webapp.core.store import KeyRing, open_store
from webapp.core.store.cluster import ClusterCredential, Output

pytestmark = pytest.mark.benchmark

COUNT = 1_000
FLUSH = 50
"""Resources in one batch, as they come at 100 a second with two batches a second."""


def resources(word: str) -> list[ClusterCredential]:
    values = {"access_key_id": "AKIA", "secret_access_key": word * 8, "endpoint": "https://s3.example.com"}
    outputs = (Output("a", "restic"), Output("b", "rclone"))
    return [
        ClusterCredential("ns", f"n{number}", "S3", ready="True", reason="Synced", outputs=outputs, attributes=values)
        for number in range(COUNT)
    ]


def processor(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def given(mirror: Mirror, found: list[ClusterCredential]) -> int:
    written = 0
    for begin in range(0, len(found), FLUSH):
        for one in found[begin : begin + FLUSH]:
            mirror.put(one)
        written += mirror.flush()
    return written


def bare(path: Path, found: list[ClusterCredential]) -> None:
    """Write rows of the same size in as many transactions, without a digest and in the clear."""
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode=wal")
    database.execute("CREATE TABLE bare (id TEXT PRIMARY KEY, value TEXT)")
    for begin in range(0, len(found), FLUSH):
        rows = [(one.id, "x" * 900) for one in found[begin : begin + FLUSH]]
        with database:
            database.executemany("INSERT INTO bare VALUES (?, ?)", rows)
    database.close()


def test_mirroring(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/store.db", KeyRing.from_file(tmp_path / "seed.json", create=True))
    mirror = Mirror(store)
    rows = {
        "rows of the same size, bare": processor(lambda: bare(tmp_path / "bare.db", resources("one"))),
        "new resources": processor(lambda: given(mirror, resources("one"))),
        "changed values": processor(lambda: given(mirror, resources("two"))),
        "unchanged": processor(lambda: given(mirror, resources("two"))),
        "unchanged after a restart": processor(lambda: given(Mirror(store), resources("two"))),
    }
    store.close()
    print()  # noqa: T201  the table is what a benchmark is for
    for name, seconds in rows.items():
        share = seconds / COUNT * 100  # at 100 resources a second, in percent of one processor
        print(f"{name:30} {seconds / COUNT * 1e6:8.0f} µs each   {share * 100:5.1f} % of a processor at 100/s")  # noqa: T201

"""A verification beside `rclone lsd` as a process, on the same server."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from benchmarks.table import ROWS, Row, percentile, times
from servers.kinds.s3 import S3Server

from webapp.core.providers import PROVIDERS
from webapp.core.rclone.metadata import binary
from webapp.core.validation import check
from webapp.core.verification.daemons import DaemonPool
from webapp.core.verification.states import State
from webapp.core.verification.verifier import Verifier

pytestmark = pytest.mark.benchmark
MANY = 200


@pytest.fixture(scope="module")
def verifier() -> Iterator[Verifier]:
    pool = DaemonPool(4, environment={})
    pool.start()
    yield Verifier(pool)
    pool.stop()


def filled(verifier: Verifier) -> None:
    """Wait until the pool is warm."""
    while verifier.pool.ready < verifier.pool.size:
        time.sleep(0.01)


def checking(verifier: Verifier, server: S3Server) -> None:
    """Verify the right credential once."""
    checked = check(PROVIDERS["S3"], server.values(server.full))
    assert verifier.verify(checked.provider, checked.attributes).state is State.VALID


def lsd(server: S3Server) -> None:
    """Ask the same by a process of its own."""
    options = {"type": "s3", **server.values(server.full)}
    environment = {f"RCLONE_CONFIG_X_{name.upper()}": str(value) for name, value in options.items()}
    subprocess.run([str(binary()), "--config", "", "lsd", "x:"], env=environment, check=True, capture_output=True)


def test_one_verification_while_the_pool_is_warm(verifier: Verifier, seaweedfs: S3Server) -> None:
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(40):
        for kept, call in zip(found, (lambda: checking(verifier, seaweedfs), lambda: lsd(seaweedfs)), strict=True):
            filled(verifier)
            kept.extend(times(call, 1, warm=0))
    ours, process = (percentile(sorted(each), 50) for each in found)
    ROWS.append(Row("verify S3, p50", ours, process, "≥ 15 times less"))


def test_eight_at_a_time(verifier: Verifier, seaweedfs: S3Server) -> None:
    filled(verifier)
    ours = times(lambda: checking(verifier, seaweedfs), 48, at_once=8)
    process = times(lambda: lsd(seaweedfs), 48, at_once=8)
    ROWS.append(Row("verify S3, 8 at a time, p99", percentile(ours, 99), percentile(process, 99), "told"))


def test_two_hundred_in_a_row(verifier: Verifier, seaweedfs: S3Server) -> None:
    filled(verifier)
    took: list[float] = []
    for call, threads in ((lambda: checking(verifier, seaweedfs), 1), (lambda: lsd(seaweedfs), 2)):
        began = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda _: call(), range(MANY)))  # noqa: B023  done before the next
        took.append(time.perf_counter() - began)
    ROWS.append(Row(f"verify {MANY} in a row; {MANY} processes two at a time", *took, "≤ 1 times"))

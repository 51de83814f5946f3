"""The table that a run of the benchmarks ends with."""

from __future__ import annotations

import gc
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """Two things measured in one run: what it is, ours, the other, what their ratio should be."""

    what: str
    ours: float
    other: float
    aim: str
    unit: str = "ms"

    def __str__(self) -> str:
        ratio = self.ours / self.other
        shown = f"{1 / ratio:.1f} times less" if ratio < 1 else f"{ratio:.1f} times"
        return f"| {self.what} | {self._shown(self.ours)} | {self._shown(self.other)} | {shown} | {self.aim} |"

    def _shown(self, value: float) -> str:
        scaled = value * 1000 if self.unit == "ms" else value
        return f"{scaled:.{0 if scaled >= 100 else 1 if scaled >= 10 else 2}f} {self.unit}"


ROWS: list[Row] = []
HEAD = "| What | Ours | Beside it | Ratio | Aim |\n|---|---|---|---|---|"


def table() -> str:
    """Return all rows in Markdown."""
    return "\n".join((HEAD, *map(str, ROWS)))


def times(call: Callable[[], object], count: int, *, at_once: int = 1, warm: int = 2) -> list[float]:
    """Return the seconds that each call took, the shortest first.

    Args:
        call: What is measured.
        count: How many calls.
        at_once: How many threads call.
        warm: Calls before the first that counts.
    """
    for _ in range(warm):
        call()
    lock, found = threading.Lock(), list[float]()

    def one(_: int) -> None:
        began = time.perf_counter()
        call()
        with lock:
            found.append(time.perf_counter() - began)

    gc.collect()
    with ThreadPoolExecutor(at_once) as threads:
        list(threads.map(one, range(count)))
    return sorted(found)


def in_turns(
    ours: Callable[[], object], other: Callable[[], object], count: int, *, warm: int = 2
) -> tuple[list[float], list[float]]:
    """Return the seconds of two calls made in turns, so that a busy machine slows both; the shortest first."""
    found: tuple[list[float], list[float]] = ([], [])
    gc.collect()
    for _ in range(warm + count):
        for kept, call in zip(found, (ours, other), strict=True):
            began = time.perf_counter()
            call()
            kept.append(time.perf_counter() - began)
    return sorted(found[0][warm:]), sorted(found[1][warm:])


def percentile(found: list[float], percent: float) -> float:
    """Return the value that so many percent do not exceed."""
    return found[min(len(found) - 1, int(len(found) * percent / 100))]


median = statistics.median

"""Collects garbage when there is time for it, so that no new resource waits for it.

Python's full collection looks at every object that lives: with 5,000 resources 80 to 150 ms, in which the process does
nothing else. Here it is done while nothing waits, or after a minute at the latest, and what outlived it is set aside
(`gc.freeze`): the next one looks only at what came since. Now and then all is looked at.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import Callable

SWITCH_SECONDS = 0.0005
"""How long a thread that writes the mirror or prepares a verification may keep the event loop waiting; Python's own
5 ms are as long as a whole sync."""

LOOK_SECONDS = 2.0
LATEST_SECONDS = 60.0
WHOLE_SECONDS = 600.0
YOUNG = (2000, 20, 1_000_000)
"""New objects until the youngest are looked at, how often until the next older ones are, and never the oldest by itself
(`gc.set_threshold`)."""


class Garbage:
    """Collects beside the work.

    Args:
        idle: Tells whether nothing waits.
    """

    def __init__(self, idle: Callable[[], bool]) -> None:
        self._idle = idle
        self._last = self._whole = time.monotonic()

    async def run(self) -> None:
        """Collect until cancelled; set Python right for it first."""
        sys.setswitchinterval(SWITCH_SECONDS)
        gc.set_threshold(*YOUNG)
        gc.freeze()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._idle() or time.monotonic() - self._last > LATEST_SECONDS:
                self._collect()

    def _collect(self) -> None:
        now = time.monotonic()
        if self._idle() and now - self._whole > WHOLE_SECONDS:
            gc.unfreeze()
            self._whole = now
        gc.collect()
        gc.freeze()
        self._last = time.monotonic()

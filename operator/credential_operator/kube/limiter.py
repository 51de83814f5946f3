"""A token bucket: how many writes a second the API server gets from us."""

from __future__ import annotations

import asyncio
import time


class Bucket:
    """Gives out permissions to write.

    Args:
        rate: Writes a second in the long run.
        burst: Writes that may come at once.
    """

    def __init__(self, rate: float, burst: int) -> None:
        self._rate, self._burst = rate, float(burst)
        self._left, self._at = float(burst), time.monotonic()

    async def take(self) -> None:
        """Wait until one more write is allowed. Those who wait go in the order in which they came."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate) - 1
        self._at = now
        if self._left < 0:
            pause = -self._left / self._rate
            await asyncio.sleep(pause)

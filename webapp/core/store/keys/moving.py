"""Moves everything to the primary key: one process at a time, to the end, from wherever it stands."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from peewee import Database

from webapp.core.store.envelope import Envelope
from webapp.core.store.keys.rewrap import Rewrap
from webapp.core.store.locks import Locks

LEASE = "rewrap"
LEASE_SECONDS = 30.0
LOOK = 0.2
"""Seconds until the next look while another process moves."""

Progress = Callable[[int, int], None]
Stop = Callable[[], bool]


class Moving:
    """One run.

    Args:
        database: Is written.
        envelope: Has the keys.
        locks: Let one process move at a time.
        pending: Counts the values that are still to be moved.
        leads: Tells whether the primary key here is the newest one.
    """

    def __init__(
        self,
        database: Database,
        envelope: Envelope,
        locks: Locks,
        pending: Callable[[], int],
        leads: Callable[[], bool],
    ) -> None:
        self._database, self._envelope, self._locks = database, envelope, locks
        self._pending, self._leads = pending, leads
        self._owner, self._held = secrets.token_hex(8), 0.0

    def run(self, progress: Progress, pause: float, stop: Stop, batch: int) -> int:
        """Move until nothing is left that can be moved; return how many values that were."""
        total = left = self._pending()
        moved = 0
        while left and not stop() and self._leads():
            progress(total - left, total)
            before = left
            if self._hold():
                moved += self._pass(total, progress, pause, stop, batch)
                self._locks.release(LEASE, self._owner)
                left = self._pending()
                if left >= before:  # the rest is damaged
                    break
            else:
                time.sleep(LOOK)
                left = self._pending()
        progress(total - left, total)
        return moved

    def _pass(self, total: int, progress: Progress, pause: float, stop: Stop, batch: int) -> int:
        moved = 0
        for count in Rewrap(self._database, self._envelope).steps(batch):
            moved += count
            progress(min(moved, total), total)
            if stop() or not self._still_held():
                break
            if pause:
                time.sleep(pause)
        return moved

    def _hold(self) -> bool:
        self._held = time.monotonic()
        return self._locks.try_hold(LEASE, self._owner, LEASE_SECONDS)

    def _still_held(self) -> bool:
        """Prolong the lock in time."""
        return time.monotonic() - self._held < LEASE_SECONDS / 3 or self._hold()

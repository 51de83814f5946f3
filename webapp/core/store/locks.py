"""Locks that hold between threads, processes and replicas: rows with an owner and an end."""

from __future__ import annotations

import secrets
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from webapp.core.errors import TransientError
from webapp.core.store.models import Tables

POLL = 0.05


class Locks:
    """Gives locks by name. One that is not given back, because its process died, ends by itself."""

    def __init__(self, tables: Tables) -> None:
        self._database = tables.database
        self._rows: Any = tables.lease

    @contextmanager
    def hold(self, name: str, seconds: float, *, wait: float = 30.0) -> Generator[None]:
        """Hold a lock for at most `seconds`; waits up to `wait` seconds for it.

        Raises:
            TransientError: Someone else has held it all the time.
        """
        owner = secrets.token_hex(16)
        until = time.monotonic() + wait
        while not self._take(name, owner, seconds):
            if time.monotonic() > until:
                raise TransientError("Someone else is busy with this. Try again in a moment.")
            time.sleep(POLL)
        try:
            yield
        finally:
            self._rows.delete().where(self._rows.id == name, self._rows.owner == owner).execute()

    def try_hold(self, name: str, owner: str, seconds: float) -> bool:
        """Take or prolong a lock without waiting; tells whether `owner` holds it now."""
        return self._take(name, owner, seconds)

    def release(self, name: str, owner: str) -> None:
        """Give a lock back."""
        self._rows.delete().where(self._rows.id == name, self._rows.owner == owner).execute()

    def _take(self, name: str, owner: str, seconds: float) -> bool:
        at = time.time()
        rows = self._rows
        with self._database.atomic():
            rows.insert(id=name, owner=owner, until=at + seconds).on_conflict(
                conflict_target=[rows.id],
                update={rows.owner: owner, rows.until: at + seconds},
                where=(rows.until < at) | (rows.owner == owner),
            ).execute()
        row = rows.get_or_none(rows.id == name)
        return row is not None and row.owner == owner

"""What the app does beside the pages: moves values to a new key, backs up on schedule, clears away old audit entries."""

from __future__ import annotations

import logging
import random
import secrets
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from webapp.core import backupfiles
from webapp.core.errors import CredentialError
from webapp.core.store import Store
from webapp.core.store.audit import Action
from webapp.core.store.models import moment, now, stamp

LEASE = "upkeep"
LEASE_SECONDS = 300.0
PAUSE = 20.0
"""Seconds between two looks."""
AGAIN = 600.0
"""Seconds until what failed is tried again, unless somebody wakes the thread: each try that fails stands in the audit."""
SCHEDULED, CLEARED = "scheduled-backup", "audit-cleared"
"""Under these names stands when it was done last."""
LOG = logging.getLogger(__name__)


class Upkeep:
    """A thread that looks after the store.

    Args:
        store: Is looked after; its lock keeps a second process from doing the same.
        folder: Where scheduled backups go.
        hours: Between two of them; 0 for none.
        keep: How many of them are kept.
        audit_days: How long entries of the audit are kept; 0 for ever.
    """

    def __init__(self, store: Store, folder: Path, hours: float, keep: int, audit_days: float) -> None:
        self._store, self._folder, self._hours, self._keep, self._audit_days = store, folder, hours, keep, audit_days
        self._owner = secrets.token_hex(8)
        self._failed: dict[str, float] = {}
        self._ended = threading.Event()
        self._wanted = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Look now instead of at the next time, also at what failed."""
        self._failed.clear()
        self._wanted.set()

    def stop(self) -> None:
        """End after the batch that runs."""
        self._ended.set()
        self._wanted.set()
        self._thread.join()
        self._store.locks.release(LEASE, self._owner)
        self._store.release()

    def _run(self) -> None:
        while not self._ended.is_set():
            self._wanted.wait(PAUSE * random.uniform(0.5, 1.0))  # noqa: S311  no secret
            self._wanted.clear()
            if not self._ended.is_set():
                self.once()

    def once(self) -> None:
        """Do what is due; what fails is logged, noted and tried again after a while."""
        tasks = {
            "version": self._store.look_for_newer,
            "rotation": self._rotation,
            "backup": self._locked(self._backup),
            "audit": self._locked(self._audit),
        }
        for name, task in tasks.items():
            if time.monotonic() - self._failed.get(name, -AGAIN) >= AGAIN:
                self._try(name, task)

    def _try(self, name: str, task: Callable[[], None]) -> None:
        try:
            task()
            self._failed.pop(name, None)
        except Exception as error:  # noqa: BLE001  it is tried again; the text may hold a value
            known = isinstance(error, CredentialError)
            LOG.log(
                logging.WARNING if known else logging.ERROR,
                "upkeep: %s",
                error.message if known else type(error).__name__,
            )
            self._failed[name] = time.monotonic()
            self._store.audit.failed(Action.FAILURE, error, name=f"upkeep: {name}")
        finally:
            self._store.release()

    def _locked(self, task: Callable[[], None]) -> Callable[[], None]:
        """Do a task in one process at a time only."""

        def go() -> None:
            if self._store.locks.try_hold(LEASE, self._owner, LEASE_SECONDS):
                task()

        return go

    def _rotation(self) -> None:
        self._store.keys.tend(stop=self._ended.is_set)

    def _backup(self) -> None:
        if self._hours and self._due(SCHEDULED, self._hours):
            backupfiles.save(self._store, self._folder / backupfiles.file_name(backupfiles.SCHEDULED))
            self._store.values.put(SCHEDULED, stamp(now()))
            backupfiles.clear(self._folder, backupfiles.SCHEDULED, self._keep)

    def _audit(self) -> None:
        if self._audit_days and self._due(CLEARED, 24):
            self._store.audit_log.clear(self._audit_days)
            self._store.values.put(CLEARED, stamp(now()))

    def _due(self, key: str, hours: float) -> bool:
        last = self._store.values.get(key)
        return last is None or now() - moment(last) > timedelta(hours=hours)

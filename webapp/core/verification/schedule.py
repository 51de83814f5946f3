"""Verifies stored credentials and tests stored connections again and again in the background."""

from __future__ import annotations

import logging
import random
import secrets
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from webapp.core.background.surviving import survived
from webapp.core.errors import CredentialError
from webapp.core.store import Store
from webapp.core.store.models import now
from webapp.core.verification.states import Result

LEASE = "reverification"
LEASE_SECONDS = 300.0
BATCH = 20
JITTER = 0.1
AGAIN = 3600.0
"""Seconds until what could not be looked into, as it is damaged, is tried again."""
LOG = logging.getLogger(__name__)


class Due(Protocol):
    """Records that are checked again and again."""

    def due(self, *, older_than: datetime, limit: int) -> list[str]:
        """Return ids of what was last checked before that time, the oldest first."""
        ...


class Reverification:
    """A thread that verifies what was last verified too long ago.

    Args:
        store: Where the credentials are; its lock keeps a second process from doing the same.
        verify: Verifies one stored credential by id and records the result.
        interval: Seconds between two checks of one credential.
        pause: Seconds between two looks at what is due.
        records: Says what is due: the credentials, or the connections.
        lease: Name of the lock.
    """

    def __init__(
        self,
        store: Store,
        verify: Callable[[str], Result],
        interval: float,
        *,
        pause: float = 60.0,
        records: Due | None = None,
        lease: str = LEASE,
    ) -> None:
        self._store, self._verify, self._interval, self._pause = store, verify, interval, pause
        self._records: Due = records or store.credentials
        self._lease = lease
        self._owner = secrets.token_hex(8)
        self._failed = dict[str, float]()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reverification", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the check that runs, and give the lock back."""
        self._ended.set()
        self._thread.join()
        self._store.locks.release(self._lease, self._owner)
        self._store.release()

    def _run(self) -> None:
        # The first look comes after a random part of the pause, so that replicas do not all look at once.
        while not self._ended.wait(self._pause * random.uniform(0.5, 1.0)):  # noqa: S311  no secret
            with survived(self._store, LOG, "credentials could not be verified"):
                self.once()

    def once(self) -> int:
        """Verify what is due, if this process has the lock; return how many were verified."""
        if self._store.locked or not self._store.locks.try_hold(self._lease, self._owner, LEASE_SECONDS):
            return 0
        age = self._interval * random.uniform(1 - JITTER, 1)  # noqa: S311  no secret
        return sum(self._one(identifier) for identifier in self._due(now() - timedelta(seconds=age)))

    def _due(self, older_than: datetime) -> list[str]:
        """Return what is due; what could not be looked into keeps its old date and must not stand before the others."""
        since = time.monotonic() - AGAIN
        self._failed = {identifier: at for identifier, at in self._failed.items() if at > since}
        due = self._records.due(older_than=older_than, limit=BATCH + len(self._failed))
        return [identifier for identifier in due if identifier not in self._failed][:BATCH]

    def _one(self, identifier: str) -> bool:
        if self._ended.is_set():
            return False
        try:
            self._verify(identifier)
        except CredentialError as error:
            LOG.warning("%s could not be verified: %s", identifier, error.message)
            self._failed[identifier] = time.monotonic()
            return False
        self._store.locks.try_hold(self._lease, self._owner, LEASE_SECONDS)
        return True

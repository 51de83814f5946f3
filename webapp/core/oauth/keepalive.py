"""Renews tokens in the background, so that a log-in that nobody uses does not end."""

from __future__ import annotations

import logging
import random
import secrets
import threading
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from webapp.core.background.surviving import survived
from webapp.core.errors import CredentialError
from webapp.core.oauth.records import watch
from webapp.core.oauth.refresh import TokenDoor
from webapp.core.oauth.vendors import VENDORS
from webapp.core.store import Store

LEASE = "keep-alive"
LEASE_SECONDS = 120.0
AT_ONCE = 2
"""Renewals at the same time: they come days before a token's end, so nobody waits for them, while more of them would
be felt by those who wait for a check (`tests/benchmarks/test_renewals.py`)."""

BATCH = 10
"""Renewals between two looks at the lock: all of them together end before it does, however slow the vendors are."""

NEW = 100
"""Credentials that are met at once."""

FIRST = 2.0
"""Seconds after the start until the first look, at most: much may have become due while nothing ran."""

LOG = logging.getLogger(__name__)


class KeepAlive:
    """A thread that renews what is due.

    Args:
        store: Where the credentials are; its lock keeps a second process from doing the same.
        door: Renews one token.
        pause: Seconds between two looks at what is due.
    """

    def __init__(self, store: Store, door: TokenDoor, *, pause: float = 60.0) -> None:
        self._store, self._door, self._pause = store, door, pause
        self._owner = secrets.token_hex(8)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keep-alive", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the renewals that run."""
        self._ended.set()
        self._thread.join()
        self._store.release()

    def _run(self) -> None:
        pause = min(FIRST, self._pause)
        while not self._ended.wait(pause * random.uniform(0.5, 1.0)):  # noqa: S311  no secret
            pause = self._pause
            with survived(self._store, LOG, "tokens could not be renewed"):
                self.once()

    def once(self) -> int:
        """Renew what is due, if no other process is at it; return how many were renewed."""
        if self._store.locked or not self._mine():
            return 0
        try:
            return self._all_due()
        finally:  # at once, so that after a sudden end of this process another one need not wait
            self._store.locks.release(LEASE, self._owner)

    def _all_due(self) -> int:
        self._meet_new()
        done, tried = 0, set[str]()
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="renewal") as threads:
            while not self._ended.is_set() and self._mine() and (due := self._due(tried)):
                tried.update(due)
                done += sum(threads.map(self._one, due))
        return done

    def _due(self, tried: Collection[str]) -> list[str]:
        """Return the next that are due; one that could not even be marked as failed is tried once in a round."""
        due = self._store.logins.due(datetime.now(UTC), BATCH + len(tried))
        return [identifier for identifier in due if identifier not in tried][:BATCH]

    def _mine(self) -> bool:
        return self._store.locks.try_hold(LEASE, self._owner, LEASE_SECONDS)

    def _meet_new(self) -> None:
        """Take up credentials that came from an import or were made before."""
        for identifier in self._store.logins.missing(VENDORS, NEW):
            credential = self._store.credentials.get(identifier)
            if not credential.damaged:
                watch(self._store, credential)

    def _one(self, identifier: str) -> bool:
        try:
            if self._ended.is_set():
                return False
            self._door.renew_now(identifier)
        except CredentialError as error:
            LOG.warning("the token of credential %s could not be renewed: %s", identifier, error.message)
            return False
        finally:
            self._store.release()
        return True

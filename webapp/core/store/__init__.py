"""The encrypted store: the only place that knows the database.

`open_store` gives one; everything else hangs on it.
"""

from __future__ import annotations

from webapp.core.store import drivers  # noqa: F401  # pyright: ignore[reportUnusedImport]  before all of Peewee
from webapp.core.store.access.accounts import Account, ThrottledError
from webapp.core.store.access.sessions import Session
from webapp.core.store.credentials import Credential, Verification
from webapp.core.store.faults import (
    ChangedError,
    DamagedError,
    EntryChangedError,
    LockedError,
    SeedError,
    StaleError,
    fault_of,
)
from webapp.core.store.keyring import KeyRing
from webapp.core.store.paging import Page
from webapp.core.store.ssh import Connection, Keypair
from webapp.core.store.storage import LockedReason, Store, open_store

__all__ = [
    "Account",
    "ChangedError",
    "Connection",
    "Credential",
    "DamagedError",
    "EntryChangedError",
    "KeyRing",
    "Keypair",
    "LockedError",
    "LockedReason",
    "Page",
    "SeedError",
    "Session",
    "StaleError",
    "Store",
    "ThrottledError",
    "Verification",
    "fault_of",
    "open_store",
]

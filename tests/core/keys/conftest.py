"""The stores of the tests of the store."""

from __future__ import annotations

from core.store.conftest import database, reopen, store

__all__ = ["database", "reopen", "store"]

"""Threads that work in the background go on whatever happens: one that died would be missed by nobody."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager

from webapp.core.errors import CredentialError
from webapp.core.store import Store, fault_of


@contextmanager
def survived(store: Store, log: logging.Logger, what: str) -> Generator[None]:
    """Do one round of work; what goes wrong is logged, and the thread's connection to the store is given back.

    Args:
        store: Its connection may be broken, as after the restart of a database.
        log: Where it is logged.
        what: What was not done then, as in `tokens could not be renewed`.
    """
    try:
        try:
            yield
        finally:
            store.release()
    except CredentialError as error:
        log.warning("%s: %s", what, error.message)
    except Exception as error:  # noqa: BLE001  its text may hold a value
        fault = fault_of(error)
        log.error("%s: %s", what, fault.message if fault else type(error).__name__)  # noqa: TRY400  as above

"""What the store can refuse, each with a sentence."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from peewee import DatabaseError

from webapp.core.errors import ConflictError, PermanentError, TransientError

if TYPE_CHECKING:
    from webapp.core.store.credentials import Credential


class SeedError(PermanentError):
    """The secret seed cannot be read or is not one."""


class LockedError(PermanentError):
    """A value was asked for whose master key is missing."""


class DamagedError(PermanentError):
    """A stored value does not pass authentication: it was changed, moved or cut."""


class ChangedError(ConflictError):
    """Someone saved another version first; `current` is what is stored now."""

    def __init__(self, current: Credential) -> None:
        when = current.changed.strftime("%Y-%m-%d %H:%M UTC")
        super().__init__(f"This credential was changed by {current.changed_by} at {when}.")
        self.current = current


class EntryChangedError(ConflictError):
    """Someone saved another version of a keypair or a connection first; `current` is what is stored now."""

    def __init__(self, current: object, what: str, by: str) -> None:
        super().__init__(f"This {what} was changed by {by} meanwhile. Look at what is stored now, and save again.")
        self.current = current


@contextmanager
def in_reach() -> Generator[None]:
    """Turn what the database library raises into a sentence, for those who try again by themselves.

    Raises:
        TransientError: The database does not answer, or is busy.
    """
    try:
        yield
    except DatabaseError as error:
        raise TransientError(f"The store does not answer ({type(error).__name__}). Is its database up?") from None

"""What the store can refuse, each with a sentence."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from peewee import DatabaseError, InterfaceError, InternalError, OperationalError

from webapp.core.errors import ConflictError, PermanentError, TransientError

if TYPE_CHECKING:
    from webapp.core.store.credentials import Credential


class SeedError(PermanentError):
    """The secret seed cannot be read or is not one."""


class LockedError(PermanentError):
    """A value was asked for whose master key is missing."""


class DamagedError(PermanentError):
    """A stored value does not pass authentication: it was changed, moved or cut."""


class StaleError(ConflictError):
    """Someone saved another version first."""


class ChangedError(StaleError):
    """Someone saved another version of a credential first; `current` is what is stored now."""

    def __init__(self, current: Credential) -> None:
        when = current.changed.strftime("%Y-%m-%d %H:%M UTC")
        super().__init__(f"This credential was changed by {current.changed_by} at {when}.")
        self.current = current


class EntryChangedError(StaleError):
    """Someone saved another version of a keypair or a connection first; `current` is what is stored now."""

    def __init__(self, current: object, what: str, by: str) -> None:
        super().__init__(f"This {what} was changed by {by} meanwhile. Look at what is stored now, and save again.")
        self.current = current


SAFE = "What was saved before is safe."
CAUSES = (
    (("disk is full", "No space left"), f"The volume of the store is full. {SAFE} Free some space and try again."),
    (
        ("readonly database", "read-only", "unable to open database file"),
        f"The volume of the store cannot be written. {SAFE} Make it writable and try again.",
    ),
    (("database is locked",), "Another process writes into the store for long. Try again in a moment."),
    (("disk I/O error",), f"The volume of the store gives errors, or is full. {SAFE} Look after it and try again."),
)
"""What SQLite (https://www.sqlite.org/rescode.html) and PostgreSQL say, and what a person is told."""
AWAY = f"The database does not answer. {SAFE} Try again in a moment."


def fault_of(error: Exception) -> TransientError | None:
    """Return what a person is told when the database has failed; nothing for any other error."""
    if not isinstance(error, OperationalError | InterfaceError | InternalError):
        return None
    text = "\n".join(chained(error))
    return TransientError(next((said for words, said in CAUSES if any(word in text for word in words)), AWAY))


def chained(error: BaseException | None) -> Iterator[str]:
    """Give what an error says, and what those said after which it came.

    SQLite ends a transaction on a full disk by itself, so that what is seen last is a rollback that failed.
    """
    while error:
        yield str(error)
        error = error.__cause__ or error.__context__


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

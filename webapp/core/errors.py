"""The exceptions that people may read: each carries a sentence that says what to do, never a secret."""

from __future__ import annotations

from typing import Protocol, TypeVar


class CredentialError(Exception):
    """Something a person can act on.

    Attributes:
        message: A whole sentence, fit for a page, a terminal line or a status condition.
        field: The key of the field it belongs to; empty when it belongs to the whole.
    """

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class PermanentError(CredentialError):
    """Trying again without a change will fail again."""


class TransientError(CredentialError):
    """The same may work later: a server is down, a lock is held."""


class NotFoundError(PermanentError):
    """What was named is not there."""


class ConflictError(PermanentError):
    """Someone else changed it first, or the name is taken."""


class Stored(Protocol):
    """What was read from the store."""

    @property
    def damaged(self) -> str:
        """Why its values could not be read; empty when they could."""
        ...


S = TypeVar("S", bound=Stored)


def readable(found: S) -> S:
    """Return the same, when its values could be read.

    Raises:
        PermanentError: They could not; the sentence says why.
    """
    if found.damaged:
        raise PermanentError(found.damaged)
    return found

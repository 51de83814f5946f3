"""What a verification can say."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The outcome of a verification."""

    VALID = "valid"
    VALID_LIMITED = "valid-limited"
    """The key was accepted but may not list: name a bucket."""
    REACHABLE = "reachable"
    """The address answers; nothing there asks for a credential."""
    INVALID = "invalid"
    """The provider rejected it."""
    UNREACHABLE = "unreachable"
    """Name, connection, TLS or time-out."""
    MISCONFIGURED = "misconfigured"
    """The values cannot work together."""
    UNSUPPORTED = "unsupported"
    """The provider is gone."""
    CANCELLED = "cancelled"
    """A person stopped the check; nothing is known."""


GOOD = frozenset({State.VALID, State.VALID_LIMITED, State.REACHABLE})
"""The states with which a credential may be used."""


@dataclass(frozen=True, slots=True)
class Result:
    """The answer of one verification.

    Attributes:
        state: What is known now.
        message: A sentence that a person can act on.
        field: Key of the field it belongs to, or empty.
        detail: The provider's own words with every secret cut out.
        seconds: How long the check took.
        replaced: Attributes that the check renewed and stored, such as a refreshed token; never shown.
    """

    state: State
    message: str
    field: str = ""
    detail: str = ""
    seconds: float = 0.0
    replaced: dict[str, str] = dataclasses.field(default_factory=dict[str, str], repr=False)

    @property
    def good(self) -> bool:
        """Tell whether the credential may be used."""
        return self.state in GOOD

"""What a test of a connection says: its steps, the host key it met, and the result as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from webapp.core.verification.states import Result


class StepState(StrEnum):
    """How a step ended."""

    OK = "ok"
    FAILED = "failed"
    LIMITED = "limited"
    """It does not work, and the connection may be used all the same."""
    SKIPPED = "skipped"
    """An earlier step failed."""
    RUNNING = "running"


class HostKeyOutcome(StrEnum):
    """How the server's host key compares with what is known."""

    MATCH = "match"
    UNKNOWN = "unknown"
    """Nothing is known yet: a person looks at the fingerprints first."""
    CHANGED = "changed"
    """The server shows another key than the known one: an alarm."""
    NONE = ""
    """The server was not reached."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a test or of a pairing.

    Attributes:
        key: `reachable`, `host_key`, `authentication`, `command`, `sftp`; pairing has `password` and `install`, too.
        label: Its name for people.
        state: How it ended.
        message: A sentence.
        seconds: How long it took.
    """

    key: str
    label: str
    state: StepState
    message: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Tested(Result):
    """The result of a test of a connection.

    Attributes:
        steps: Every step in order, those that were not reached included.
        host_key: How the host key compared.
        found: The host keys that the server showed, as lines `kind base64`; all that it has when they are not known.
    """

    steps: tuple[Step, ...] = ()
    host_key: HostKeyOutcome = HostKeyOutcome.NONE
    found: tuple[str, ...] = ()

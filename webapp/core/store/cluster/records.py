"""What is mirrored of a resource."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from webapp.core.fields import Attributes


@dataclass(frozen=True, slots=True)
class Output:
    """A Secret that a resource asks for.

    Attributes:
        name: Its name.
        format: Its format.
        hash: A keyed hash of what was written into it last; empty before the first time.
    """

    name: str
    format: str
    hash: str = ""


@dataclass(frozen=True, slots=True)
class ClusterCredential:
    """One resource of the cluster; its repr shows no value.

    Attributes:
        provider: The provider's type, such as `S3`; empty while it is not known.
        stored: Id of the stored credential that feeds it; empty when it has its own values.
        ready: `True`, `False` or `Unknown`, as its condition says.
        reason: The word of that condition, such as `SourceNotFound`.
        message: The sentence of that condition.
        verified: The state of the last verification (`webapp.core.verification.states.State`); empty before the first.
        verified_message: The sentence of that verification.
        checked: When it ended.
        attributes: The values by field key; none (`None`) when they were not read this time: the mirrored ones stay.
        first_seen: When it was mirrored first; set by the store.
        changed: When its row was last written; set by the store.
        damaged: Empty, or a sentence that says why values and sentences cannot be read; set by the store.
    """

    namespace: str
    name: str
    provider: str = ""
    stored: str = ""
    ready: str = "Unknown"
    reason: str = ""
    message: str = field(default="", repr=False)
    verified: str = ""
    verified_message: str = field(default="", repr=False)
    checked: datetime | None = None
    outputs: tuple[Output, ...] = ()
    attributes: Attributes | None = field(default=None, repr=False)
    first_seen: datetime | None = None
    changed: datetime | None = None
    damaged: str = ""

    @property
    def id(self) -> str:
        """What tells it apart: `namespace/name`."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Digests:
    """Keyed digests of what is mirrored of a resource: its facts, and its values."""

    facts: str
    values: str

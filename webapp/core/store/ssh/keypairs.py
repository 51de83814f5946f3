"""Stored SSH keypairs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from webapp.core.fields import Attributes, Value
from webapp.core.ssh.keys import PRIVATE, PUBLIC, PublicKey
from webapp.core.store.models import moment
from webapp.core.store.ssh.entries import Entries


@dataclass(frozen=True, slots=True)
class Keypair:
    """One stored keypair; its repr shows no private half.

    Attributes:
        public: The public half; none when the values cannot be read.
        has_private: Whether there is a private half: without it, nothing can log in.
        damaged: Empty, or a sentence that says why the values cannot be read.
        locked: Whether they cannot be read because a master key is missing.
    """

    id: str
    name: str
    version: int
    created: datetime
    changed: datetime
    changed_by: str
    public: PublicKey | None
    has_private: bool
    private_key: str = field(default="", repr=False)
    damaged: str = ""
    locked: bool = False

    @property
    def public_key(self) -> str:
        """The line of the public half with its comment; empty when it cannot be read."""
        return self.public.text if self.public else ""

    @property
    def fingerprint(self) -> str:
        """`SHA256:…`; empty when it cannot be read."""
        return self.public.fingerprint if self.public else ""

    @property
    def label(self) -> str:
        """The kind for people, such as `RSA 3072`."""
        return self.public.label if self.public else ""

    @property
    def attributes(self) -> Attributes:
        """The values by field key."""
        values: dict[str, Value] = {PRIVATE: self.private_key, PUBLIC: self.public_key}
        return {key: value for key, value in values.items() if value}


class Keypairs(Entries[Keypair]):
    """Adds, finds, changes and removes keypairs."""

    kind = "keypair"
    word = "keypair"

    def _read(self, row: Any) -> Keypair:
        attributes, damaged, locked = self._opened(row)
        words = [*str(attributes.get(PUBLIC, "")).split(maxsplit=2), "", ""]
        private = str(attributes.get(PRIVATE, ""))
        return Keypair(
            row.id,
            row.name,
            row.version,
            moment(row.created),
            moment(row.changed),
            row.changed_by,
            PublicKey(words[0], words[1], words[2]) if words[0] else None,
            bool(private),
            private,
            damaged,
            locked,
        )

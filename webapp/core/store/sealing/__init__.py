"""The keys that values in resources are sealed with: a public half to give away, a private half sealed in the store.

What is sealed from now on uses the newest; the older ones stay, because what was sealed for them lies in other people's
git repositories.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from webapp.core.store.audit import Action, Audit
from webapp.core.store.envelope import Envelope, Place
from webapp.core.store.faults import DamagedError, LockedError
from webapp.core.store.models import Tables, bound, moment, now, stamp
from webapp.core.store.sealing.models import SealingKeyRow

KIND = "sealing"


@dataclass(frozen=True, slots=True)
class SealingKey:
    """One key; its repr does not show the private half.

    Attributes:
        recipient: The public half, as age writes it (`age1…`).
        identity: The private half, as age writes it.
        created: When it was made.
        created_by: Who made it.
    """

    recipient: str
    identity: str = field(repr=False)
    created: datetime
    created_by: str


class SealingKeys:
    """Keeps the keys. Those of this process are remembered, as each opening of a value asks for them."""

    def __init__(self, tables: Tables, envelope: Envelope, audit: Audit) -> None:
        self._database = tables.database
        self._rows: Any = bound(SealingKeyRow, tables.database)
        self._envelope = envelope
        self._audit = audit
        self._known: dict[str, SealingKey] = {}

    def all(self) -> list[SealingKey]:
        """Return every key that can be opened, the newest first."""
        self._known = {row.id: key for row in self._ordered() if (key := self._known.get(row.id) or self._opened(row))}
        return list(self._known.values())

    def refuse_unreadable(self) -> None:
        """Refuse to go on when a key cannot be opened: the value may have been sealed for it.

        Raises:
            LockedError, DamagedError: The sentence says what is missing.
        """
        for row in self._ordered():
            self._read(row)

    def add(self, recipient: str, identity: str, *, by: str) -> None:
        """Keep a key; it is the newest from now on.

        Raises:
            LockedError: There is no master key.
        """
        with self._database.atomic():
            self._rows.insert(
                id=recipient,
                sealed=self._envelope.seal(place_of_identity({"id": recipient}), identity),
                created=stamp(now()),
                created_by=by,
            ).execute()
            self._audit.note(Action.ADD, kind="sealing-key", subject=recipient, name=recipient, who=by)

    def _ordered(self) -> list[Any]:
        return list(self._rows.select().order_by(self._rows.created.desc(), self._rows.id))

    def _opened(self, row: Any) -> SealingKey | None:
        """Return a key; nothing while its master key is missing, as one that was restored without its seed."""
        try:
            return self._read(row)
        except (LockedError, DamagedError):
            return None

    def _read(self, row: Any) -> SealingKey:
        identity = str(self._envelope.open(place_of_identity({"id": row.id}), row.sealed))
        return SealingKey(row.id, identity, moment(row.created), row.created_by)


def place_of_identity(row: Mapping[str, Any]) -> Place:
    """Return where the private half of a key stands."""
    return Place(KIND, row["id"], "identity", 0)

"""Small settings by key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from webapp.core.store.envelope import Envelope, Place
from webapp.core.store.models import Tables


class Values:
    """Keeps values that JSON can hold; secret ones are sealed."""

    def __init__(self, tables: Tables, envelope: Envelope) -> None:
        self._rows: Any = tables.value
        self._envelope = envelope

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, or the default when there is none.

        Raises:
            LockedError, DamagedError: It is sealed and cannot be opened.
        """
        row = self._rows.get_or_none(self._rows.id == key)
        if row is None:
            return default
        return self._envelope.open(_place(key), row.value) if row.sealed else json.loads(row.value)

    def put(self, key: str, value: Any, *, secret: bool = False) -> None:
        """Store a value over the old one."""
        text = self._envelope.seal(_place(key), value) if secret else json.dumps(value)
        row = self._rows.insert(id=key, value=text, sealed=secret)
        update = {self._rows.value: text, self._rows.sealed: secret}
        row.on_conflict(conflict_target=[self._rows.id], update=update).execute()

    def add(self, key: str, value: Any, *, secret: bool = False) -> Any:
        """Store a value unless there is one, and return the one that stands now."""
        text = self._envelope.seal(_place(key), value) if secret else json.dumps(value)
        self._rows.insert(id=key, value=text, sealed=secret).on_conflict_ignore().execute()
        return self.get(key)

    def remove(self, key: str) -> None:
        """Remove a value."""
        self._rows.delete().where(self._rows.id == key).execute()

    def sweep(self, prefix: str, before: str) -> None:
        """Remove every value whose key begins with `prefix` and sorts before `before`."""
        self._rows.delete().where(self._rows.id >= prefix, self._rows.id < before).execute()


def place_of_value(row: Mapping[str, Any]) -> Place:
    """Return where a value stands."""
    return Place("value", row["id"], "value", 0)


def _place(key: str) -> Place:
    return place_of_value({"id": key})

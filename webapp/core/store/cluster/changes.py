"""Numbers that grow with every change, so that others notice one by reading one row."""

from __future__ import annotations

from typing import Any

from webapp.core.store.cluster.models import ClusterChangeRow
from webapp.core.store.models import Tables, bound


class Changes:
    """Counts changes by kind."""

    def __init__(self, tables: Tables) -> None:
        self._rows: Any = bound(ClusterChangeRow, tables.database)

    def next(self, kind: str) -> int:
        """Count a change, in the transaction of the caller, and return the new number."""
        rows = self._rows
        statement = rows.insert(id=kind, number=1)
        statement.on_conflict(conflict_target=[rows.id], update={rows.number: rows.number + 1}).execute()
        return self.number(kind)

    def number(self, kind: str) -> int:
        """Return the number of the last change; 0 before the first."""
        row = self._rows.get_or_none(self._rows.id == kind)
        return 0 if row is None else int(row.number)

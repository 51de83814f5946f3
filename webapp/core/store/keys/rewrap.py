"""Wraps the data keys of all sealed values anew with the primary key: in batches, resumable, beside other work.

No value is opened: only its data key is unwrapped and wrapped again. A row is changed only where it still holds what was
read, so that nothing is lost when someone saves at the same time, and several processes may do the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import Database, SqliteDatabase

from webapp.core.store.declared import SealedColumn, StoredTable
from webapp.core.store.envelope import FORMAT, Envelope
from webapp.core.store.faults import DamagedError, LockedError
from webapp.core.store.registry import TABLES

BATCH = 500
"""Rows that are written in one transaction; small, so that nobody who saves waits for long."""


@dataclass(frozen=True, slots=True)
class Step:
    """One batch: how many values were wrapped anew, and how many could not be, damaged or without their key."""

    moved: int
    stuck: int


def columns() -> Iterator[tuple[StoredTable, SealedColumn]]:
    """Give every sealed column that rotation moves."""
    for table in TABLES:
        if not table.pinned:
            yield from ((table, column) for column in table.sealed)


def uses(database: Database) -> dict[str, int]:
    """Count the sealed values by the id of the key that they need."""
    counts: dict[str, int] = {}
    start = len(FORMAT) + 2
    for table, column in columns():
        key = f"substr({column.name}, {start}, 16)"
        query = f"SELECT {key}, COUNT(*) FROM {table.name} WHERE {column.name} LIKE '{FORMAT}.%%' GROUP BY {key}"  # noqa: S608  names of the schema
        query = query.replace("%%", "%") if isinstance(database, SqliteDatabase) else query
        for identifier, count in database.execute_sql(query, ()).fetchall():
            counts[identifier] = counts.get(identifier, 0) + count
    return counts


class Rewrap:
    """One pass over all sealed values."""

    def __init__(self, database: Database, envelope: Envelope) -> None:
        self._database = database
        self._envelope = envelope
        self._mark = "?" if isinstance(database, SqliteDatabase) else "%s"

    def steps(self, batch: int = BATCH) -> Iterator[Step]:
        """Do a pass, one batch each time that the next step is asked for."""
        for table, column in columns():
            last: tuple[Any, ...] | None = None
            while rows := self._rows(table, column, last, batch):
                yield self._move(table, column, rows)
                last = tuple(rows[-1][key] for key in table.key)

    def _rows(
        self, table: StoredTable, column: SealedColumn, last: tuple[Any, ...] | None, batch: int
    ) -> list[dict[str, Any]]:
        """Return the next rows whose value is not under the primary key."""
        names = tuple(dict.fromkeys((*table.key, *column.reads, column.name)))
        mark, keys = self._mark, ", ".join(table.key)
        asked: list[Any] = [f"{FORMAT}.%", f"{FORMAT}.{self._envelope.ring.primary_id}.%"]
        after = ""
        if last is not None:
            after = f"AND ({keys}) > ({', '.join(mark for _ in last)})"
            asked += last
        query = (
            f"SELECT {', '.join(names)} FROM {table.name} WHERE {column.name} LIKE {mark} "  # noqa: S608  names of the schema
            f"AND {column.name} NOT LIKE {mark} {after} ORDER BY {keys} LIMIT {batch}"
        )
        found = self._database.execute_sql(query, tuple(asked)).fetchall()
        return [dict(zip(names, row, strict=True)) for row in found]

    def _move(self, table: StoredTable, column: SealedColumn, rows: Sequence[Mapping[str, Any]]) -> Step:
        changes = [change for row in rows if (change := self._change(table, column, row))]
        where = " AND ".join(f"{key} = {self._mark}" for key in (*table.key, column.name))
        query = f"UPDATE {table.name} SET {column.name} = {self._mark} WHERE {where}"  # noqa: S608  names of the schema
        if changes:
            sqlite = isinstance(self._database, SqliteDatabase)
            with self._database.atomic(*(["IMMEDIATE"] if sqlite else [])):
                self._database.cursor().executemany(query, changes)
        return Step(len(changes), len(rows) - len(changes))

    def _change(self, table: StoredTable, column: SealedColumn, row: Mapping[str, Any]) -> tuple[Any, ...] | None:
        sealed = row[column.name]
        try:
            fresh = self._envelope.rewrap(column.place(row), sealed)
        except (LockedError, DamagedError):
            return None
        return (fresh, *(row[key] for key in table.key), sealed)

"""Wraps the data keys of all sealed values anew with the primary key: in batches, resumable, beside other work.

No value is opened: only its data key is unwrapped and wrapped again. A row is changed only where it still holds what was
read, so that nothing is lost when someone saves at the same time, and several processes may do the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from peewee import Database, SqliteDatabase

from webapp.core.store.declared import SealedColumn, StoredTable
from webapp.core.store.envelope import FORMAT, Envelope, Rewrapper
from webapp.core.store.faults import DamagedError, LockedError
from webapp.core.store.registry import TABLES

BATCH = 1000
"""Rows that are written in one transaction; small, so that nobody who saves waits for long."""

START = len(FORMAT) + 18
"""Characters up to the point behind the key's id."""

ROWID = ("rowid",)
"""SQLite keeps rows in this order: read and written in it, a page of the file is touched once instead of again and
again. What was read is compared before it is written over, so that a number that means another row by then harms none."""


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


def under(database: Database, keys: Collection[str]) -> int:
    """Count the sealed values that need one of these keys; several times as fast as telling all keys apart."""
    starts = [f"{FORMAT}.{key}." for key in keys]
    marks = ", ".join("?" if isinstance(database, SqliteDatabase) else "%s" for _ in starts)
    counts = (
        database.execute_sql(
            f"SELECT COUNT(*) FROM {table.name} WHERE substr({column.name}, 1, {START}) IN ({marks})",  # noqa: S608  names of the schema
            starts,
        ).fetchone()
        for table, column in columns()
    )
    return sum(count for (count,) in counts) if starts else 0


class Rewrap:
    """One pass over all sealed values."""

    def __init__(self, database: Database, envelope: Envelope) -> None:
        self._database = database
        self._envelope = envelope
        self._sqlite = isinstance(database, SqliteDatabase)
        self._mark = "?" if self._sqlite else "%s"

    def steps(self, batch: int = BATCH) -> Iterator[int]:
        """Do a pass, one batch each time that the next step is asked for; give how many values were wrapped anew."""
        for table, column in columns():
            walk = _Walk(table, column, ROWID if self._sqlite else table.key, self._mark)
            last: tuple[Any, ...] = ()
            while rows := self._rows(walk, last, batch):
                yield self._move(walk, rows)
                last = rows[-1][: len(walk.keys)]

    def _rows(self, walk: _Walk, last: tuple[Any, ...], batch: int) -> Sequence[tuple[Any, ...]]:
        """Return the next rows whose value is not under the primary key."""
        asked = (f"{FORMAT}.%", f"{FORMAT}.{self._envelope.ring.primary_id}.", *last)
        return self._database.execute_sql(walk.query(batch, after=bool(last)), asked).fetchall()

    def _move(self, walk: _Walk, rows: Sequence[tuple[Any, ...]]) -> int:
        rewrapper = Rewrapper(self._envelope)
        changes = [change for row in rows if (change := _change(rewrapper, walk, row))]
        if changes:
            with self._database.atomic():
                self._database.cursor().executemany(walk.update, changes)
        return len(changes)


class _Walk:
    """How one sealed column is read and written, row by row in the order of `keys`.

    A row is read as these keys, then what its place is made of, then the sealed value.
    """

    def __init__(self, table: StoredTable, column: SealedColumn, keys: tuple[str, ...], mark: str) -> None:
        self.keys, self.reads, self.place = keys, column.reads, column.place
        self._column, self._table, self._mark = column.name, table.name, mark
        where = " AND ".join(f"{key} = {mark}" for key in (*keys, column.name))
        self.update = f"UPDATE {table.name} SET {column.name} = {mark} WHERE {where}"  # noqa: S608  names of the schema

    def query(self, batch: int, *, after: bool) -> str:
        """Return the question for a batch: of what is sealed, but not with this start, behind the given keys."""
        names, keys, mark = ", ".join((*self.keys, *self.reads, self._column)), ", ".join(self.keys), self._mark
        beyond = f"AND ({keys}) > ({', '.join(mark for _ in self.keys)})" if after else ""
        return (
            f"SELECT {names} FROM {self._table} WHERE {self._column} LIKE {mark} "  # noqa: S608  names of the schema
            f"AND substr({self._column}, 1, {START}) <> {mark} {beyond} ORDER BY {keys} LIMIT {batch}"
        )


def _change(rewrapper: Rewrapper, walk: _Walk, row: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """Return what is written for a row; nothing when it cannot be moved."""
    sealed, count = row[-1], len(walk.keys)
    place = walk.place(dict(zip(walk.reads, row[count:-1], strict=True)))
    try:
        return (rewrapper.rewrap(place, sealed), *row[:count], sealed)
    except (LockedError, DamagedError):
        return None

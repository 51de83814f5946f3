"""Takes a backup over: everything that was planned in one transaction, or nothing."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

from peewee import Database, SqliteDatabase

from webapp.core.errors import ConflictError
from webapp.core.store.backup.planning import Choice, Clash, Item, RestorePlan, places
from webapp.core.store.backup.reading import Backup
from webapp.core.store.declared import Role, Row, StoredTable
from webapp.core.store.envelope import FORMAT, Envelope, sealed_key_id
from webapp.core.store.models import now, stamp
from webapp.core.store.names import LONGEST, name_key
from webapp.core.store.registry import TABLES

Progress = Callable[[int, int], None]
BY_NAME = {table.name: table for table in TABLES}


class Restorer:
    """Writes what a plan names. Call it inside one transaction of the store.

    Args:
        database: Is written.
        envelope: Has the keys of the store and of the backup; its ring's primary key is the store's.
        backup: Is read.
    """

    def __init__(self, database: Database, envelope: Envelope, backup: Backup) -> None:
        self._database, self._envelope, self._backup = database, envelope, backup
        self._mark = "?" if isinstance(database, SqliteDatabase) else "%s"
        self._moved: dict[tuple[str, str], str] = {}
        self._needed: set[str] = set()

    def restore(self, plan: RestorePlan, progress: Progress | None = None) -> int:
        """Write, and return how many records were taken over."""
        items = {(item.table, item.id): item for item in plan.items}
        wanted = [item for item in plan.items if item.choice is not Choice.SKIP]
        done = 0
        for table in TABLES:
            for row in self._backup.rows(table) if table.role is Role.CONTENT else ():
                item = items.get((table.name, str(row["id"])))
                if item is None or item.choice is Choice.SKIP:
                    continue
                self._take(table, row, item)
                done += 1
                if progress and (done % 100 == 0 or done == len(wanted)):
                    progress(done, len(wanted))
        self._history()
        self._await()
        return done

    def _take(self, table: StoredTable, row: dict[str, Any], item: Item) -> None:
        self._refuse_orphan(table, row)
        if table.parent:
            row[table.parent[1]] = self._moved.get((table.parent[0], row[table.parent[1]]), row[table.parent[1]])
        if item.choice is Choice.REPLACE:
            self._clear(table, row)
        if item.choice is Choice.RENAME:
            self._rename(table, row, item)
        self._open_secrets(table, row)
        for name, place in places(table, row):
            row[name] = self._wrapped(place, row[name])
        self._insert(table, row)

    def _refuse_orphan(self, table: StoredTable, row: Row) -> None:
        """Refuse a record whose owner is neither here nor taken over.

        Raises:
            ConflictError: A person chose to skip the owner only.
        """
        if not table.parent:
            return
        owner = self._moved.get((table.parent[0], row[table.parent[1]]), row[table.parent[1]])
        if not self._has(BY_NAME[table.parent[0]], ("id",), (owner,)):
            raise ConflictError(
                f"The {table.called(row)} {row[table.title]} belongs to something that is skipped. Skip it as well."
            )

    def _rename(self, table: StoredTable, row: dict[str, Any], item: Item) -> None:
        if item.clash is not Clash.NAME:
            self._give_new_id(table, row)
        base, number = str(row[table.title]), 2
        while True:
            ending = f" {number}"
            name = base[: LONGEST - len(ending)].rstrip() + ending
            if self._is_free(table, name_key(name)):
                break
            number += 1
        row |= {table.title: name, "name_key": name_key(name)}

    def _is_free(self, table: StoredTable, key: str) -> bool:
        """Tell whether nothing has a name, here or in the backup, whose records may be about to come."""
        query = f"SELECT 1 FROM {table.name} WHERE name_key = ?"  # noqa: S608  names of the schema
        coming = self._backup.database.execute_sql(query, (key,)).fetchone()
        return not coming and not self._has(table, ("name_key",), (key,))

    def _give_new_id(self, table: StoredTable, row: dict[str, Any]) -> None:
        """Give a row another id; its values are bound to the id, so they are sealed anew."""
        old, fresh = str(row["id"]), str(uuid.uuid4())
        values = {name: self._envelope.open(place, row[name]) for name, place in places(table, row)}
        row["id"] = fresh
        empty = {**row, **dict.fromkeys(values, f"{FORMAT}.")}
        for name, place in places(table, empty):
            row[name] = self._envelope.seal(place, values[name])
        self._moved[table.name, old] = fresh

    def _open_secrets(self, table: StoredTable, row: dict[str, Any]) -> None:
        """Put back in clear what stands sealed in a backup only."""
        for name, place in places(table, row):
            if name in table.secret:
                row[name] = self._envelope.open(place, row[name])

    def _wrapped(self, place: Any, sealed: str) -> str:
        """Return a value under the store's own key; one whose key is not here waits as it is."""
        key = sealed_key_id(sealed)
        if self._envelope.ring.key(key) is None:
            self._needed.add(key)
            return sealed
        if key == self._envelope.ring.primary_id:
            return sealed
        return self._envelope.rewrap(place, sealed)

    def _clear(self, table: StoredTable, row: Row) -> None:
        """Remove what stands in the way of a row, with what belongs to it."""
        for columns in (table.key, table.unique):
            if not columns:
                continue
            for identifier in self._ids(table, columns, tuple(row[column] for column in columns)):
                for child in TABLES:
                    if child.parent and child.parent[0] == table.name and identifier != row["id"]:
                        self._delete(child, child.parent[1], identifier)
                self._delete(table, "id", identifier)

    def _history(self) -> None:
        """Add what is not here yet: keys of marks, and books of other installations."""
        books = [book for book in self._backup.rows(BY_NAME["audit_book"]) if book["number"]]
        books = [book for book in books if not self._has(BY_NAME["audit_book"], ("id",), (book["id"],))]
        for table in TABLES:
            if table.role is Role.HISTORY and not table.name.startswith("audit"):
                self._add_missing(table)
        for book in books:
            self._insert(BY_NAME["audit_book"], {**book, "own": False})
        new = {book["id"] for book in books}
        for entry in self._backup.rows(BY_NAME["audit"]):
            if entry["book"] in new:
                self._insert(BY_NAME["audit"], entry)

    def _add_missing(self, table: StoredTable) -> None:
        for row in self._backup.rows(table):
            if not table.kept(row) or self._has(table, ("id",), (row["id"],)):
                continue
            for name, place in places(table, row):
                row[name] = self._wrapped(place, row[name])
            self._insert(table, row)

    def _await(self) -> None:
        """Name the keys that restored records wait for."""
        keys = BY_NAME["master_key"]
        for key in sorted(self._needed):
            if not self._has(keys, ("id",), (key,)):
                found = self._backup.manifest.keys.get(key)
                proof = found.proof if found else ""
                at = stamp(now())
                self._insert(keys, {"id": key, "proof": proof, "created": at, "awaited": True, "replaced": at})

    def _insert(self, table: StoredTable, row: Row) -> None:
        names = [name for name in table.columns if name in row]
        marks = ", ".join(self._mark for _ in names)
        query = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608  names of the schema
        self._database.execute_sql(query, tuple(_typed(table, name, row[name]) for name in names))

    def _ids(self, table: StoredTable, columns: tuple[str, ...], values: tuple[Any, ...]) -> Iterator[str]:
        where = " AND ".join(f"{column} = {self._mark}" for column in columns)
        query = f"SELECT id FROM {table.name} WHERE {where}"  # noqa: S608  names of the schema
        yield from [identifier for (identifier,) in self._database.execute_sql(query, values).fetchall()]

    def _has(self, table: StoredTable, columns: tuple[str, ...], values: tuple[Any, ...]) -> bool:
        return any(True for _ in self._ids(table, columns, values))

    def _delete(self, table: StoredTable, column: str, value: Any) -> None:
        query = f"DELETE FROM {table.name} WHERE {column} = {self._mark}"  # noqa: S608  names of the schema
        self._database.execute_sql(query, (value,))


def _typed(table: StoredTable, name: str, value: Any) -> Any:
    """Return a value as the column wants it: SQLite keeps truth as 0 and 1, PostgreSQL wants it said."""
    meta: Any = table.model
    fields = {field.column_name: field for field in meta._meta.sorted_fields}  # noqa: SLF001  Peewee's own door
    return bool(value) if fields[name].field_type == "BOOL" else value

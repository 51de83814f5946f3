"""What keypairs and connections have in common: a name of its own among both, versions, sealed values."""

from __future__ import annotations

import uuid
from abc import abstractmethod
from collections.abc import Iterable
from types import MappingProxyType
from typing import Any, ClassVar, Generic, TypeVar

from peewee import IntegrityError

from webapp.core.errors import ConflictError, NotFoundError, PermanentError
from webapp.core.fields import Attributes
from webapp.core.store.audit import Action, Audit
from webapp.core.store.declared import Row
from webapp.core.store.envelope import Envelope, Place
from webapp.core.store.faults import DamagedError, EntryChangedError, LockedError
from webapp.core.store.models import Tables, bound, now, stamp
from webapp.core.store.names import LONGEST, clean_name, name_key
from webapp.core.store.paging import Page, page_of
from webapp.core.store.ssh.models import EntryRow

T = TypeVar("T")
PLACE = "ssh_entry"


class Entries(Generic[T]):
    """Adds, finds, changes and removes entries of one kind."""

    kind = ""
    word = ""
    sorts: ClassVar[tuple[str, ...]] = ("name", "changed")
    """By what a search sorts."""

    def __init__(self, tables: Tables, envelope: Envelope, audit: Audit) -> None:
        self._database = tables.database
        self._audit = audit
        self._rows: Any = bound(EntryRow, tables.database)
        self._envelope = envelope

    def add(self, name: str, attributes: Attributes, *, by: str) -> T:
        """Store a new one.

        Raises:
            ConflictError: The name is taken by a keypair or a connection.
            PermanentError: The name is not allowed.
            LockedError: There is no master key.
        """
        name, identifier, at = clean_name(name), str(uuid.uuid4()), stamp(now())
        columns = {"id": identifier, "kind": self.kind, "name": name, "name_key": name_key(name)}
        made = {"version": 1, "created": at, "changed": at, "changed_by": by}
        try:
            with self._database.atomic():
                self._rows.insert(**columns, **made, **self._values(identifier, 1, attributes)).execute()
                self._note(Action.ADD, identifier, name, by)
        except IntegrityError:
            raise _taken() from None
        return self.get(identifier)

    def get(self, identifier: str) -> T:
        """Return one by its id.

        Raises:
            NotFoundError: There is none.
        """
        return self._read(self._row(identifier))

    def find(self, name: str) -> T:
        """Return one by its name; case and blanks do not count.

        Raises:
            NotFoundError: There is none.
        """
        rows = self._rows
        row = rows.get_or_none(rows.name_key == name_key(name), rows.kind == self.kind)
        if row is None:
            raise NotFoundError(f"There is no SSH {self.word} of this name.", field="name")
        return self._read(row)

    def all(self, text: str = "") -> list[T]:
        """Return all whose name holds a text, by name."""
        return [self._read(row) for row in self._chosen(text).order_by(self._rows.name_key)]

    def search(
        self,
        *,
        text: str = "",
        state: str = "",
        keypair: str = "",
        sort: str = "name",
        descending: bool = False,
        page: int = 1,
        size: int = 50,
    ) -> Page[T]:
        """Return one page of those whose name holds a text, as `state` and `keypair` narrow it.

        Args:
            text: A part of the name.
            state: What the last test of a connection said.
            keypair: The id of the keypair that a connection logs in with.
            sort: One of `sorts`.
            descending: The other way round.
            page: Which page, from 1.
            size: How many on a page.

        Raises:
            PermanentError: There is no such sort.
        """
        if sort not in self.sorts:
            raise PermanentError(f"Sort by {', '.join(self.sorts)}.", field="sort")
        rows, query = self._rows, self._chosen(text)
        column = rows.name_key if sort == "name" else getattr(rows, sort)
        for own, wanted in ((rows.state, state), (rows.keypair, keypair)):
            query = query.where(own == wanted) if wanted else query
        return page_of(query, (column.desc() if descending else column.asc(), rows.name_key), self._read, page, size)

    def _chosen(self, text: str) -> Any:
        rows = self._rows
        query = rows.select().where(rows.kind == self.kind)
        return query.where(rows.name_key.contains(name_key(text))) if text else query

    def count(self) -> int:
        """Return how many there are."""
        return self._rows.select().where(self._rows.kind == self.kind).count()

    def change(
        self, identifier: str, *, version: int, by: str, name: str | None = None, attributes: Attributes | None = None
    ) -> T:
        """Store a new version over the given one; the old one stays until the new one is safe.

        Values whose key is lost are typed again in this way.

        Raises:
            EntryChangedError: Another version is stored.
            ConflictError: The name is taken.
        """
        row = self._row(identifier)
        if row.version != version:
            raise EntryChangedError(self._read(row), self.word, row.changed_by)
        update: dict[str, Any] = {"version": version + 1, "changed": stamp(now()), "changed_by": by}
        if name is not None:
            update |= {"name": clean_name(name), "name_key": name_key(clean_name(name))}
        if attributes is not None:
            update |= self._values(identifier, version + 1, attributes)
        keys = ("name",) * (name is not None) + ("values",) * (attributes is not None)
        noted = {"name": name or row.name, "who": by, "detail": {"changed": ", ".join(keys)}}
        if not self._update(identifier, version, update, action=Action.CHANGE, **noted):
            row = self._row(identifier)
            raise EntryChangedError(self._read(row), self.word, row.changed_by)
        return self.get(identifier)

    def delete(self, identifier: str, *, by: str, version: int | None = None) -> None:
        """Remove one.

        Raises:
            NotFoundError: There is none.
            EntryChangedError: Another version than the given one is stored.
        """
        row, rows = self._row(identifier), self._rows
        wanted = [rows.id == identifier, *([rows.version == version] if version is not None else [])]
        with self._database.atomic():
            if not rows.delete().where(*wanted).execute():
                row = self._row(identifier)
                raise EntryChangedError(self._read(row), self.word, row.changed_by)
            self._note(Action.DELETE, identifier, row.name, by)

    def _note(self, action: Action, identifier: str, name: str, by: str) -> None:
        self._audit.note(action, kind=self.kind, subject=identifier, name=name, who=by)

    def _values(self, identifier: str, version: int, attributes: Attributes) -> dict[str, Any]:
        sealed = self._envelope.seal(place_of_entry({"id": identifier, "sealed_version": version}), dict(attributes))
        return {"sealed": sealed, "sealed_version": version}

    def _update(self, identifier: str, version: int, columns: dict[str, Any], **noted: Any) -> int:
        """Write columns over the given version and note it, both or nothing; returns 0 for another version."""
        rows = self._rows
        try:
            with self._database.atomic():
                count = rows.update(**columns).where(rows.id == identifier, rows.version == version).execute()
                if count and noted:
                    self._audit.note(kind=self.kind, subject=identifier, **noted)
                return count
        except IntegrityError:
            raise _taken() from None

    def _row(self, identifier: str) -> Any:
        row = self._rows.get_or_none(self._rows.id == identifier, self._rows.kind == self.kind)
        if row is None:
            raise NotFoundError(f"There is no such SSH {self.word}. It may have been deleted.")
        return row

    def _open(self, row: Any) -> Attributes:
        return MappingProxyType(
            self._envelope.open(place_of_entry({"id": row.id, "sealed_version": row.sealed_version}), row.sealed)
        )

    def _opened(self, row: Any) -> tuple[Attributes, str, bool]:
        """Return the values, or why they cannot be read and whether a master key is missing."""
        try:
            return self._open(row), "", False
        except (LockedError, DamagedError) as error:
            return {}, error.message, isinstance(error, LockedError)

    @abstractmethod
    def _read(self, row: Any) -> T:
        """Return a row as it leaves the store."""


def place_of_entry(row: Row) -> Place:
    """Return what a row's values are bound to."""
    return Place(PLACE, row["id"], "attributes", row["sealed_version"])


def place_of_test(row: Row) -> Place:
    """Return what the report of a row's last test is bound to."""
    return Place(PLACE, row["id"], "report", 0)


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """Return a name that none of the others has: ` (2)` and so on is put behind it."""
    used, name, number = {name_key(name) for name in taken}, clean_name(wanted[:LONGEST]), 2
    while name_key(name) in used:
        suffix = f" ({number})"
        name, number = wanted[: LONGEST - len(suffix)].rstrip() + suffix, number + 1
    return name


def _taken() -> ConflictError:
    return ConflictError(
        "Another SSH keypair or connection has this name. Both share their names; choose another one.", field="name"
    )

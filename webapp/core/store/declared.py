"""What a table of the store declares about itself: what is sealed in it, and what becomes of it in a backup.

Backup, restore, rotation and the page of a lost seed walk `registry.TABLES` and know no table by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from peewee import Model

from webapp.core.store.envelope import Place

Row = Mapping[str, Any]
"""A row by its columns' names."""


class Role(Enum):
    """What a backup does with a table."""

    CONTENT = auto()
    """It goes into a backup, and a restore asks what to do when a row is there already."""
    HISTORY = auto()
    """It goes into a backup; a restore adds what is not there yet and asks nothing."""
    HERE = auto()
    """It belongs to this running installation and stays out of backups."""


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column that holds sealed values, or nothing.

    Attributes:
        name: The column.
        place: Returns the place that a row's value is bound to.
        reads: The columns that `place` looks at.
        what: What it holds, as a person calls it.
    """

    name: str
    place: Callable[[Row], Place]
    reads: tuple[str, ...] = ("id",)
    what: str = "values"


@dataclass(frozen=True, slots=True)
class StoredTable:
    """One table.

    Attributes:
        model: Its model, not bound to a database.
        role: What a backup does with it.
        sealed: Its sealed columns; the first one holds what the row is kept for.
        label: What one row is called, such as `credential`.
        kinds: The column that says more exactly what a row is, put behind the label.
        title: The column that a person knows a row by.
        unique: Columns in which no two rows may agree, besides the key; `name_key` alone, or several together.
        key: The columns of the primary key.
        parent: The table and the column of this one that holds the key of a row there, without which a row is useless.
        pinned: Whether rotation leaves the sealed columns alone.
        secret: Columns in the clear here that a backup seals, such as hashes of passwords.
        kept: Tells which rows belong into a backup.
    """

    model: type[Model]
    role: Role
    sealed: tuple[SealedColumn, ...] = ()
    label: str = ""
    kinds: str = ""
    title: str = "name"
    unique: tuple[str, ...] = ()
    key: tuple[str, ...] = ("id",)
    parent: tuple[str, str] | None = None
    pinned: bool = False
    secret: tuple[str, ...] = ()
    kept: Callable[[Row], bool] = lambda _row: True

    @property
    def name(self) -> str:
        """The table's name in the database."""
        meta: Any = self.model
        return str(meta._meta.table_name)  # noqa: SLF001  Peewee's own door to it

    def called(self, row: Row) -> str:
        """Return what a row is called, such as `credential` or `SSH keypair`."""
        return f"{self.label} {row[self.kinds]}" if self.kinds else self.label

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns."""
        meta: Any = self.model
        return tuple(field.column_name for field in meta._meta.sorted_fields)  # noqa: SLF001

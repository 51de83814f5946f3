"""What would become of each record of a backup: nothing is changed yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from peewee import Database

from webapp.core.store.backup.manifest import place_in_backup
from webapp.core.store.backup.reading import Backup
from webapp.core.store.backup.writing import batches
from webapp.core.store.declared import Role, Row, StoredTable
from webapp.core.store.envelope import FORMAT, Envelope, sealed_key_id
from webapp.core.store.faults import DamagedError, LockedError
from webapp.core.store.registry import TABLES


class Choice(StrEnum):
    """What is done with a record."""

    ADD = "add"
    SKIP = "skip"
    RENAME = "rename"
    REPLACE = "replace"


class Clash(StrEnum):
    """What stands in the way of a record."""

    NONE = ""
    SAME = "the same is here"
    OTHER = "another version of it is here"
    NAME = "the name is in use"


@dataclass(frozen=True, slots=True)
class Item:
    """One record of a backup.

    Attributes:
        table: Its table.
        id: Its id.
        label: What it is, such as `credential`.
        name: What it is called.
        needs: The key that its values need and that is not here; empty when they can be read.
        damaged: Whether its values do not pass authentication.
        clash: What stands in its way.
        choices: What can be done with it.
        choice: What is done with it.
        parent: Table and id of the record that it belongs to.
    """

    table: str
    id: str
    label: str
    name: str
    needs: str
    damaged: bool
    clash: Clash
    choices: tuple[Choice, ...]
    choice: Choice
    parent: tuple[str, str] | None = None

    @property
    def key(self) -> str:
        """What names it in a form."""
        return f"{self.table}:{self.id}"


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """What a restore would do.

    Attributes:
        items: What becomes of each record.
        proven: Whether the seed shows that nobody changed the backup after it was made.
    """

    items: tuple[Item, ...]
    proven: bool = False

    @property
    def counts(self) -> Counter[Choice]:
        """How many records have which choice."""
        return Counter(item.choice for item in self.items)

    @property
    def waiting(self) -> Counter[str]:
        """How many records that are taken over would wait for which key."""
        return Counter(item.needs for item in self.items if item.needs and item.choice is not Choice.SKIP)

    def chosen(self, choices: Mapping[str, str]) -> RestorePlan:
        """Return the plan with what a person chose, by the items' keys; a choice that an item has not is left out."""
        return replace(self, items=tuple(_with(item, choices.get(item.key, "")) for item in self.items))


def _with(item: Item, choice: str) -> Item:
    return replace(item, choice=Choice(choice)) if choice in item.choices else item


class Planner:
    """Compares a backup with the store.

    Args:
        database: Where it would be restored.
        envelope: Opens with the keys of the store and of the backup.
        backup: Is compared.
        on_clash: What is done when a name or another version is in the way.
    """

    def __init__(self, database: Database, envelope: Envelope, backup: Backup, on_clash: Choice) -> None:
        self._database, self._envelope, self._backup, self._on_clash = database, envelope, backup, on_clash

    def plan(self, progress: Callable[[int, int], None] | None = None) -> RestorePlan:
        """Return what would become of each record; `progress` is told how many are compared, and of how many."""
        found: dict[tuple[str, str], Item] = {}
        content = [table for table in TABLES if table.role is Role.CONTENT]
        total = sum(self._backup.manifest.counts.get(table.name, 0) for table in content)
        for table in content:
            here = Here(self._database, table)
            for row in self._backup.rows(table):
                item = self._item(table, row, here, found)
                found[item.table, item.id] = item
                if progress and (len(found) % 100 == 0 or len(found) == total):
                    progress(len(found), total)
        return RestorePlan(tuple(found.values()))

    def _item(self, table: StoredTable, row: dict[str, Any], here: Here, found: Mapping[tuple[str, str], Item]) -> Item:
        needs, damaged = self._state(table, row)
        clash = here.clash(row)
        parent = (table.parent[0], str(row[table.parent[1]])) if table.parent else None
        choices = self._choices(table, clash, readable=not needs and not damaged)
        choice = self._on_clash if self._on_clash in choices and clash in {Clash.OTHER, Clash.NAME} else choices[0]
        owner = found.get(parent) if parent else None
        if parent and (owner is None or (owner.choice is Choice.SKIP and owner.clash is Clash.NAME)):
            choices, choice = (Choice.SKIP,), Choice.SKIP
        name = str(row[table.title])
        return Item(table.name, str(row["id"]), table.called(row), name, needs, damaged, clash, choices, choice, parent)

    def _choices(self, table: StoredTable, clash: Clash, *, readable: bool) -> tuple[Choice, ...]:
        if table.secret and not readable:  # a log-in without its password is none
            return (Choice.SKIP,)
        if clash is Clash.NONE:
            return (Choice.ADD, Choice.SKIP)
        # The values are bound to the id: under another one they have to be sealed anew, which needs their key.
        renames = "name_key" in table.unique and (clash is Clash.NAME or readable)
        return (Choice.SKIP, *((Choice.RENAME,) if renames else ()), Choice.REPLACE)

    def _state(self, table: StoredTable, row: Row) -> tuple[str, bool]:
        """Return the key that is missing for the values, and whether they are damaged."""
        if not all(str(row[name]).startswith(f"{FORMAT}.") for name in table.secret):
            return "", True  # only someone without the seed puts the hash of a password into a backup as it is
        for name, place in places(table, row):
            try:
                self._envelope.open(place, row[name])
            except LockedError:
                return sealed_key_id(row[name]), False
            except DamagedError:
                return "", True
        return "", False


def places(table: StoredTable, row: Row) -> list[tuple[str, Any]]:
    """Return column and place of each sealed value of a row in a backup."""
    found = [(column.name, column.place(row)) for column in table.sealed]
    found += [(name, place_in_backup(table.name, row["id"], name)) for name in table.secret]
    return [(name, place) for name, place in found if str(row[name]).startswith(f"{FORMAT}.")]


class Here:
    """What the store has of one table, without values."""

    def __init__(self, database: Database, table: StoredTable) -> None:
        self._table = table
        self._versions: dict[str, tuple[Any, ...]] = {}
        self._names: dict[tuple[Any, ...], str] = {}
        for rows in batches(database, table):
            for row in rows:
                self._versions[row["id"]] = self._version(row)
                if table.unique:
                    self._names[self._name(row)] = row["id"]

    def clash(self, row: Row) -> Clash:
        """Return what stands in the way of a row."""
        if row["id"] in self._versions:
            return Clash.SAME if self._versions[row["id"]] == self._version(row) else Clash.OTHER
        return Clash.NAME if self._table.unique and self._name(row) in self._names else Clash.NONE

    def _name(self, row: Row) -> tuple[Any, ...]:
        return tuple(row[column] for column in self._table.unique)

    def _version(self, row: Row) -> tuple[Any, ...]:
        """Return what tells two versions of a record apart, without what a check or a rotation changes."""
        columns = self._table.columns
        if "version" in columns:
            return (row["version"], row.get("changed"), row[self._table.title])
        closed = {column.name for column in self._table.sealed} | set(self._table.secret)
        return tuple(str(row[name]) for name in columns if name not in closed)

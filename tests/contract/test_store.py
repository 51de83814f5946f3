"""Every table is declared, every sealed column is declared with its place, and nothing else holds a sealed value."""

from __future__ import annotations

import ast
from pathlib import Path

from peewee import SqliteDatabase

from webapp.core.store.declared import Role
from webapp.core.store.migrations import migrate
from webapp.core.store.registry import NOT_OURS, TABLES

OF_BACKUPS = {"place_of_backup", "place_in_backup"}
"""Places in a file, not in a row."""

STORE = Path(__file__).parents[2] / "webapp/core/store"


def test_every_table_and_column_is_declared() -> None:
    database = SqliteDatabase(":memory:")
    migrate(database, postgres=False)
    columns = {name: {column.name for column in database.get_columns(name)} for name in database.get_tables()}
    assert columns.keys() - NOT_OURS == {table.name for table in TABLES}, "declare the table in store/registry.py"
    for table in TABLES:
        assert columns[table.name] == set(table.columns), table.name
        for column in table.sealed:
            assert {column.name, *column.reads} <= columns[table.name], table.name
        assert {*table.key, *table.secret, *table.unique} <= columns[table.name], table.name


def test_what_is_backed_up_has_a_name_for_people() -> None:
    for table in TABLES:
        assert table.role is Role.HERE or table.label, table.name
        assert table.role is not Role.CONTENT or table.title in table.columns, table.name


def test_a_place_is_made_where_it_is_declared() -> None:
    """A column's place is made by one function, so that rotation and restore bind values as everyone else does."""
    declared = {column.place.__name__ for table in TABLES for column in table.sealed}
    for path in STORE.rglob("*.py"):
        for function in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)):
            makes = any(
                isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Place"
                for node in ast.walk(function)
            )
            assert not makes or function.name in declared | OF_BACKUPS, (
                f"{path.name}: {function.name} is no declared place"
            )


def test_the_order_puts_parents_first() -> None:
    names = [table.name for table in TABLES]
    for place, table in enumerate(TABLES):
        assert table.parent is None or table.parent[0] in names[:place], table.name

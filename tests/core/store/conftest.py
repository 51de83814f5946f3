"""A fresh store on each database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from servers.kinds.database import empty_database

from webapp.core.store import KeyRing, Store, open_store
from webapp.core.store.registry import declared_columns, sealed_in


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    return empty_database(request.getfixturevalue("postgres"))


@pytest.fixture
def reopen(database: str, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Opens the store, again and again."""
    opened: list[Store] = []

    def go() -> Store:
        opened.append(open_store(database, KeyRing.from_file(tmp_path / "seed.json", create=True)))
        return opened[-1]

    yield go
    if opened:
        everything_sealed_is_declared(opened[-1])
    for store in opened:
        store.close()


def everything_sealed_is_declared(store: Store) -> None:
    """Nothing that a test has written is sealed in a column that rotation and backup would not know."""
    undeclared = sealed_in(store._database).keys() - declared_columns()
    assert not undeclared, f"declare the sealed columns {undeclared} in webapp/core/store/registry.py"


@pytest.fixture
def store(reopen: Callable[[], Store]) -> Store:
    return reopen()

"""A store of its own for each test, whose connections to vendors end at the fake internet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.fake_internet.starting import Internet

from webapp.core.oauth.service import LoginService
from webapp.core.store import KeyRing, Store, open_store


@pytest.fixture(autouse=True)
def reach(internet: Internet, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in internet.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(f"sqlite:///{tmp_path}/s.db", KeyRing.from_file(tmp_path / "seed.json", create=True))
    yield made
    made.close()


@pytest.fixture
def logins(store: Store) -> LoginService:
    return LoginService(store)

"""The API of the real app on a real server, used by a program with a token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from pages.conftest import Site, served

from webapp.core.store.access.api_tokens import Scope

BASE = "/api/v1"
Program = Callable[..., httpx.Client]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A fresh app."""
    with served(tmp_path) as made:
        yield made


@pytest.fixture
def admin(site: Site) -> Site:
    """The same, with somebody logged in by a browser."""
    site.set_up()
    return site


@pytest.fixture
def program(site: Site) -> Iterator[Program]:
    """Makes a client with a token that has these scopes; all of them when none is named."""
    made: list[httpx.Client] = []

    def client(*scopes: Scope) -> httpx.Client:
        name = f"program {len(made)}"
        _, text = site.runtime.store.api_tokens.make(name, scopes or tuple(Scope), days=1, by="admin")
        headers = {"Authorization": f"Bearer {text}"}
        made.append(httpx.Client(base_url=site.address + BASE, headers=headers, trust_env=False, timeout=60))
        return made[-1]

    yield client
    for one in made:
        one.close()


@pytest.fixture
def api(program: Program) -> httpx.Client:
    """A program that may do everything."""
    return program()

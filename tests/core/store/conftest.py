"""A fresh store on each database."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from webapp.core.store import KeyRing, Store, open_store


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A private PostgreSQL cluster; gives the address of its server, to be completed by a database's name."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found or os.getuid():
        reason = "PostgreSQL of Debian, started by root as the user postgres, is missing"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    place = Path("/tmp") / f"bc-pg-{secrets.token_hex(4)}"
    place.mkdir()
    shutil.chown(place, "postgres")
    programs = found[-1].parent
    as_postgres = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": True, "cwd": place}
    make = ["-D", place / "d", "-U", "test", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"]
    subprocess.run([*as_postgres, programs / "initdb", *make], **quiet)  # noqa: PLW1510  `quiet` has it
    options = f"-c listen_addresses='' -k {place} -c fsync=off -c max_connections=200"
    control = [*as_postgres, programs / "pg_ctl", "-w", "-D", place / "d"]
    subprocess.run([*control, "-o", options, "-l", place / "log", "start"], **quiet)  # noqa: PLW1510  as above
    yield f"host={place}"
    subprocess.run([*control, "-m", "immediate", "stop"], **quiet)  # noqa: PLW1510  as above
    shutil.rmtree(place)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    server = request.getfixturevalue("postgres")
    name = f"t{secrets.token_hex(6)}"
    with psycopg.connect(f"{server} user=test dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"postgresql://test@/{name}?{server}"


@pytest.fixture
def reopen(database: str, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Opens the store, again and again."""
    opened: list[Store] = []

    def go() -> Store:
        opened.append(open_store(database, KeyRing.from_file(tmp_path / "seed.json", create=True)))
        return opened[-1]

    yield go
    for store in opened:
        store.close()


@pytest.fixture
def store(reopen: Callable[[], Store]) -> Store:
    return reopen()

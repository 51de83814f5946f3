"""PostgreSQL as a private cluster on a socket."""

from __future__ import annotations

import secrets
import shutil
import subprocess
from functools import partial
from pathlib import Path

import psycopg

from servers.runs import Run, command, lack, need_root

FAST = ("listen_addresses=", "fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300")
"""Nothing of it has to survive the run."""


def postgres(run: Run, place: Path) -> str:
    """Start PostgreSQL; return `host=FOLDER`, with a user `test` who needs no password."""
    need_root("start PostgreSQL as the user postgres")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        lack("PostgreSQL is not installed")
    shutil.chown(place, "postgres")
    programs = found[-1].parent
    as_postgres = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
    make = ["-D", place / "d", "-U", "test", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"]
    command(*as_postgres, programs / "initdb", *make)
    options = [part for option in FAST for part in ("-c", option)]
    run.start(
        [*as_postgres, programs / "postgres", "-D", place / "d", "-k", place, *options],
        ready=partial(accepts, programs, place),
        log=place.parent / "postgres.log",
    )
    return f"host={place}"


def accepts(programs: Path, place: Path) -> bool:
    """Tell whether it accepts connections."""
    try:
        command(programs / "pg_isready", "-q", "-h", place, "-U", "test", "-d", "postgres")
    except subprocess.CalledProcessError:
        return False
    return True


def empty_database(server: str) -> str:
    """Make a database and return its address as the settings take it."""
    name = f"t{secrets.token_hex(6)}"
    with psycopg.connect(f"{server} user=test dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"postgresql://test@/{name}?{server}"

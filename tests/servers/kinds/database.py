"""PostgreSQL as a private cluster on a socket."""

from __future__ import annotations

import secrets
import shutil
import subprocess
from functools import partial
from pathlib import Path

import psycopg

from servers.runs import Run, command, lack, need_root

FAST = ("listen_addresses=", "fsync=off", "full_page_writes=off", "max_connections=300")
"""The run need not survive the machine; what was answered survives a kill, as commits are waited for."""
AS_POSTGRES = ("setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups")


def postgres(run: Run, place: Path) -> str:
    """Make and start a PostgreSQL; return `host=FOLDER`, with a user `test` who needs no password."""
    need_root("start PostgreSQL as the user postgres")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        lack("PostgreSQL is not installed")
    shutil.chown(place, "postgres")
    make = ["-D", place / "d", "-U", "test", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"]
    command(*AS_POSTGRES, found[-1].parent / "initdb", *make)
    start(run, place)
    return f"host={place}"


def start(run: Run, place: Path) -> None:
    """Start the PostgreSQL that was made in a folder."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin/initdb")).parent
    options = [part for option in FAST for part in ("-c", option)]
    run.start(
        [*AS_POSTGRES, programs / "postgres", "-D", place / "d", "-k", place, *options],
        ready=partial(accepts, programs, place),
        log=place.parent / "postgres.log",
    )


def kill(run: Run, place: Path) -> None:
    """Kill the PostgreSQL of a folder at once."""
    run.stop(int((place / "d/postmaster.pid").read_text().split()[0]))


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

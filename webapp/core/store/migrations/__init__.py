"""The schema, step by step. A step runs once, in one transaction together with the row that records it.

A step only adds: tables, and columns with a default. Where several servers share a store, those of the version before go
on with it during a rolling update, and what they write must be taken (a test writes it).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from peewee import Database, OperationalError

from webapp.core.errors import PermanentError
from webapp.core.store.migrations import (
    m0001_initial,
    m0003_repositories,
    m0004_ssh,
    m0005_logins,
    m0006_audit,
    m0007_cluster,
    m0008_api_tokens,
)
from webapp.core.store.models import now, stamp


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: its number, what it does, and the SQL statements it runs."""

    number: int
    name: str
    run: Callable[[Database], None]


MIGRATIONS = (
    Migration(1, "initial", m0001_initial.run),
    Migration(3, "repositories", m0003_repositories.run),
    Migration(4, "ssh", m0004_ssh.run),
    Migration(5, "logins", m0005_logins.run),
    Migration(6, "audit", m0006_audit.run),
    Migration(7, "cluster", m0007_cluster.run),
    Migration(8, "API tokens", m0008_api_tokens.run),
)
"""In order; numbers never change once released."""

RECORD = "CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied TEXT NOT NULL)"
LOCK = 0x6261636B
"""PostgreSQL's advisory lock while a schema is made; SQLite locks the whole file."""


WAIT_MILLISECONDS = 5000
"""How long a step waits for a table that somebody uses. All others wait behind it meanwhile, those that only read too."""
LOCK_NOT_AVAILABLE = "55P03"
"""PostgreSQL's own word for it (https://www.postgresql.org/docs/current/errcodes-appendix.html)."""
IN_USE = (
    "The store could not be brought up to date: somebody, such as a dump of the database, uses its tables. "
    "Nothing was changed. Start again when that has ended."
)


def newest() -> int:
    """Return the number of the newest step that this version knows."""
    return MIGRATIONS[-1].number


def is_newer(database: Database) -> bool:
    """Tell whether a newer version has changed a store that was opened before."""
    ((number,),) = database.execute_sql("SELECT max(number) FROM migration").fetchall()
    return bool(number > newest())


def migrate(database: Database, *, postgres: bool, only: frozenset[int] | None = None) -> None:
    """Bring a database to the newest schema, or to the one that `only` these steps make.

    Raises:
        PermanentError: It was made by a newer version of this program, or its tables are in use for long.
    """
    try:
        _migrate(database, postgres=postgres, only=only)
    except OperationalError as error:
        if getattr(error.__context__, "sqlstate", "") == LOCK_NOT_AVAILABLE:
            raise PermanentError(IN_USE) from None
        raise


def _migrate(database: Database, *, postgres: bool, only: frozenset[int] | None) -> None:
    with database.atomic():
        if postgres:
            database.execute_sql("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            database.execute_sql(f"SET LOCAL lock_timeout = {WAIT_MILLISECONDS}")
        database.execute_sql(RECORD)
        done = {number for (number,) in database.execute_sql("SELECT number FROM migration").fetchall()}
        if max(done, default=0) > newest():
            raise PermanentError("This database was made by a newer version. Install that version or restore a backup.")
        wanted = [step for step in MIGRATIONS if only is None or step.number in only]
        for step in (step for step in wanted if step.number not in done):
            step.run(database)
            mark = "%s" if postgres else "?"
            record = f"INSERT INTO migration (number, name, applied) VALUES ({mark}, {mark}, {mark})"  # noqa: S608
            database.execute_sql(record, (step.number, step.name, stamp(now())))

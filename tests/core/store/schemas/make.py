"""Writes the dump of today's newest schema: `python tests/core/store/schemas/make.py`, once for each new migration.

A dump is plain SQL that SQLite and PostgreSQL both read, with a few rows sealed under the seed beside it. It is never
made again: it stands for the databases that people have from that version. Whoever adds a table writes some rows of it
in `fill` first.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from pathlib import Path

from webapp.core.store import KeyRing, Store, open_store
from webapp.core.verification.states import Result, State

HERE = Path(__file__).parent
SEED = HERE / "seed.json"
SECRET, PASSWORD = "made-up secret/of+tests", "correct horse battery"
VALUES = {"provider": "AWS", "access_key_id": "AKIDMADEUP", "secret_access_key": SECRET, "region": "eu-central-1"}


def fill(store: Store) -> None:
    """Write rows of every kind."""
    accounts = store.accounts
    account = accounts.create_administrator(accounts.setup_code(), "admin", PASSWORD)
    store.sessions.start(account.id, user_agent="a browser", address="127.0.0.1")
    made = store.credentials.add("Nightly ü '€'", "S3", VALUES, by="admin")
    store.credentials.record(made.id, Result(State.VALID, "It works."), version=1)
    store.credentials.record(made.id, Result(State.INVALID, "It went bad.", "secret_access_key"), version=1)
    store.credentials.add("Never checked", "B2", {"account": "a", "key": SECRET}, by="admin")
    store.repositories.secret(made.id, "backups/db", "password", by="admin", given="of the repository")
    store.values.put("made-up:open", {"a": 1})
    store.values.put("made-up:sealed", [SECRET], secret=True)


def dump(database: Path) -> str:
    """Return a database as SQL; booleans are words, as PostgreSQL wants them."""
    with sqlite3.connect(database) as source:
        tables = source.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid").fetchall()
        lines = [f"{sql};" for _, sql in tables]
        for name, sql in tables:
            if sql.startswith("CREATE TABLE"):
                booleans = [column[2] == "BOOLEAN" for column in source.execute(f"PRAGMA table_info({name})")]
                rows = source.execute(f"SELECT * FROM {name}")
                lines += [f"INSERT INTO {name} VALUES ({', '.join(map(literal, row, booleans))});" for row in rows]
    source.close()
    return "\n".join(lines) + "\n"


def literal(value: object, boolean: bool) -> str:
    """Return a value in SQL."""
    if value is None:
        return "NULL"
    if boolean:
        return "TRUE" if value else "FALSE"
    return str(value) if isinstance(value, int | float) else "'" + str(value).replace("'", "''") + "'"


def main() -> int:
    """Write the dump unless it is there."""
    from webapp.core.store.migrations import MIGRATIONS  # noqa: PLC0415  older ones are cut off by the caller

    path = HERE / f"{MIGRATIONS[-1].number:04}.sql"
    if path.exists():
        print(f"{path.name} is there. It stands for databases that people have: it is not made again.")  # noqa: T201
        return 1
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "store.db"
        store = open_store(f"sqlite:///{file}", KeyRing.from_file(SEED, create=False))
        fill(store)
        store.close()
        path.write_text(dump(file), encoding="utf-8")
    print(f"{path.name} was written.")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())

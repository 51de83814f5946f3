"""Writes dump and backup of today's newest schema: `python tests/core/store/schemas/make.py`, once for each migration.

A dump is plain SQL that SQLite and PostgreSQL both read, with a few rows sealed under the seed beside it; the backup is
of the same rows, with that seed under `PASSWORD`. They are never made again: they stand for the databases and the files
that people have from that version. Whoever adds a table writes some rows of it in `fill` first.

The backup of schema 7 was made by the first version that could make one. No version ever wrote one of an older schema:
those here were put together from the dumps, by `python tests/core/store/schemas/make.py 0001.sql` and so on, so that a
backup of any schema is known to be brought to today's.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from webapp.core.store import KeyRing, Store, open_store
from webapp.core.store.backup.manifest import (
    MANIFEST,
    RECORDS,
    Manifest,
    Needed,
    place_in_backup,
    place_of_backup,
)
from webapp.core.store.declared import Role
from webapp.core.store.envelope import FORMAT, Envelope
from webapp.core.store.models import now, stamp
from webapp.core.store.registry import TABLES
from webapp.core.verification.states import Result, State

HERE = Path(__file__).parent
SEED = HERE / "seed.json"
ENVELOPE = Envelope(KeyRing.from_file(SEED, create=False))
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
    store.api_tokens.make("A program", ["read"], days=3660, by="admin")
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


def put_together(dump: Path, target: Path) -> None:
    """Make the backup that a version of an older schema would have made of a dump."""
    source = sqlite3.connect(":memory:")
    source.row_factory = sqlite3.Row
    source.executescript(dump.read_text(encoding="utf-8"))
    records = list(records_of(source))
    lines = b"".join(json.dumps(record).encode() + b"\n" for record in records)
    counts = dict(Counter(table for table, _ in records))
    uses = Counter(re.findall(rf"\"{FORMAT}\.([0-9a-f]{{16}})\.", lines.decode()))
    proofs = {row["id"]: row["proof"] for row in source.execute("SELECT id, proof FROM master_key")}
    keys = {key: Needed(count, proofs[key]) for key, count in uses.items()}
    numbers = tuple(number for (number,) in source.execute("SELECT number FROM migration ORDER BY number"))
    digest = hashlib.sha256(lines).hexdigest()
    proof = ENVELOPE.seal(place_of_backup("0" * 32), digest)
    manifest = Manifest("0" * 32, stamp(now()), "0", numbers, counts, keys, digest, len(lines), seed=False, proof=proof)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(RECORDS, lines)
        archive.writestr(MANIFEST, manifest.to_json())


def records_of(source: sqlite3.Connection) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give what goes into a backup, as that schema has it; hashed passwords are sealed."""
    there = {name for (name,) in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for table in TABLES:
        if table.name not in there or table.role is Role.HERE:
            continue
        for row in map(dict, source.execute(f"SELECT * FROM {table.name}")):
            if table.kept(row):
                sealed = {k: ENVELOPE.seal(place_in_backup(table.name, row["id"], k), row[k]) for k in table.secret}
                yield table.name, {**row, **sealed}


def newest() -> int:
    """Write dump and backup of today's schema unless they are there."""
    from webapp.core.store.migrations import MIGRATIONS  # noqa: PLC0415  older ones are cut off by the caller

    path = HERE / f"{MIGRATIONS[-1].number:04}.sql"
    if path.exists():
        print(f"{path.name} is there. It stands for databases that people have: it is not made again.")  # noqa: T201
        return 1
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "store.db"
        store = open_store(f"sqlite:///{file}", KeyRing.from_file(SEED, create=False))
        fill(store)
        with path.with_suffix(".zip").open("wb") as target:
            store.backups.write(target, passphrase=PASSWORD)
        store.close()
        path.write_text(dump(file), encoding="utf-8")
    print(f"{path.name} and {path.stem}.zip were written.")  # noqa: T201
    return 0


def main() -> int:
    """Write what is missing."""
    for name in sys.argv[1:]:
        put_together(HERE / name, (HERE / name).with_suffix(".zip"))
    return 0 if sys.argv[1:] else newest()


if __name__ == "__main__":
    sys.exit(main())

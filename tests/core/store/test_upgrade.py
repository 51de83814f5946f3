"""Databases of every earlier schema, as people have them, become today's with everything in them."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from core.store.schemas import make
from peewee import PostgresqlDatabase, SqliteDatabase
from playhouse.pool import PooledPostgresqlDatabase
from servers.kinds.database import empty_database

from webapp.core.errors import PermanentError
from webapp.core.store import KeyRing, Store, migrations, open_store
from webapp.core.store.migrations import MIGRATIONS
from webapp.core.store.storage import OUTRUN
from webapp.core.verification.states import State

DUMPS = sorted(make.HERE.glob("*.sql"))


@pytest.fixture
def seed(tmp_path: Path) -> KeyRing:
    """The seed that the dumps were sealed with."""
    return KeyRing.from_file(Path(shutil.copy(make.SEED, tmp_path)), create=False)


def load(dump: Path, database: str) -> None:
    """Put a dump into an empty database."""
    text = dump.read_text(encoding="utf-8")
    if database.startswith("sqlite"):
        opened = SqliteDatabase(database.removeprefix("sqlite:///"))
        opened.connection().executescript(text)
        opened.close()
        return
    with psycopg.connect(database) as connection:
        connection.execute(text.encode())


def tables(store: Store) -> dict[str, Any]:
    """Return every table's columns and indexes, however they came about."""
    database = store._database
    postgres = isinstance(database, PooledPostgresqlDatabase)
    return {
        name: (
            {(one.name, one.null, one.primary_key, one.data_type.lower()) for one in database.get_columns(name)},
            {(tuple(one.columns), one.unique) for one in database.get_indexes(name)},
        )
        for name in database.get_tables(*(["public"] if postgres else []))
    }


@pytest.mark.parametrize("dump", DUMPS, ids=lambda path: path.stem)
def test_everything_is_there_after_the_upgrade(dump: Path, database: str, seed: KeyRing) -> None:
    load(dump, database)
    store = open_store(database, seed)
    assert store.locked is None
    found = store.credentials.find("nightly ü '€'")
    assert dict(found.attributes) == make.VALUES
    assert found.verification
    assert (found.verification.state, found.verification.previous_state) == (State.INVALID, "valid")
    assert found.verification.message == "It went bad."
    assert [bad.id for bad in store.credentials.newly_bad()] == [found.id]
    assert store.credentials.find("never checked").verification is None
    assert store.accounts.check("admin", make.PASSWORD, "127.0.0.1")
    assert store.values.get("made-up:open") == {"a": 1}
    assert store.values.get("made-up:sealed") == [make.SECRET]
    if int(dump.stem) >= 3:
        assert store.repositories.find(found.id, "backups/db", "password") == "of the repository"
    store.credentials.change(found.id, version=1, by="admin", name="Renamed")
    store.credentials.add("New", "S3", make.VALUES, by="admin")
    store.close()


@pytest.mark.parametrize("dump", DUMPS, ids=lambda path: path.stem)
def test_its_tables_are_those_of_a_fresh_database(
    dump: Path, database: str, seed: KeyRing, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    load(dump, database)
    upgraded = open_store(database, seed)
    if database.startswith("sqlite"):
        fresh = open_store(f"sqlite:///{tmp_path}/fresh.db", seed)
        assert tables(upgraded) == tables(fresh)
        fresh.close()
    numbers = [row[0] for row in upgraded._database.execute_sql("SELECT number FROM migration ORDER BY number")]
    assert numbers == [step.number for step in MIGRATIONS]
    upgraded.close()


@pytest.mark.parametrize("dump", DUMPS, ids=lambda path: path.stem)
def test_another_seed_changes_nothing(dump: Path, database: str, tmp_path: Path) -> None:
    load(dump, database)
    wrong = KeyRing({}, "", path=tmp_path / "wrong.json", create=True)
    wrong.fill()
    store = open_store(database, wrong)
    assert store.locked
    assert store.credentials.find("never checked").locked
    store.close()


def test_a_database_of_a_newer_version_is_left_alone(database: str, seed: KeyRing) -> None:
    load(DUMPS[-1], database)
    newer = f"INSERT INTO migration VALUES ({MIGRATIONS[-1].number + 1}, 'later', '2099-01-01T00:00:00.000000')"
    if database.startswith("sqlite"):
        opened = SqliteDatabase(database.removeprefix("sqlite:///"))
        opened.execute_sql(newer)
        opened.close()
    else:
        with psycopg.connect(database) as connection:
            connection.execute(newer.encode())
    with pytest.raises(PermanentError, match="newer version"):
        open_store(database, seed)


@pytest.mark.parametrize("dump", DUMPS, ids=lambda path: path.stem)
def test_what_an_older_version_reads_and_writes_is_taken(dump: Path, database: str, seed: KeyRing) -> None:
    """In a rolling update the pods of the version before go on with the store that the first new one has upgraded."""
    load(dump, database)
    older, store = copied(database), open_store(database, seed)
    opened: Any = store._database
    for name, (columns, rows) in older.items():
        listed, marks = ", ".join(columns), ", ".join([opened.param] * len(columns))
        found = opened.execute_sql(f"SELECT {listed} FROM {name}").fetchall()
        assert set(rows) <= set(found), f"{name}: what is there is read as before"
        opened.execute_sql(f"DELETE FROM {name}")
        for row in rows:
            opened.execute_sql(f"INSERT INTO {name} ({listed}) VALUES ({marks})", row)
    assert dict(store.credentials.find("nightly ü '€'").attributes) == make.VALUES
    store.close()


def copied(database: str) -> dict[str, tuple[list[str], list[tuple[Any, ...]]]]:
    """Return the columns and rows of every table."""
    sqlite = database.startswith("sqlite")
    opened: Any = SqliteDatabase(database[10:]) if sqlite else PostgresqlDatabase(database, prefer_psycopg3=True)
    names = opened.get_tables(*([] if sqlite else ["public"]))
    columns = {name: [one.name for one in opened.get_columns(name)] for name in names}
    made = {
        name: (every, opened.execute_sql(f"SELECT {', '.join(every)} FROM {name}").fetchall())
        for name, every in columns.items()
    }
    opened.close()
    return made


@pytest.mark.parametrize("dump", DUMPS[::3], ids=lambda path: path.stem)
def test_several_that_start_at_once_make_one_upgrade(dump: Path, database: str, seed: KeyRing) -> None:
    load(dump, database)
    with ThreadPoolExecutor(4) as threads:
        stores = [one.result() for one in [threads.submit(open_store, database, seed) for _ in range(4)]]
    assert {store.locked for store in stores} == {None}
    assert stores[-1].credentials.count()
    for store in stores:
        store.close()


def test_a_dump_in_the_way_is_not_waited_for(postgres: str, seed: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that waits for a table holds up everybody: it gives up, changes nothing, and the next start does it."""
    monkeypatch.setattr(migrations, "WAIT_MILLISECONDS", 200)
    database = empty_database(postgres)
    load(make.HERE / "0005.sql", database)
    with psycopg.connect(database) as dumping:
        dumping.execute("LOCK TABLE master_key IN ACCESS SHARE MODE")
        with pytest.raises(PermanentError, match="Nothing was changed"):
            open_store(database, seed)
    open_store(database, seed).close()


def test_a_server_says_that_a_newer_version_has_come(
    database: str, seed: KeyRing, caplog: pytest.LogCaptureFixture
) -> None:
    """Once, and goes on: it is the older one in a rolling update."""
    load(DUMPS[-1], database)
    store = open_store(database, seed)
    store.look_for_newer()
    assert not caplog.records
    store._database.execute_sql(f"INSERT INTO migration VALUES ({MIGRATIONS[-1].number + 1}, 'later', '2099-01-01')")
    store.look_for_newer()
    store.look_for_newer()
    assert [record.message for record in caplog.records] == [OUTRUN]
    assert store.credentials.find("nightly ü '€'")
    store.close()


def test_there_is_a_dump_of_every_schema() -> None:
    missing = {f"{step.number:04}" for step in MIGRATIONS} - {dump.stem for dump in DUMPS}
    assert not missing, f"run python tests/core/store/schemas/make.py for {missing}"

"""Writes a backup: one zip file, all of it as it was at one moment, while others go on writing."""

from __future__ import annotations

import hashlib
import json
import secrets
import zipfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import IO, Any

from peewee import Database, SqliteDatabase

from webapp import __version__
from webapp.core.store.backup.manifest import (
    MANIFEST,
    README,
    RECORDS,
    SEED,
    Manifest,
    Needed,
    place_in_backup,
    place_of_backup,
)
from webapp.core.store.backup.protection import protect
from webapp.core.store.declared import Role, StoredTable
from webapp.core.store.envelope import FORMAT, Envelope, sealed_key_id
from webapp.core.store.keyring import KeyRing
from webapp.core.store.models import now, stamp
from webapp.core.store.registry import TABLES

BATCH = 500
Progress = Callable[[int, int], None]

TEXT = """This is a backup of Backup Credentials.

Restore it on the page Settings > Backup or with `backup-credentials restore FILE`.
records.jsonl holds what was stored; every secret in it is encrypted. manifest.json names the master keys that it needs.
secret-seed.age, if it is here, holds those keys under your passphrase: `age -d secret-seed.age` shows them.
"""


class Writer:
    """Writes one backup.

    Args:
        database: What is backed up.
        envelope: Seals what stands in clear in the database and must not in a file.
    """

    def __init__(self, database: Database, envelope: Envelope) -> None:
        self._database, self._envelope = database, envelope
        self._ring = envelope.ring.copy()
        self._sealing = not envelope.frozen and bool(envelope.ring.primary_id)
        self._id = secrets.token_hex(16)
        self._counts: dict[str, int] = {}
        self._uses: dict[str, int] = {}
        self._digest, self._size = hashlib.sha256(), 0

    def write(self, target: IO[bytes], *, passphrase: str = "", progress: Progress | None = None) -> Manifest:
        """Write the file; the manifest comes last, as it counts the rest.

        Args:
            target: Need not be able to seek.
            passphrase: Puts the key ring in, protected by it.
            progress: Called with how many rows are written, and of how many.
        """
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr(README, TEXT)
            with one_moment(self._database), archive.open(RECORDS, "w", force_zip64=True) as file:
                self._records(file, progress)
                proofs = dict(self._database.execute_sql("SELECT id, proof FROM master_key", ()).fetchall())
                steps = self._database.execute_sql("SELECT number FROM migration ORDER BY number", ()).fetchall()
            if passphrase:
                archive.writestr(SEED, protect(self._keys(), passphrase), zipfile.ZIP_STORED)
            manifest = self._manifest(proofs, tuple(number for (number,) in steps), seed=bool(passphrase))
            archive.writestr(MANIFEST, manifest.to_json())
        return manifest

    def _keys(self) -> KeyRing:
        """Return the ring with every key of the records: one may have been added, or retired, while they were read."""
        self._envelope.follow()
        self._ring.take(self._envelope.ring)
        return self._ring

    def _manifest(self, proofs: dict[str, str], migrations: tuple[int, ...], *, seed: bool) -> Manifest:
        digest = self._digest.hexdigest()
        return Manifest(
            id=self._id,
            made=stamp(now()),
            version=__version__,
            migrations=migrations,
            counts=self._counts,
            keys={key: Needed(count, proofs.get(key, "")) for key, count in sorted(self._uses.items())},
            sha256=digest,
            size=self._size,
            seed=seed,
            proof=self._envelope.seal(place_of_backup(self._id), digest) if self._sealing else "",
        )

    def _records(self, file: IO[bytes], progress: Progress | None) -> None:
        wanted = [table for table in TABLES if table.role is not Role.HERE and (self._sealing or not table.secret)]
        total = sum(count(self._database, table) for table in wanted)
        done = 0
        for table in wanted:
            for rows in batches(self._database, table):
                kept = [row for row in rows if table.kept(row)]
                for row in kept:
                    self._line(file, table, self._closed(table, row))
                self._counts[table.name] = self._counts.get(table.name, 0) + len(kept)
                done += len(rows)
                if progress:
                    progress(done, total)

    def _line(self, file: IO[bytes], table: StoredTable, row: dict[str, Any]) -> None:
        for name in (*(column.name for column in table.sealed), *table.secret):
            if str(row[name]).startswith(f"{FORMAT}."):
                key = sealed_key_id(row[name])
                self._uses[key] = self._uses.get(key, 0) + 1
        line = json.dumps([table.name, row]).encode() + b"\n"
        self._digest.update(line)
        self._size += len(line)
        file.write(line)

    def _closed(self, table: StoredTable, row: dict[str, Any]) -> dict[str, Any]:
        """Seal what stands in clear in the database only because log-ins need it while the store is locked."""
        sealed = {
            name: self._envelope.seal(place_in_backup(table.name, row["id"], name), row[name]) for name in table.secret
        }
        return {**row, **sealed}


@contextmanager
def one_moment(database: Database) -> Generator[None]:
    """Let everything that is read inside be of one moment, without holding up anyone."""
    sqlite = isinstance(database, SqliteDatabase)
    with database.atomic("DEFERRED") if sqlite else database.atomic():
        if not sqlite:
            database.execute_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def count(database: Database, table: StoredTable) -> int:
    """Return how many rows a table has."""
    return int(database.execute_sql(f"SELECT COUNT(*) FROM {table.name}", ()).fetchone()[0])  # noqa: S608  our own names


def batches(database: Database, table: StoredTable) -> Iterator[list[dict[str, Any]]]:
    """Give all rows of a table by its key, some at a time."""
    mark = "?" if isinstance(database, SqliteDatabase) else "%s"
    keys, last = ", ".join(table.key), ()
    while True:
        after = f"WHERE ({keys}) > ({', '.join(mark for _ in table.key)})" if last else ""
        query = f"SELECT {', '.join(table.columns)} FROM {table.name} {after} ORDER BY {keys} LIMIT {BATCH}"  # noqa: S608
        rows = [dict(zip(table.columns, row, strict=True)) for row in database.execute_sql(query, last).fetchall()]
        if not rows:
            return
        yield rows
        last = tuple(rows[-1][key] for key in table.key)

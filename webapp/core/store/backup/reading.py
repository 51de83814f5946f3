"""Opens a backup: looks at every part of it before anything is believed, and brings its records to today's schema."""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any

from peewee import PeeweeException, SqliteDatabase

from webapp.core.store.backup.manifest import MANIFEST, RECORDS, SEED, BackupError, Manifest, place_of_backup
from webapp.core.store.backup.protection import unprotect
from webapp.core.store.backup.writing import batches
from webapp.core.store.declared import StoredTable
from webapp.core.store.envelope import Envelope
from webapp.core.store.faults import DamagedError, LockedError
from webapp.core.store.keyring import KeyRing
from webapp.core.store.migrations import MIGRATIONS, migrate

LARGEST = 2 * 1024**3
"""Bytes of records that are unpacked at most; a million credentials fit."""
SMALL = 4 * 1024**2
"""Bytes at most of the manifest, of the seed and of one record."""
RATIO = 100
"""How many times larger than packed the records may be; ours are 3 to 20 times."""

DAMAGED = "This backup is damaged: it was cut off or changed. Take another copy of it."
Progress = Callable[[int, int], None]
OFTEN = 64
"""Records between two words on how far it is."""
VALUES = (str, int, float, bool)


class Backup:
    """An opened backup; nothing of it is in the store yet. Use it in one thread and close it.

    Attributes:
        manifest: What it says about itself.
        ring: Its keys, once its passphrase was given.
    """

    def __init__(self, source: IO[bytes], progress: Progress | None = None) -> None:
        """Read and check a file.

        Args:
            source: Has to be able to seek.
            progress: Called with how many bytes of records are read, and of how many.

        Raises:
            BackupError: It is none, damaged, too large, or of a newer version.
        """
        self.ring: KeyRing | None = None
        self.database = SqliteDatabase("file:", uri=True, pragmas={"journal_mode": "off", "synchronous": 0})
        try:
            with zipfile.ZipFile(source) as archive:
                self.manifest = Manifest.from_json(_small(archive, MANIFEST))
                self._seed = _small(archive, SEED) if self.manifest.seed else b""
                self._load(archive, progress)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, NotImplementedError, RuntimeError):
            self.close()
            raise BackupError(DAMAGED if _is_zip(source) else "This is no backup of Backup Credentials.") from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Forget what was read."""
        self.database.close()

    def unlock(self, passphrase: str) -> None:
        """Open the key ring that is in it.

        Raises:
            BackupError: There is none.
            SeedError: The passphrase is wrong.
        """
        if not self._seed:
            raise BackupError("There is no secret seed in this backup, so it needs no passphrase.", field="passphrase")
        self.ring = unprotect(self._seed, passphrase)

    def rows(self, table: StoredTable) -> Iterator[dict[str, Any]]:
        """Give the rows of a table, in today's schema."""
        for rows in batches(self.database, table):
            yield from rows

    def check_proof(self, envelope: Envelope) -> bool | None:
        """Tell whether everything is as it was written, or nothing when that needs a key that is not here.

        Raises:
            BackupError: It was changed by someone.
        """
        if not self.manifest.proof:
            return None
        try:
            same = envelope.open(place_of_backup(self.manifest.id), self.manifest.proof) == self.manifest.sha256
        except LockedError:
            return None
        except DamagedError:
            same = False
        if not same:
            raise BackupError("This backup was changed after it was made. Take another copy of it.")
        return True

    def _load(self, archive: zipfile.ZipFile, progress: Progress | None) -> None:
        known, made = {step.number for step in MIGRATIONS}, set(self.manifest.migrations)
        if not made or made - known:
            raise BackupError("This backup was made by a newer version. Install that version first.")
        if self.manifest.size > LARGEST:
            raise BackupError("This backup is too large: it unpacks to more than 2 GiB.")
        migrate(self.database, postgres=False, only=frozenset(made))
        for name in self.database.get_tables():
            if name != "migration":
                self.database.execute_sql(f'DELETE FROM "{name}"')  # noqa: S608  names of the schema
        with self.database.atomic():
            self._fill(archive, progress)
        migrate(self.database, postgres=False)

    def _fill(self, archive: zipfile.ZipFile, progress: Progress | None) -> None:
        columns = {name: {one.name for one in self.database.get_columns(name)} for name in self.database.get_tables()}
        counts: dict[str, int] = {}
        for line in _told(_lines(archive, self.manifest), self.manifest.size, progress):
            table, row = _record(line, columns)
            names = ", ".join(row)
            marks = ", ".join("?" for _ in row)
            query = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608  both were looked up in the schema
            try:
                self.database.execute_sql(query, tuple(row.values()))
            except PeeweeException:
                raise BackupError(DAMAGED) from None
            counts[table] = counts.get(table, 0) + 1
        if counts != {table: count for table, count in self.manifest.counts.items() if count}:
            raise BackupError(DAMAGED)


def seed_of(source: IO[bytes]) -> bytes:
    """Return the protected seed in a backup; empty when it is none, or has none."""
    try:
        with zipfile.ZipFile(source) as archive:
            return _small(archive, SEED)
    except (zipfile.BadZipFile, KeyError):
        source.seek(0)
        return b""


def _is_zip(source: IO[bytes]) -> bool:
    source.seek(0)
    return source.read(4) == b"PK\x03\x04"


def _small(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        data = file.read(SMALL + 1)
    if len(data) > SMALL:
        raise BackupError(DAMAGED)
    return data


def _lines(archive: zipfile.ZipFile, manifest: Manifest) -> Iterator[bytes]:
    """Give the records line by line; what unpacks to more than it says, or to another content, is refused."""
    packed = archive.getinfo(RECORDS).compress_size
    digest, size = hashlib.sha256(), 0
    with archive.open(RECORDS) as file:
        while line := file.readline(SMALL):
            digest.update(line)
            size += len(line)
            if size > manifest.size or size > RATIO * packed + SMALL or not line.endswith(b"\n"):
                raise BackupError(DAMAGED)
            yield line
    if (digest.hexdigest(), size) != (manifest.sha256, manifest.size):
        raise BackupError(DAMAGED)


def _told(lines: Iterator[bytes], size: int, progress: Progress | None) -> Iterator[bytes]:
    """Give lines on, and tell how far it is."""
    done = 0
    for number, line in enumerate(lines):
        if progress and number % OFTEN == 0:
            progress(done, size)
        done += len(line)
        yield line
    if progress:
        progress(done, size)


def _record(line: bytes, columns: dict[str, set[str]]) -> tuple[str, dict[str, Any]]:
    table, row = "", dict[str, Any]()
    try:
        table, row = json.loads(line)
        fits = set(row) <= columns[table] and all(isinstance(value, VALUES) for value in row.values())
    except (ValueError, TypeError, KeyError):
        fits = False
    if not fits or table == "migration":
        raise BackupError(DAMAGED)
    return table, row

"""Opens the database and puts the parts of the store together."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from peewee import Database, DatabaseError, InterfaceError, OperationalError, ProgrammingError
from playhouse.pool import PooledDatabase, PooledPostgresqlDatabase, PooledSqliteDatabase

from webapp.core.errors import PermanentError
from webapp.core.store.access.accounts import Accounts
from webapp.core.store.access.api_tokens import ApiTokens
from webapp.core.store.access.sessions import IDLE, Sessions
from webapp.core.store.audit import Action, Audit
from webapp.core.store.audit.reading import AuditLog
from webapp.core.store.backup import Backups
from webapp.core.store.cluster import ClusterCredentials, GeneratedSecrets, Publications
from webapp.core.store.credentials import Credentials
from webapp.core.store.drivers import give_postgres
from webapp.core.store.envelope import Envelope, Place
from webapp.core.store.faults import DamagedError, SeedError, fault_of, in_reach
from webapp.core.store.keyring import KeyRing
from webapp.core.store.keys import Keys
from webapp.core.store.keyvalues import Values
from webapp.core.store.locks import Locks
from webapp.core.store.logins import Apps, Flows, Logins
from webapp.core.store.migrations import is_newer, migrate
from webapp.core.store.models import Tables, now, place_of_proof, stamp
from webapp.core.store.repositories import Repositories
from webapp.core.store.sealing import SealingKeys
from webapp.core.store.ssh import SshEntries

LOG = logging.getLogger(__name__)
OUTRUN = (
    "A newer version has brought the store up to date. This server goes on with what it knows until it is ended; "
    "started anew it would refuse the store."
)
PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "full",  # a saved credential is on the disk, also when the power fails
    "foreign_keys": 1,
    "busy_timeout": 10_000,
    "secure_delete": 1,
}
WRITING = "IMMEDIATE"
"""A transaction takes the lock for writing at its beginning. One that reads first and writes then is refused at once,
without waiting, when someone else has written in between (https://www.sqlite.org/rescode.html#busy_snapshot)."""
CONNECTIONS = 20
SQLITE = "sqlite:///"
POSTGRES = ("postgresql://", "postgres://")


@dataclass(frozen=True, slots=True)
class LockedReason:
    """Why values cannot be read: a sentence, and the ids of the master keys that are missing."""

    message: str
    missing: tuple[str, ...]


class Store:
    """The encrypted store. Safe to use from any thread; each thread has its own connection.

    Attributes:
        locked: Nothing, or why values cannot be read.
    """

    def __init__(self, database: Database, key_ring: KeyRing, *, idle: timedelta = IDLE) -> None:
        self._database = database
        tables = Tables(database)
        self._keys: Any = tables.master_key
        self._ring = key_ring
        self.locked: LockedReason | None = None
        self._envelope = Envelope(key_ring, self._look)
        self.values = Values(tables, self._envelope)
        self.audit = Audit(tables, self.values)
        self.audit_log = AuditLog(self.audit)
        self.credentials = Credentials(tables, self._envelope, self.audit)
        self.accounts = Accounts(tables, self.audit)
        self.sessions = Sessions(tables, idle)
        self.api_tokens = ApiTokens(tables, self.audit)
        self.locks = Locks(tables)
        self.repositories = Repositories(tables, self._envelope, self.audit)
        self.apps = Apps(tables, self._envelope, self.audit)
        self.flows = Flows(tables, self._envelope)
        self.logins = Logins(tables, self._envelope)
        self.ssh = SshEntries(tables, self._envelope, self.audit)
        self.cluster = ClusterCredentials(tables, self._envelope, self.values, self.audit)
        self.publications = Publications(tables, self.audit)
        self.generated = GeneratedSecrets(tables, self._envelope, self.audit)
        self.sealing = SealingKeys(tables, self._envelope, self.audit)
        self.keys = Keys(tables, self._envelope, self.audit, self.locks, self._meet_keys)
        self.backups = Backups(database, self._envelope, self.audit, self.values)
        self._outrun = False
        self._meet_keys()

    def _meet_keys(self) -> None:
        """Compare the ring with the keys that the database needs; a fresh database gets the first key."""
        needed = self._needed()
        if not needed:
            self._ring.fill()
        # A key is written to the file before the database names it: with the names known, the file is looked at again.
        self._ring.read_again()
        self._ring.follow()
        self._compare_keys(needed)
        if self.locked:
            return
        if self._ring.primary_id not in needed:
            self._add_key(self._ring.primary_id)
        self.audit.ready()

    def _needed(self) -> dict[str, str]:
        """Return the proof of each key that has to be here, by its id."""
        return {row.id: row.proof for row in self._keys.select().where(~self._keys.awaited)}

    def _newest(self) -> str:
        """Return the key that was the primary one when the store was open last; none in a fresh database."""
        row = self._keys.get_or_none(self._keys.replaced == "", ~self._keys.awaited)
        return row.id if row else ""

    def _look(self) -> None:
        self._compare_keys(self._needed())

    def _compare_keys(self, needed: Mapping[str, str]) -> None:
        """Lock the store when the ring lacks a key that the database needs, and open it when it has all of them."""
        missing = tuple(identifier for identifier, proof in needed.items() if not self._proven(identifier, proof))
        self._envelope.frozen = bool(missing)
        why = _missing(missing) or ("" if self._ring.primary_id else self._ring.lack)
        self.locked = LockedReason(f"The store is locked: {why}", missing) if why else None

    def _proven(self, identifier: str, proof: str) -> bool:
        if self._ring.key(identifier) is None:
            return False
        try:
            return self._envelope.open(_proof(identifier), proof) == identifier
        except DamagedError:
            return False

    def _add_key(self, identifier: str) -> None:
        """Name a new primary key; the others are replaced by it, and one that was waited for is a primary key now."""
        proof, keys, at = self._envelope.seal(_proof(identifier), identifier), self._keys, stamp(now())
        row = keys.insert(id=identifier, proof=proof, created=at)
        with self.together():
            row.on_conflict(conflict_target=[keys.id], update={keys.proof: proof, keys.awaited: False}).execute()
            keys.update(replaced=at).where(keys.id != identifier, keys.replaced == "").execute()

    def look_for_seed(self) -> bool:
        """While locked, look whether the seed's file has come or changed: a Secret that is made late is mounted later.

        Returns:
            Whether the store is open.
        """
        if self.locked and self._envelope.follow():
            self._meet_keys()
        return self.locked is None

    def unlock(self, seed_text: str) -> None:
        """Take a seed and open with it. A ring that came from a file keeps it.

        Raises:
            SeedError: It is no seed, or not the one that is missing.
        """
        with self.audit.failures(Action.SEED, detail={"what": "unlock"}):
            self._unlocked(KeyRing.from_text(seed_text))

    def _unlocked(self, given: KeyRing) -> None:
        missing = self.locked.missing if self.locked else ()
        if not self.locked or (missing and not set(missing) & set(given.ids)):
            needed = f"Needed is {', '.join(missing)}." if missing else "None is needed: the store is open."
            raise SeedError(f"This seed has the key {', '.join(given.ids)}. {needed}", field="seed")
        lead = given.primary_id == self._newest() or self._ring.primary_id not in self._needed()
        self._ring.take(given, lead=lead)
        self._meet_keys()
        self.audit.note(Action.SEED, name=", ".join(given.ids), detail={"what": "unlocked"})

    def together(self) -> AbstractContextManager[Any]:
        """Return a context in which all that is written is kept together, or nothing when it ends by an error."""
        return cast("AbstractContextManager[Any]", self._database.atomic())

    def trouble(self) -> str:
        """Ask the database something small; return what a person is told when it does not answer."""
        try:
            self._keys.select().exists()
        except DatabaseError as error:
            self.reconnect()
            return str(fault_of(error) or "The database cannot be read.")
        return ""

    def look_for_newer(self) -> None:
        """Say once in the log when a newer version has changed the store meanwhile, as in a rolling update.

        Raises:
            TransientError: The database does not answer.
        """
        with in_reach():
            newer = not self._outrun and is_newer(self._database)
        if newer:
            self._outrun = True
            LOG.warning(OUTRUN)

    def reconnect(self) -> None:
        """Let connections go that nobody uses: those to a database that was restarted are of no use any more."""
        _pool(self._database).close_idle()

    def release(self) -> None:
        """Give this thread's connection back, at the end of a request."""
        if not self._database.is_closed():
            self._database.close()

    def close(self) -> None:
        """Close every connection."""
        _pool(self._database).close_all()


def _proof(identifier: str) -> Place:
    return place_of_proof({"id": identifier})


def _missing(keys: tuple[str, ...]) -> str:
    named = f"{'key' if len(keys) == 1 else 'keys'} {', '.join(keys)}"
    return f"the secret seed with the {named} is missing. Nothing is lost; give it." if keys else ""


def open_store(database: str, key_ring: KeyRing, *, idle: timedelta = IDLE) -> Store:
    """Open a store by its address, `sqlite:////absolute/file.db` or `postgresql://user:password@host/name`.

    Raises:
        PermanentError: The address is none, or the database cannot be opened; no password is repeated.
    """
    postgres = database.startswith(POSTGRES)
    opened = _postgres(database) if postgres else _sqlite(database)
    try:
        _connect(opened)
        return _ready(opened, key_ring, idle, postgres=postgres)
    except OperationalError as error:
        where = (urlsplit(database).hostname or "its socket") if postgres else database.removeprefix(SQLITE)
        raise PermanentError(
            f"The database at {where} cannot be opened. Is it there, and may it be written?"
        ) from error


class Sqlite(PooledSqliteDatabase):  # pyright: ignore[reportUntypedBaseClass]  peewee has no types for its pools
    """Takes every text, whatever letters are in it."""

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        """Run a statement."""
        return super().execute_sql(sql, storable(params))


class Postgres(PooledPostgresqlDatabase):  # pyright: ignore[reportUntypedBaseClass]  as above
    """Takes every text, and lets a connection go that its server has ended: a thread would fail with it for ever."""

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        """Run a statement."""
        try:
            return super().execute_sql(sql, storable(params))
        except (OperationalError, InterfaceError):
            if not (self.is_closed() or self.in_transaction()) and self.connection().closed:
                self.manual_close()
            raise


def storable(params: Sequence[Any] | None) -> Sequence[Any] | None:
    """Return what stands in for the values of a statement: NUL and halves of letters, which no database takes, replaced.

    They come with what somebody looks for, such as a name in an address or on a command line; nothing is called so.
    """
    return [_whole(value) if isinstance(value, str) else value for value in params] if params else params


def _whole(text: str) -> str:
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()


def _connect(opened: Database) -> None:
    try:
        opened.connect()
    except ProgrammingError:  # its text repeats parts of the address
        raise PermanentError(
            "The address of the database cannot be understood. In its user and its password, write % as %25, @ as %40 "
            "and / as %2F."
        ) from None


def _ready(opened: Database, key_ring: KeyRing, idle: timedelta, *, postgres: bool) -> Store:
    """Return the store on a database of today's schema; one that cannot be used is closed again."""
    try:
        migrate(opened, postgres=postgres)
        return Store(opened, key_ring, idle=idle)
    except BaseException:
        _pool(opened).close_all()
        raise


def _sqlite(address: str) -> Database:
    if not address.startswith(SQLITE):
        raise PermanentError("A database is sqlite:////absolute/file.db or postgresql://user:password@host/name.")
    path = Path(address.removeprefix(SQLITE))
    if not path.exists():
        path.touch(mode=0o600)
    # A pool: opening a file, setting it up and warming its cache again would cost each request some milliseconds.
    return cast(
        "Database",
        Sqlite(str(path), pragmas=PRAGMAS, max_connections=0, check_same_thread=False, lock_type=WRITING),
    )


def _postgres(address: str) -> Database:
    """Let psycopg 3 read the address itself; options such as sslmode stay in it."""
    give_postgres()
    options: dict[str, Any] = {"prefer_psycopg3": True, "max_connections": CONNECTIONS, "timeout": 10}
    return cast("Database", Postgres(address.replace("postgres://", "postgresql://", 1), **options))


def _pool(database: Database) -> PooledDatabase:
    return cast("PooledDatabase", database)

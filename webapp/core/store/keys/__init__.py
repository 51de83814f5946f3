"""The master keys in use: rotation, retirement, a seed that comes later, and a seed that never comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import Database, SqliteDatabase

from webapp.core.errors import NotFoundError, PermanentError
from webapp.core.store.audit import AUDIT_KEY, Action, Audit
from webapp.core.store.declared import Role, StoredTable
from webapp.core.store.envelope import FORMAT, Envelope
from webapp.core.store.faults import SeedError
from webapp.core.store.keyring import KeyRing
from webapp.core.store.keys.moving import Moving, Progress
from webapp.core.store.keys.rewrap import BATCH, under, uses
from webapp.core.store.locks import Locks
from webapp.core.store.models import Tables, moment, now, place_of_proof, stamp
from webapp.core.store.registry import TABLES, sealed_in

GRACE = timedelta(minutes=10)
"""A key stays at least so long after another one took its place: what was being saved then is in the database by then."""


@dataclass(frozen=True, slots=True)
class MasterKey:
    """One master key.

    Attributes:
        id: Its id; the key itself is never shown.
        present: Whether the ring here has it.
        primary: Whether it seals what is saved now.
        uses: How many sealed values need it.
        awaited: Whether it came with restored records, or was given up as lost: its records wait for it.
        created: When this store met it first; nothing for one that stands in the ring alone.
        replaced: When another key took its place.
    """

    id: str
    present: bool
    primary: bool
    uses: int
    awaited: bool = False
    created: datetime | None = None
    replaced: datetime | None = None

    @property
    def retirable(self) -> bool:
        """Tell whether nothing needs it and it has not been in use for a while."""
        waited = self.replaced is None or now() - self.replaced > GRACE
        return self.present and not self.primary and not self.uses and waited


@dataclass(frozen=True, slots=True)
class LockedRecord:
    """A record whose values wait for a key."""

    table: str
    label: str
    id: str
    name: str
    key: str


class Keys:
    """Looks after the master keys.

    Args:
        tables: The tables.
        envelope: Seals and opens; its ring is the one that is looked after.
        audit: Notes what happens.
        locks: Lets one process wrap at a time.
        meet: Compares ring and database anew, as at the start.
    """

    def __init__(
        self, tables: Tables, envelope: Envelope, audit: Audit, locks: Locks, meet: Callable[[], None]
    ) -> None:
        self._database: Database = tables.database
        self._rows: Any = tables.master_key
        self._values: Any = tables.value
        self._envelope, self._audit, self._locks, self._meet = envelope, audit, locks, meet

    @property
    def ring(self) -> KeyRing:
        """The key ring, as its file has it by now."""
        self._envelope.follow()
        return self._envelope.ring

    def list(self) -> list[MasterKey]:
        """Return every key that the ring has or that something needs; the primary one first."""
        self._envelope.follow()
        rows = {row.id: row for row in self._rows.select()}
        counts = uses(self._database)
        found = [self._one(key, rows.get(key), counts) for key in {*rows, *self.ring.ids, *counts}]
        return sorted(found, key=lambda key: (not key.primary, key.created is None, key.id))

    def _one(self, identifier: str, row: Any, counts: dict[str, int]) -> MasterKey:
        return MasterKey(
            identifier,
            self.ring.key(identifier) is not None,
            identifier == self.ring.primary_id,
            counts.get(identifier, 0),
            bool(row and row.awaited),
            moment(row.created) if row else None,
            moment(row.replaced) if row and row.replaced else None,
        )

    def pending(self) -> int:
        """Return how many sealed values are under another key than the primary one and could be moved."""
        return under(self._database, set(self.ring.ids) - {self.ring.primary_id})

    def rotate(self, *, by: str) -> str:
        """Make a new primary key and return its id; `rewrap` then moves what is stored.

        Raises:
            SeedError: The ring stands where it cannot be written; the sentence says what to do.
            PermanentError: The store is locked.
        """
        with self._audit.failures(Action.ROTATION, who=by, detail={"what": "new primary key"}):
            return self._rotated(by)

    def _rotated(self, by: str) -> str:
        if self._envelope.frozen or not self.ring.primary_id:
            raise PermanentError("The store is locked. Give the secret seed first.")
        if not self.ring.writable:
            raise SeedError(
                f"The secret seed stands in {self.ring.where} and cannot be written here. Make the next one with "
                "`backup-credentials seed next`, put it there in place of the present one, and restart every process: "
                "what is stored is then moved to the new key by itself."
            )
        with self._locks.hold("rotate", 30):
            self._envelope.follow()
            self.ring.take(self.ring.grown())
            self._meet()
        self._audit.note(Action.ROTATION, name=self.ring.primary_id, who=by, detail={"what": "new primary key"})
        return self.ring.primary_id

    def rewrap(
        self,
        *,
        progress: Progress | None = None,
        pause: float = 0.0,
        stop: Callable[[], bool] | None = None,
        batch: int = BATCH,
    ) -> int:
        """Move what is stored to the primary key and return how many values this process has moved.

        It ends when nothing is left that can be moved; while another process does it, this one waits and looks on.

        Args:
            progress: Called with how many are done, and of how many.
            pause: Seconds between two batches, so that others come to their turn.
            stop: Tells whether to end early; what is done stays done.
            batch: Values in one transaction.
        """
        moving = Moving(self._database, self._envelope, self._locks, self.pending, self._leads)
        with self._audit.failures(Action.ROTATION, name=self.ring.primary_id, detail={"what": "move"}):
            moved = moving.run(progress or _silent, pause, stop or _never, batch)
        if moved:
            self._audit.note(Action.ROTATION, name=self.ring.primary_id, detail={"what": "moved", "values": moved})
        return moved

    def _leads(self) -> bool:
        """Tell whether the primary key here is the newest one: a process that still has an older ring moves nothing."""
        row = self._rows.get_or_none(self._rows.id == self.ring.primary_id)
        return row is not None and not row.replaced

    def tend(self, *, stop: Callable[[], bool] | None = None) -> int:
        """Take up what someone else has begun: a new primary key in the ring, values under older keys."""
        self._envelope.follow()
        if self._envelope.frozen:
            self._meet()  # somebody may have given the missing key up
        if self._envelope.frozen or not self.ring.primary_id:
            return 0
        if not self._rows.select().where(self._rows.id == self.ring.primary_id).exists():
            self._meet()
        if not self._leads() or not self.pending():
            return 0
        return self.rewrap(pause=0.02, stop=stop)

    def retire(self, identifier: str, *, by: str) -> str:
        """Remove a key that nothing needs, and return a sentence that says what is left to do.

        Raises:
            PermanentError: It is needed, leads, or was replaced a moment ago.
        """
        with self._audit.failures(Action.ROTATION, name=identifier, who=by, detail={"what": "retire"}):
            return self._retired(identifier, by)

    def _retired(self, identifier: str, by: str) -> str:
        (key,) = [known for known in self.list() if known.id == identifier] or [None]
        if key is None:
            raise PermanentError("There is no such key.")
        if key.primary:
            raise PermanentError("This key seals what is saved now. Rotate first.")
        needed = sealed_in(self._database, f"{FORMAT}.{identifier}.")
        needed.pop(("master_key", "proof"), None)
        if needed:
            raise PermanentError(f"{sum(needed.values())} values still need the key {identifier}. Move them first.")
        if key.replaced and now() - key.replaced <= GRACE:
            until = key.replaced + GRACE
            raise PermanentError(
                f"This key was replaced a moment ago, and what was being saved then may need it. "
                f"Retire it after {until:%H:%M} UTC."
            )
        self._rows.delete().where(self._rows.id == identifier).execute()
        self._audit.note(Action.ROTATION, name=identifier, who=by, detail={"what": "retired"})
        if self.ring.writable and key.present:
            self.ring.drop(identifier)
            return f"The key {identifier} is gone from {self.ring.where}. Backups made with it still need it."
        return f"Nothing needs the key {identifier} any more. Take it out of {self.ring.where}."

    def take_seed(self, given: KeyRing, *, by: str) -> int:
        """Add the keys of a seed that came later, and return how many values they open.

        Raises:
            SeedError: It has no key that is new here, or the ring cannot be written.
        """
        with self._audit.failures(Action.SEED, name=", ".join(given.ids), who=by, detail={"what": "import"}):
            return self._taken(given, by)

    def _taken(self, given: KeyRing, by: str) -> int:
        new = [key for key in given.ids if self.ring.key(key) is None]
        if not new:
            raise SeedError("Every key of this seed is here already.", field="seed")
        counts = uses(self._database)
        self.ring.take(given, lead=not self.ring.primary_id)
        if self.ring.writable:  # else it is gone with this process, and nothing may be locked for the lack of it
            for key in new:
                self._expect(key)
        self._meet()
        self._audit.note(Action.SEED, name=", ".join(new), who=by, detail={"what": "imported"})
        return sum(counts.get(key, 0) for key in new)

    def give_up(self, *, by: str) -> tuple[str, ...]:
        """Go on without the keys that are missing, and return their ids. Nothing is deleted: their records wait.

        Raises:
            SeedError: A new seed would be needed and cannot be made here.
        """
        with self._audit.failures(Action.SEED, who=by, detail={"what": "give up"}):
            return self._given_up(by)

    def _given_up(self, by: str) -> tuple[str, ...]:
        missing = tuple(row.id for row in self._rows.select() if self.ring.key(row.id) is None)
        if not self.ring.primary_id:
            self.ring.fill()
        if not self.ring.primary_id:
            raise SeedError(
                f"A new secret seed is needed and cannot be made in {self.ring.where}. "
                "Make one with `backup-credentials seed next`, put it there and start again."
            )
        rows, values = self._rows, self._values
        with self._database.atomic():
            rows.update(awaited=True).where(rows.id.in_(missing)).execute()
            for key in missing:  # what a running app makes by itself; the rest waits
                made = values.value.startswith(f"{FORMAT}.{key}.")
                values.delete().where(made, ~values.id.startswith(AUDIT_KEY)).execute()
            detail = {"what": "given up as lost", "audit goes on from": self._audit.turn_over()}
        self._meet()
        self._audit.note(Action.SEED, name=", ".join(missing), who=by, detail=detail)
        return missing

    def locked_records(self) -> list[LockedRecord]:
        """Return the records whose values no key here opens."""
        held, found = set(self.ring.ids), []
        for table in TABLES:
            if table.role is Role.CONTENT and table.sealed:
                found += [record for record in self._waiting(table) if record.key not in held]
        return found

    def _waiting(self, table: StoredTable) -> list[LockedRecord]:
        column = table.sealed[0].name
        key = f"substr({column}, {len(FORMAT) + 2}, 16)"
        kind = table.kinds or "''"
        query = f"SELECT id, {table.title}, {key}, {kind} FROM {table.name} ORDER BY {table.title}"  # noqa: S608  names of the schema
        rows = self._database.execute_sql(query, ()).fetchall()
        return [
            LockedRecord(table.name, table.called({table.kinds: kind}), identifier, name, key)
            for identifier, name, key, kind in rows
            if key
        ]

    def locked_record(self, table: str, identifier: str) -> LockedRecord:
        """Return a record whose key is missing.

        Raises:
            NotFoundError: There is none, or its key is here.
        """
        for record in self.locked_records():
            if (record.table, record.id) == (table, identifier):
                return record
        raise NotFoundError("There is no such locked record.")

    def delete_locked(self, table: str, identifier: str, *, by: str) -> str:
        """Delete a record whose key is missing, with what belongs to it, and return its name.

        Raises:
            NotFoundError: There is none, or its key is here.
        """
        found = self.locked_record(table, identifier)
        mark = "?" if isinstance(self._database, SqliteDatabase) else "%s"
        with self._database.atomic():
            for child in TABLES:
                if child.parent and child.parent[0] == table:
                    query = f"DELETE FROM {child.name} WHERE {child.parent[1]} = {mark}"  # noqa: S608  names of the schema
                    self._database.execute_sql(query, (identifier,))
            self._database.execute_sql(f"DELETE FROM {table} WHERE id = {mark}", (identifier,))  # noqa: S608  as above
            detail = {"what": "its key was lost"}
            self._audit.note(
                Action.DELETE, kind=found.label, subject=identifier, name=found.name, who=by, detail=detail
            )
        return found.name

    def _expect(self, identifier: str) -> None:
        """Name a key of the ring in the database, so that a start without it is locked, as for every key in use."""
        key = self.ring.key(identifier)
        if key is None or identifier == self.ring.primary_id:
            return
        proof = Envelope(KeyRing({identifier: key}, identifier)).seal(place_of_proof({"id": identifier}), identifier)
        rows, at = self._rows, stamp(now())
        row = rows.insert(id=identifier, proof=proof, created=at, replaced=at)
        change = {rows.proof: proof, rows.awaited: False, rows.replaced: at}
        row.on_conflict(conflict_target=[rows.id], update=change).execute()


def _silent(_done: int, _total: int) -> None:
    """Tell nobody how far it is."""


def _never() -> bool:
    """Go on to the end."""
    return False

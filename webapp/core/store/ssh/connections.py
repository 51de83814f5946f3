"""Stored SSH connections, and what their tests said."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import astuple, dataclass, field
from datetime import datetime
from typing import Any

from webapp.core.fields import Attributes, Value
from webapp.core.ssh.results import HostKeyOutcome, Step, StepState, Tested
from webapp.core.store.audit import Action, Audit, Outcome
from webapp.core.store.credentials import Verification
from webapp.core.store.declared import Row
from webapp.core.store.envelope import Envelope, Place
from webapp.core.store.faults import DamagedError, LockedError
from webapp.core.store.models import Tables, bound, moment, now, stamp
from webapp.core.store.ssh.entries import Entries, place_of_test
from webapp.core.store.ssh.models import HostKeyChangeRow
from webapp.core.verification.states import GOOD, State

UNREADABLE = "The report of the last test cannot be read."


@dataclass(frozen=True, slots=True)
class ConnectionTest(Verification):
    """The last test of a connection.

    Attributes:
        steps: Every step with its result and time.
        host_key: How the host key compared.
        found: The host keys that the server showed, as lines.
    """

    steps: tuple[Step, ...] = ()
    host_key: HostKeyOutcome = HostKeyOutcome.NONE
    found: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Connection:
    """One stored connection.

    Attributes:
        keypair: The id of the keypair that logs in.
        attributes: The values by field key; `private_key` is the keypair's id.
        verification: The last test, none when it was never tested.
        damaged: Empty, or a sentence that says why the values cannot be read.
        locked: Whether they cannot be read because a master key is missing.
    """

    id: str
    name: str
    version: int
    created: datetime
    changed: datetime
    changed_by: str
    keypair: str
    attributes: Attributes = field(default_factory=dict[str, Value])
    verification: ConnectionTest | None = None
    damaged: str = ""
    locked: bool = False

    @property
    def host_key_changed(self) -> bool:
        """Tell whether the last test met another host key than the known one: an alarm until a person decides."""
        return self.verification is not None and self.verification.host_key is HostKeyOutcome.CHANGED


@dataclass(frozen=True, slots=True)
class HostKeyChange:
    """A changed host key that was accepted: lines of old and new keys, when and by whom."""

    at: datetime
    by: str
    old: tuple[str, ...]
    new: tuple[str, ...]


class Connections(Entries[Connection]):
    """Adds, finds, changes and removes connections."""

    kind = "connection"
    word = "connection"
    sorts = ("name", "state", "checked", "changed")

    def __init__(self, tables: Tables, envelope: Envelope, audit: Audit) -> None:
        super().__init__(tables, envelope, audit)
        self._changes: Any = bound(HostKeyChangeRow, tables.database)

    def of_keypair(self, keypair_id: str) -> list[Connection]:
        """Return the connections that a keypair logs in to, by name."""
        rows = self._rows
        query = rows.select().where(rows.kind == self.kind, rows.keypair == keypair_id).order_by(rows.name_key)
        return [self._read(row) for row in query]

    def record(self, identifier: str, tested: Tested, *, version: int, at: datetime | None = None) -> None:
        """Keep the result of a test, unless another version is stored by now."""
        row = self._row(identifier)
        changed = row.state != tested.state
        went_bad = bool(row.state) and State(row.state) in GOOD and not tested.good
        report = [tested.message, tested.field, tested.detail, tested.seconds]
        more = [[astuple(step) for step in tested.steps], list(tested.found)]
        update: dict[str, Any] = {
            "state": str(tested.state),
            "checked": stamp(at or now()),
            "host_key": str(tested.host_key),
            "report": self._envelope.seal(place_of_test({"id": identifier}), [report, *more]),
            "seen": not went_bad if changed else row.seen,
        }
        if changed:
            update |= {"state_since": update["checked"], "previous_state": row.state}
        noted = {
            "action": Action.VERIFICATION,
            "name": row.name,
            "outcome": Outcome.OK if tested.good else Outcome.FAILED,
        }
        state = {"detail": {"state": str(tested.state), "before": row.state, "host key": str(tested.host_key)}}
        self._update(identifier, version, update, **(noted | state if changed else {}))

    def due(self, *, older_than: datetime, limit: int) -> list[str]:
        """Return ids of connections that were never tested or last before that time, the oldest first."""
        rows = self._rows
        due = rows.select(rows.id).where(rows.kind == self.kind, rows.checked < stamp(older_than))
        return [row.id for row in due.order_by(rows.checked).limit(limit)]

    def newly_bad(self) -> list[Connection]:
        """Return connections that went from good to bad and that nobody has acknowledged."""
        rows = self._rows
        bad = [str(state) for state in State if state not in GOOD]
        query = rows.select().where(rows.kind == self.kind, ~rows.seen, rows.state.in_(bad))
        return [self._read(row) for row in query.order_by(rows.name_key)]

    def alarms(self) -> list[Connection]:
        """Return connections whose server showed another host key than the known one."""
        rows = self._rows
        query = rows.select().where(rows.kind == self.kind, rows.host_key == str(HostKeyOutcome.CHANGED))
        return [self._read(row) for row in query.order_by(rows.name_key)]

    def acknowledge(self, identifier: str) -> None:
        """Note that a person has seen that it went bad."""
        self._rows.update(seen=True).where(self._rows.id == identifier).execute()

    def note_host_key_change(self, subject: str, old: Iterable[str], new: Iterable[str], *, by: str) -> None:
        """Keep in the history that a changed host key of a connection or a credential was accepted."""
        identifier = str(uuid.uuid4())
        sealed = self._envelope.seal(place_of_change({"id": identifier}), [list(old), list(new)])
        self._changes.insert(id=identifier, subject=subject, made=stamp(now()), made_by=by, sealed=sealed).execute()

    def host_key_changes(self, subject: str) -> list[HostKeyChange]:
        """Return the accepted changes of a connection or a credential, the newest first."""
        rows = self._changes
        found = list[HostKeyChange]()
        for row in rows.select().where(rows.subject == subject).order_by(rows.made.desc()):
            try:
                old, new = self._envelope.open(place_of_change({"id": row.id}), row.sealed)
            except (LockedError, DamagedError):
                old, new = [], []
            found.append(HostKeyChange(moment(row.made), row.made_by, tuple(old), tuple(new)))
        return found

    def delete(self, identifier: str, *, by: str, version: int | None = None) -> None:
        """Remove a connection and its history.

        Raises:
            EntryChangedError: Another version than the given one is stored.
        """
        with self._database.atomic():
            super().delete(identifier, by=by, version=version)
            self._changes.delete().where(self._changes.subject == identifier).execute()

    def _values(self, identifier: str, version: int, attributes: Attributes) -> dict[str, Any]:
        keypair = str(attributes.get("private_key", ""))
        return {**super()._values(identifier, version, attributes), "keypair": keypair}

    def _read(self, row: Any) -> Connection:
        attributes, damaged, locked = self._opened(row)
        return Connection(
            row.id,
            row.name,
            row.version,
            moment(row.created),
            moment(row.changed),
            row.changed_by,
            row.keypair,
            attributes,
            self._test(row),
            damaged,
            locked,
        )

    def _test(self, row: Any) -> ConnectionTest | None:
        if not row.state:
            return None
        try:
            report, steps, found = self._envelope.open(place_of_test({"id": row.id}), row.report)
        except (LockedError, DamagedError):
            report, steps, found = list[Any]((UNREADABLE, "", "", 0.0)), [], []
        message, about, detail, seconds = report
        return ConnectionTest(
            State(row.state),
            message,
            about,
            detail,
            seconds,
            moment(row.checked),
            moment(row.state_since),
            row.previous_state,
            tuple(Step(key, label, StepState(state), *rest) for key, label, state, *rest in steps),
            HostKeyOutcome(row.host_key),
            tuple(found),
        )


def place_of_change(row: Row) -> Place:
    """Return what the keys of an accepted change are bound to."""
    return Place("ssh_host_key_change", row["id"], "keys", 0)

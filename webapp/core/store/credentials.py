"""Stored credentials."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any

from peewee import IntegrityError, fn

from webapp.core.errors import ConflictError, NotFoundError, PermanentError
from webapp.core.fields import Attributes, Value
from webapp.core.providers import PROVIDERS
from webapp.core.store.audit import Action, Audit, Outcome
from webapp.core.store.envelope import Envelope, Place
from webapp.core.store.faults import ChangedError, DamagedError, LockedError
from webapp.core.store.models import CredentialRow, Tables, insert_all, moment, now, stamp
from webapp.core.store.names import clean_name, name_key
from webapp.core.store.paging import Page, page_of
from webapp.core.verification.states import GOOD, Result, State

KIND = "credential"


@dataclass(frozen=True, slots=True)
class Verification:
    """The last answer of a provider, and since when its state has been that."""

    state: State
    message: str
    field: str
    detail: str
    seconds: float
    at: datetime
    state_since: datetime
    previous_state: str = ""

    @property
    def good(self) -> bool:
        """Tell whether the credential may be used."""
        return self.state in GOOD


@dataclass(frozen=True, slots=True)
class Credential:
    """One stored credential; its repr shows no value.

    Attributes:
        damaged: Empty, or a sentence that says why the values cannot be read; then there are none.
        locked: Whether they cannot be read because a master key is missing.
        secret_dates: When each secret field was last changed.
    """

    id: str
    name: str
    provider: str
    version: int
    created: datetime
    changed: datetime
    changed_by: str
    attributes: Attributes = field(default_factory=dict[str, Value], repr=False)
    verification: Verification | None = None
    secret_dates: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    damaged: str = ""
    locked: bool = False


class Credentials:
    """Adds, finds, changes and removes credentials."""

    def __init__(self, tables: Tables, envelope: Envelope, audit: Audit) -> None:
        self._tables = tables
        self._rows = tables.credential
        self._envelope = envelope
        self._audit = audit

    def add(self, name: str, provider_type: str, attributes: Attributes, *, by: str) -> Credential:
        """Store a new credential.

        Raises:
            ConflictError: The name is taken.
            PermanentError: The name is not allowed.
            LockedError: There is no master key.
        """
        row = self._new_row(name, provider_type, attributes, by=by)
        self._insert([row], by=by)
        return self._read(self._rows(**row))

    def add_all(self, new: Sequence[tuple[str, str, Attributes]], *, by: str) -> list[str]:
        """Store new credentials, each given by name, provider type and values: all or none. Returns their ids.

        Raises:
            ConflictError, PermanentError, LockedError: As `add`.
        """
        rows = [self._new_row(*one, by=by) for one in new]
        self._insert(rows, by=by)
        return [row["id"] for row in rows]

    def _new_row(self, name: str, provider_type: str, attributes: Attributes, *, by: str) -> dict[str, Any]:
        identifier, at, name = str(uuid.uuid4()), stamp(now()), clean_name(name)
        return {
            "id": identifier,
            "name": name,
            "name_key": name_key(name),
            "provider": provider_type,
            "sealed": self._envelope.seal(_values(identifier, 1), dict(attributes)),
            "sealed_version": 1,
            "version": 1,
            "created": at,
            "changed": at,
            "changed_by": by,
            "secret_dates": json.dumps(_secret_dates(provider_type, {}, attributes, {}, at)),
        }

    def get(self, identifier: str) -> Credential:
        """Return a credential by its id.

        Raises:
            NotFoundError: There is none.
        """
        return self._read(self._row(identifier))

    def find(self, name: str) -> Credential:
        """Return a credential by its name; case and blanks do not count.

        Raises:
            NotFoundError: There is none.
        """
        row = self._rows.get_or_none(self._rows.name_key == name_key(name))
        if row is None:
            raise NotFoundError("There is no credential of this name.", field="name")
        return self._read(row)

    def names(self) -> list[str]:
        """Return every name in use, without reading a value."""
        return [row.name for row in self._rows.select(self._rows.name)]

    def count(self) -> int:
        """Return how many there are."""
        return self._rows.select().count()

    def search(
        self,
        *,
        text: str = "",
        provider: str = "",
        state: str = "",
        sort: str = "name",
        descending: bool = False,
        page: int = 1,
        size: int = 50,
    ) -> Page[Credential]:
        """Return one page of the credentials whose name or provider holds a text.

        Raises:
            PermanentError: There is no such sort.
        """
        rows: Any = self._rows
        columns = {"name": rows.name_key, "provider": rows.provider, "state": rows.state, "checked": rows.checked}
        column = (columns | {"changed": rows.changed}).get(sort)
        if column is None:
            raise PermanentError("Sort by name, provider, state, checked or changed.")
        order = (column.desc() if descending else column.asc(), rows.name_key.asc())
        return page_of(self._chosen(text, provider, state), order, self._read, page, size)

    def _chosen(self, text: str, provider: str, state: str) -> Any:
        rows: Any = self._rows
        query = rows.select()
        if text:
            wanted = name_key(text)
            types = [one.type for one in PROVIDERS.values() if wanted in f"{one.type} {one.label}".casefold()]
            named = rows.name_key.contains(wanted)
            # Without a provider that fits, the index of the names is all that is read.
            query = query.where(named | rows.provider.in_(types) if types else named)
        if provider:
            query = query.where(rows.provider == provider)
        return query.where(rows.state == ("" if state == "unchecked" else state)) if state else query

    def change(
        self,
        identifier: str,
        *,
        version: int,
        by: str,
        name: str | None = None,
        attributes: Attributes | None = None,
    ) -> Credential:
        """Store a new version over the given one; the old one stays until the new one is safe.

        Raises:
            ChangedError: Another version is stored.
            ConflictError: The name is taken.
        """
        row = self._row(identifier)
        if row.version != version:
            raise ChangedError(self._read(row))
        at = stamp(now())
        old = self._read(row)
        update: dict[str, Any] = {"version": version + 1, "changed": at, "changed_by": by}
        detail = {"fields": ", ".join(_changed(old.attributes, attributes))} if attributes is not None else {}
        if name is not None:
            update |= {"name": clean_name(name), "name_key": name_key(clean_name(name))}
            detail |= {"renamed to": update["name"]} if update["name"] != old.name else {}
        if attributes is not None:
            update |= self._sealed(old, version + 1, attributes, str(row.secret_dates), at)
        if self._update(identifier, version, update, action=Action.CHANGE, name=old.name, who=by, detail=detail) == 0:
            raise ChangedError(self.get(identifier))
        return self.get(identifier)

    def _sealed(
        self, old: Credential, version: int, attributes: Attributes, secret_dates: str, at: str
    ) -> dict[str, Any]:
        dates = _secret_dates(old.provider, old.attributes, attributes, json.loads(secret_dates), at)
        sealed = self._envelope.seal(_values(old.id, version), dict(attributes))
        return {"sealed": sealed, "sealed_version": version, "secret_dates": json.dumps(dates)}

    def duplicate(self, identifier: str, *, name: str, by: str) -> Credential:
        """Store a copy under another name; it has not been verified.

        Raises:
            LockedError, DamagedError: The values cannot be read.
        """
        row = self._row(identifier)
        return self.add(name, str(row.provider), self._open(row), by=by)

    def delete(self, identifier: str, *, version: int | None = None, by: str) -> None:
        """Remove a credential.

        Raises:
            NotFoundError: There is none.
            ChangedError: Another version than the given one is stored.
        """
        row = self._row(identifier)
        rows: Any = self._rows
        wanted = [rows.id == identifier, *([rows.version == version] if version is not None else [])]
        with self._tables.database.atomic():
            if not rows.delete().where(*wanted).execute():
                raise ChangedError(self.get(identifier))
            self._audit.note(Action.DELETE, kind=KIND, subject=identifier, name=str(row.name), who=by)

    def record(self, identifier: str, result: Result, *, version: int, at: datetime | None = None) -> None:
        """Keep the result of a verification, unless another version is stored by now."""
        row = self._row(identifier)
        changed = row.state != result.state
        went_bad = bool(row.state) and State(str(row.state)) in GOOD and not result.good
        report = [result.message, result.field, result.detail, result.seconds]
        noted = {"action": Action.VERIFICATION, "name": str(row.name), "outcome": _outcome(result)}
        noted |= {"detail": {"state": result.state, "before": row.state or "not verified"}}
        update: dict[str, Any] = {
            "state": str(result.state),
            "checked": stamp(at or now()),
            "report": self._envelope.seal(place_of_report({"id": identifier}), report),
            "seen": not went_bad if changed else row.seen,
        }
        if changed:
            update |= {"state_since": update["checked"], "previous_state": row.state}
        self._update(identifier, version, update, **(noted if changed else {}))

    def due(self, *, older_than: datetime, limit: int) -> list[str]:
        """Return ids of credentials that were never checked or last before that time, the oldest first."""
        rows: Any = self._rows
        query = rows.select(rows.id).where(rows.checked < stamp(older_than)).order_by(rows.checked).limit(limit)
        return [row.id for row in query]

    def newly_bad(self) -> list[Credential]:
        """Return credentials that went from good to bad and that nobody has acknowledged."""
        rows: Any = self._rows
        bad = [str(state) for state in State if state not in GOOD]
        query = rows.select().where(~rows.seen, rows.state.in_(bad)).order_by(rows.name_key)
        return [self._read(row) for row in query]

    def acknowledge(self, identifier: str) -> None:
        """Note that a person has seen that it went bad."""
        self._rows.update(seen=True).where(self._rows.id == identifier).execute()

    def states(self) -> dict[str, int]:
        """Return how many credentials are in each state; the empty state was never checked."""
        rows: Any = self._rows
        query = rows.select(rows.state, fn.COUNT(rows.id)).group_by(rows.state).tuples()
        return dict(query)

    def _row(self, identifier: str) -> CredentialRow:
        if not (found := list(self._rows.raw(self._by_id, identifier))):  # an open cursor would hold its snapshot
            raise NotFoundError("There is no such credential. It may have been deleted.")
        return found[0]

    @cached_property
    def _by_id(self) -> str:
        """The statement for one row: Peewee takes longer to put it together than the database to answer it."""
        rows: Any = self._rows
        return rows.select().where(rows.id == "").sql()[0]

    def _insert(self, rows: Sequence[Mapping[str, Any]], *, by: str) -> None:
        added = [(row["id"], row["name"], {"provider": row["provider"]}) for row in rows]
        try:
            with self._tables.database.atomic():
                insert_all(self._rows, rows)
                self._audit.note_all(Action.ADD, added, kind=KIND, who=by)
        except IntegrityError:
            raise _taken() from None

    def _update(self, identifier: str, version: int, columns: dict[str, Any], **noted: Any) -> int:
        """Write columns over the given version and note it, both or nothing; returns 0 for another version."""
        rows: Any = self._rows
        try:
            with self._tables.database.atomic():
                count = rows.update(**columns).where(rows.id == identifier, rows.version == version).execute()
                if count and noted:
                    self._audit.note(kind=KIND, subject=identifier, **noted)
                return count
        except IntegrityError:
            raise _taken() from None

    def _open(self, row: CredentialRow) -> Attributes:
        place = _values(str(row.id), int(str(row.sealed_version)))
        return MappingProxyType(self._envelope.open(place, str(row.sealed)))

    def _read(self, row: Any) -> Credential:
        attributes: Attributes = {}
        damaged, locked = "", False
        try:
            attributes = self._open(row)
        except (LockedError, DamagedError) as error:
            damaged, locked = error.message, isinstance(error, LockedError)
        return Credential(
            row.id,
            row.name,
            row.provider,
            row.version,
            moment(row.created),
            moment(row.changed),
            row.changed_by,
            attributes,
            self._verification(row),
            {key: moment(at) for key, at in json.loads(row.secret_dates).items()},
            damaged,
            locked,
        )

    def _verification(self, row: Any) -> Verification | None:
        if not row.state:
            return None
        try:
            message, about, detail, seconds = self._envelope.open(place_of_report({"id": row.id}), row.report)
        except (LockedError, DamagedError):
            message, about, detail, seconds = "The report of the last check cannot be read.", "", "", 0.0
        return Verification(
            State(row.state),
            message,
            about,
            detail,
            seconds,
            moment(row.checked),
            moment(row.state_since),
            row.previous_state,
        )


def place_of_values(row: Mapping[str, Any]) -> Place:
    """Return where the values of a credential stand."""
    return Place(KIND, row["id"], "attributes", row["sealed_version"])


def place_of_report(row: Mapping[str, Any]) -> Place:
    """Return where the report of the last check stands."""
    return Place(KIND, row["id"], "report", 0)


def _values(identifier: str, version: int) -> Place:
    return place_of_values({"id": identifier, "sealed_version": version})


def _changed(old: Attributes, new: Attributes) -> list[str]:
    """Return the keys of values that differ."""
    return sorted(key for key in {**old, **new} if old.get(key) != new.get(key))


def _outcome(result: Result) -> Outcome:
    return Outcome.OK if result.good else Outcome.FAILED


def _taken() -> ConflictError:
    return ConflictError("Another credential has this name. Choose another one.", field="name")


def _secret_dates(
    provider_type: str, old: Attributes, new: Attributes, dates: Mapping[str, str], at: str
) -> dict[str, str]:
    """Return when each secret that is stored now was last changed."""
    provider = PROVIDERS.get(provider_type)
    secrets = [known.key for known in provider.fields if known.secret] if provider else list(new)
    return {key: dates.get(key, at) if key in old and old[key] == new[key] else at for key in secrets if key in new}

"""The person's own OAuth apps, one for each provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from webapp.core.fields import Attributes, Value
from webapp.core.store.audit import Action, Audit
from webapp.core.store.declared import Row
from webapp.core.store.envelope import Envelope, Place
from webapp.core.store.faults import DamagedError, LockedError
from webapp.core.store.logins.models import AppRow
from webapp.core.store.models import Tables, bound, moment, now, stamp

KIND = "OAuth app"
"""What an app is called in the audit."""


@dataclass(frozen=True, slots=True)
class App:
    """An OAuth app; its repr shows no value.

    Attributes:
        provider: Whose app it is.
        values: Client id, client secret and what else belongs to the app, such as the tenant.
        changed: When it was last saved.
        changed_by: Who saved it.
        damaged: Empty, or a sentence that says why the values cannot be read; then only the client id is there.
    """

    provider: str
    values: Attributes = field(repr=False)
    changed: datetime
    changed_by: str
    damaged: str = ""


class Apps:
    """Keeps OAuth apps; secrets are sealed."""

    def __init__(self, tables: Tables, envelope: Envelope, audit: Audit) -> None:
        self._database = tables.database
        self._rows: Any = bound(AppRow, tables.database)
        self._envelope = envelope
        self._audit = audit

    def find(self, provider: str) -> App | None:
        """Return the app of a provider, if there is one."""
        row = self._rows.get_or_none(self._rows.id == provider)
        return self._read(row) if row else None

    def list(self) -> Mapping[str, App]:
        """Return every app by provider."""
        return MappingProxyType({row.id: self._read(row) for row in self._rows.select()})

    def put(self, provider: str, values: Mapping[str, Value], *, by: str) -> None:
        """Store an app over the old one."""
        columns = {
            "client_id": str(values.get("client_id", "")),
            "sealed": self._envelope.seal(place_of_app({"id": provider}), dict(values)),
            "changed": stamp(now()),
            "changed_by": by,
        }
        row = self._rows.insert(id=provider, **columns)
        with self._database.atomic():
            row.on_conflict(conflict_target=[self._rows.id], update=columns).execute()
            self._audit.note(Action.CHANGE, kind=KIND, subject=provider, name=provider, who=by)

    def remove(self, provider: str, *, by: str) -> None:
        """Forget an app; credentials that were made with it keep their own copy of client id and secret."""
        with self._database.atomic():
            if self._rows.delete().where(self._rows.id == provider).execute():
                self._audit.note(Action.DELETE, kind=KIND, subject=provider, name=provider, who=by)

    def _read(self, row: Any) -> App:
        values, damaged = {"client_id": row.client_id}, ""
        try:
            values = self._envelope.open(place_of_app({"id": row.id}), row.sealed)
        except (LockedError, DamagedError) as error:
            damaged = error.message
        return App(row.id, MappingProxyType(values), moment(row.changed), row.changed_by, damaged)


def place_of_app(row: Row) -> Place:
    """Return where an app's values stand."""
    return Place("oauth_app", row["id"], "values", 0)

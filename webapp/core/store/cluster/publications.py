"""Which stored credential is offered to which namespaces."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from webapp.core.errors import NotFoundError
from webapp.core.store.audit import Action, Audit
from webapp.core.store.cluster.models import PublicationRow
from webapp.core.store.faults import in_reach
from webapp.core.store.models import Tables, bound, moment, now, stamp


@dataclass(frozen=True, slots=True)
class Publication:
    """A stored credential that is offered to the namespaces which a pattern fits.

    Attributes:
        credential: The credential's id.
        pattern: A namespace, or a text with `*` for any letters.
    """

    id: str
    credential: str
    pattern: str
    created: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A published credential as those see it who look for changes: no value is read for it.

    Attributes:
        credential: The credential's id.
        name_key: What its name is compared by (`webapp.core.store.names.name_key`).
        version: Grows with every change of its values or name.
        patterns: The namespaces it is offered to, sorted.
    """

    credential: str
    name_key: str
    version: int
    patterns: tuple[str, ...]


class Publications:
    """Keeps publications."""

    def __init__(self, tables: Tables, audit: Audit) -> None:
        self._database = tables.database
        self._audit = audit
        self._rows: Any = bound(PublicationRow, tables.database)
        self._credentials: Any = tables.credential

    def add(self, credential: str, pattern: str, *, by: str) -> None:
        """Offer a credential to a namespace or a pattern of them; one that is offered already stays as it is."""
        with self._database.atomic():
            new = self._rows.insert(
                id=str(uuid.uuid4()), credential=credential, pattern=pattern, created=stamp(now()), created_by=by
            ).on_conflict_ignore()
            if new.as_rowcount().execute():
                self._note("to", credential, pattern, by)

    def get(self, identifier: str) -> Publication:
        """Return one.

        Raises:
            NotFoundError: There is none; it may have been withdrawn.
        """
        row = self._rows.get_or_none(self._rows.id == identifier)
        if row is None:
            raise NotFoundError("There is no such publication. It may have been withdrawn.")
        return _read(row)

    def list(self, credential: str = "") -> list[Publication]:
        """Return those of a credential, or all of them, by pattern."""
        rows = self._rows.select().order_by(self._rows.pattern, self._rows.credential)
        return [_read(row) for row in (rows.where(self._rows.credential == credential) if credential else rows)]

    def remove(self, identifier: str, *, by: str) -> None:
        """Withdraw one."""
        row = self._rows.get_or_none(self._rows.id == identifier)
        with self._database.atomic():  # SQLite waits for others only before the first read of a transaction
            if self._rows.delete().where(self._rows.id == identifier).execute():
                self._note("withdrawn from", row.credential, row.pattern, by)

    def _note(self, way: str, credential: str, pattern: str, by: str) -> None:
        found = self._credentials.get_or_none(self._credentials.id == credential)
        name = found.name if found else ""
        self._audit.note(
            Action.PUBLISH, kind="credential", subject=credential, name=name, who=by, detail={way: pattern}
        )

    def offers(self) -> dict[str, Offer]:
        """Return everything that is offered, by the credential's id; one small query, no value read.

        Raises:
            TransientError: The database does not answer.
        """
        rows, credentials = self._rows, self._credentials
        query = rows.select(credentials.id, credentials.name_key, credentials.version, rows.pattern)
        joined = query.join(credentials, on=(credentials.id == rows.credential)).order_by(rows.pattern)
        found: dict[str, Offer] = {}
        with in_reach():
            for identifier, key, version, pattern in joined.tuples():
                patterns = found[identifier].patterns if identifier in found else ()
                found[identifier] = Offer(identifier, key, version, (*patterns, pattern))
        return found


def _read(row: Any) -> Publication:
    return Publication(row.id, row.credential, row.pattern, moment(row.created), row.created_by)

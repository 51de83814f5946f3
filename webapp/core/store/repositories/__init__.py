"""The secrets that repositories are encrypted with: given or generated once, kept for good.

Whoever loses the password of a repository loses the backups in it. So one that is kept here is never generated again
and never replaced in passing.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from typing import Any

from webapp.core.errors import ConflictError
from webapp.core.store.audit import Action, Audit
from webapp.core.store.envelope import Envelope, Place
from webapp.core.store.models import Tables, bound, moment, now, stamp
from webapp.core.store.repositories.models import RepositoryRow

GENERATED_BYTES = 32
"""Random bytes of a generated password; letters, digits, `-` and `_` need no quoting anywhere."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository whose secret is kept with a credential.

    Attributes:
        credential: The credential's id.
        name: The repository as the formats name it, such as `backups/db`.
        secret: Which of its secrets, by the option's key, such as `password`.
        generated: Whether it was generated here; then it may stand nowhere else.
        created: When it was kept.
        created_by: Who kept it.
    """

    credential: str
    name: str
    secret: str
    generated: bool
    created: datetime
    created_by: str


class Repositories:
    """Keeps repositories' secrets, sealed, each under its credential and the repository's name."""

    def __init__(self, tables: Tables, envelope: Envelope, audit: Audit) -> None:
        self._database = tables.database
        self._rows: Any = bound(RepositoryRow, tables.database)
        self._audit = audit
        self._envelope = envelope

    def secret(self, credential: str, name: str, secret: str, *, by: str, given: str = "") -> str:
        """Return a repository's secret; one that is not kept yet is kept as given, or generated.

        Raises:
            ConflictError: Another one is kept already; it stays.
            LockedError, DamagedError: The one that is kept cannot be opened.
        """
        kept = self.find(credential, name, secret)
        if not kept:
            self._keep(credential, name, secret, given, by)
            kept = self.find(credential, name, secret)
        if given and given != kept:
            raise ConflictError(
                "Another one is kept for this repository already. Leave it empty to use that one; whoever changed the "
                "repository's own password forgets the kept one first.",
                field=secret,
            )
        return kept

    def find(self, credential: str, name: str, secret: str) -> str:
        """Return a kept secret, empty when there is none."""
        row = self._rows.get_or_none(*self._one(credential, name, secret))
        return "" if row is None else str(self._envelope.open(_place(row.id), row.sealed))

    def list(self, credential: str = "") -> tuple[Repository, ...]:
        """Return what is kept for a credential, or for all of them, by name."""
        rows = self._rows.select().order_by(self._rows.name, self._rows.secret)
        found = rows.where(self._rows.credential == credential) if credential else rows
        return tuple(
            Repository(row.credential, row.name, row.secret, row.generated, moment(row.created), row.created_by)
            for row in found
        )

    def forget(self, credential: str, name: str) -> int:
        """Remove a repository's secrets for good and return how many there were."""
        rows = self._rows
        with self._database.atomic():
            gone = int(rows.delete().where(rows.credential == credential, rows.name == name).execute())
            if gone:
                self._audit.note(Action.DELETE, kind="repository", subject=credential, name=name)
        return gone

    def _keep(self, credential: str, name: str, secret: str, given: str, by: str) -> None:
        """Insert unless someone else was first; then theirs stands."""
        identifier = str(uuid.uuid4())
        value = given or token_urlsafe(GENERATED_BYTES)
        row = self._rows.insert(
            id=identifier,
            credential=credential,
            name=name,
            secret=secret,
            sealed=self._envelope.seal(_place(identifier), value),
            generated=not given,
            created=stamp(now()),
            created_by=by,
        ).on_conflict_ignore()
        with self._database.atomic():
            if not row.as_rowcount().execute():
                return
            kept = "given" if given else "generated"
            detail = {"secret": secret, "kept": kept}
            self._audit.note(Action.ADD, kind="repository", subject=credential, name=name, who=by, detail=detail)

    def _one(self, credential: str, name: str, secret: str) -> tuple[Any, ...]:
        rows = self._rows
        return (rows.credential == credential, rows.name == name, rows.secret == secret)


def place_of_secret(row: Mapping[str, Any]) -> Place:
    """Return where a repository's secret stands."""
    return Place("repository", row["id"], "secret", 0)


def _place(identifier: str) -> Place:
    return place_of_secret({"id": identifier})

"""Secrets of repositories that were generated for resources: once, and kept for good.

Whoever loses the password of a repository loses the backups in it. So it outlives its resource: one that is applied
again under the same name finds it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from typing import Any

from webapp.core.store.audit import Action, Audit
from webapp.core.store.cluster.models import ClusterSecretRow
from webapp.core.store.envelope import Envelope, Place
from webapp.core.store.models import Tables, bound, moment, now, stamp
from webapp.core.store.repositories import GENERATED_BYTES

KIND = "cluster_secret"


@dataclass(frozen=True, slots=True)
class GeneratedSecret:
    """A secret that was generated, without it.

    Attributes:
        namespace: The resource's namespace.
        name: The resource's name.
        repository: What it is for, as the output's own option names it, such as `backups/db`.
        option: Which of the format's options, such as `password`.
        created: When it was generated.
    """

    namespace: str
    name: str
    repository: str
    option: str
    created: datetime


class GeneratedSecrets:
    """Keeps generated secrets, sealed."""

    def __init__(self, tables: Tables, envelope: Envelope, audit: Audit) -> None:
        self._database = tables.database
        self._audit = audit
        self._rows: Any = bound(ClusterSecretRow, tables.database)
        self._envelope = envelope

    def secret(self, namespace: str, name: str, repository: str, option: str) -> str:
        """Return the secret of a resource's repository; the first call generates it.

        Outputs of one resource that name the same repository get the same one.

        Raises:
            LockedError, DamagedError: It cannot be kept, or the one that is kept cannot be opened.
        """
        wanted = (namespace, name, repository, option)
        found = self._find(*wanted)
        if found is None:
            self._generate(*wanted)
            found = self._find(*wanted)
        return found or ""

    def list(self, namespace: str, name: str) -> list[GeneratedSecret]:
        """Return what was generated for a resource, by repository."""
        rows = self._rows
        query = rows.select().where(rows.namespace == namespace, rows.name == name)
        return [
            GeneratedSecret(row.namespace, row.name, row.repository, row.option, moment(row.created))
            for row in query.order_by(rows.repository, rows.option)
        ]

    def _find(self, namespace: str, name: str, repository: str, option: str) -> str | None:
        rows = self._rows
        row = rows.get_or_none(
            rows.namespace == namespace, rows.name == name, rows.repository == repository, rows.option == option
        )
        return None if row is None else str(self._envelope.open(place_of_generated({"id": row.id}), row.sealed))

    def _generate(self, namespace: str, name: str, repository: str, option: str) -> None:
        """Insert unless someone else was first; then theirs stands."""
        identifier = str(uuid.uuid4())
        new = self._rows.insert(
            id=identifier,
            namespace=namespace,
            name=name,
            repository=repository,
            option=option,
            sealed=self._envelope.seal(place_of_generated({"id": identifier}), token_urlsafe(GENERATED_BYTES)),
            created=stamp(now()),
        ).on_conflict_ignore()
        with self._database.atomic():
            if new.as_rowcount().execute():
                detail = {"repository": repository, "option": option}
                self._audit.note(Action.ADD, kind="generated", name=f"{namespace}/{name}", detail=detail)


def place_of_generated(row: Mapping[str, Any]) -> Place:
    """Return where a generated secret stands."""
    return Place(KIND, row["id"], "secret", 0)

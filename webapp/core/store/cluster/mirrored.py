"""The mirrored resources: states in the clear, values and sentences sealed."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from peewee import chunked

from webapp.core.errors import NotFoundError
from webapp.core.fields import Value
from webapp.core.store.audit import Audit
from webapp.core.store.cluster.changes import Changes
from webapp.core.store.cluster.models import ClusterCredentialRow
from webapp.core.store.cluster.noting import Noting
from webapp.core.store.cluster.records import ClusterCredential, Digests, Output
from webapp.core.store.envelope import Envelope, Place
from webapp.core.store.faults import DamagedError, LockedError, in_reach
from webapp.core.store.keyvalues import Values
from webapp.core.store.models import Tables, bound, moment, now, stamp
from webapp.core.store.paging import Page, page_of

KIND = "cluster_credential"
CHUNK = 500
"""Rows in one statement: 17 columns each stay under SQLite's 32,766 variables."""

CHANGED = "mirror"
"""The change number that grows with every batch."""


class ClusterCredentials:
    """Keeps the mirrored resources."""

    def __init__(self, tables: Tables, envelope: Envelope, values: Values, audit: Audit) -> None:
        self._database = tables.database
        self._rows: Any = bound(ClusterCredentialRow, tables.database)
        self._envelope = envelope
        self._values = values
        self._changes = Changes(tables)
        self._noting = Noting(tables, audit)
        self._key = b""

    def write(self, found: Sequence[ClusterCredential], gone: Iterable[str] = ()) -> None:
        """Write resources and remove others (by `namespace/name`), all together or nothing.

        Raises:
            LockedError: There is no master key.
            TransientError: The database does not answer.
        """
        digests = [self.digests(one) for one in found]
        with in_reach(), self._database.atomic():
            change = self._changes.next(CHANGED)  # first, so that SQLite has the lock for writing from the start
            self._noting.note(found)
            for read in (True, False):
                chosen = [
                    self._columns(one, digest, change)
                    for one, digest in zip(found, digests, strict=True)
                    if (one.attributes is not None) is read
                ]
                self._upsert(chosen, with_values=read)
            for chunk in chunked(gone, CHUNK):
                self._rows.delete().where(self._rows.id.in_(chunk)).execute()

    def digests(self, one: ClusterCredential) -> Digests:
        """Return the digests of a resource; of values that were not read it is empty.

        Raises:
            LockedError, DamagedError: The key of the digests cannot be read.
        """
        values = "" if one.attributes is None else self._digest(dict(one.attributes))
        told = [one.message, one.verified_message, _outputs(one)]
        return Digests(self._digest([_facts(one), told]), values)

    def known(self) -> dict[str, Digests]:
        """Return the digests of everything that is mirrored, by `namespace/name`.

        Raises:
            TransientError: The database does not answer.
        """
        rows = self._rows
        query = rows.select(rows.id, rows.facts_digest, rows.values_digest).tuples()
        with in_reach():
            return {identifier: Digests(facts, values) for identifier, facts, values in query}

    def number(self) -> int:
        """Return a number that grows with every change, for those who show the list."""
        return self._changes.number(CHANGED)

    def get(self, namespace: str, name: str) -> ClusterCredential:
        """Return one.

        Raises:
            NotFoundError: There is none of this name in this namespace.
        """
        row = self._rows.get_or_none(self._rows.id == f"{namespace}/{name}")
        if row is None:
            raise NotFoundError("There is no such credential in the cluster. It may have been deleted there.")
        return self._read(row)

    def count(self) -> int:
        """Return how many there are."""
        return self._rows.select().count()

    def namespaces(self) -> list[str]:
        """Return the namespaces that have one."""
        rows = self._rows
        return [row.namespace for row in rows.select(rows.namespace).distinct().order_by(rows.namespace)]

    def fed_by(self, stored: str) -> list[ClusterCredential]:
        """Return the resources that a stored credential feeds, by namespace and name."""
        rows = self._rows
        query = rows.select().where(rows.stored == stored).order_by(rows.namespace, rows.name)
        return [self._read(row) for row in query]

    def search(
        self, *, text: str = "", provider: str = "", state: str = "", ready: str = "", page: int = 1, size: int = 50
    ) -> Page[ClusterCredential]:
        """Return one page of the resources whose namespace, name or provider holds a text, by name."""
        rows = self._rows
        wanted: list[Any] = []
        if text.strip():
            wanted.append(rows.id.contains(text.strip().lower()) | rows.provider.contains(text.strip()))
        if provider:
            wanted.append(rows.provider == provider)
        if state:
            wanted.append(rows.verified == ("" if state == "unchecked" else state))
        if ready:
            wanted.append(rows.ready == "True" if ready == "yes" else rows.ready != "True")
        query = rows.select().where(*wanted) if wanted else rows.select()
        return page_of(query, (rows.name, rows.namespace), self._read, page, size)

    def _columns(self, one: ClusterCredential, digests: Digests, change: int) -> dict[str, Any]:
        at, row = stamp(now()), {"id": one.id}
        return {
            **_facts(one),
            "id": one.id,
            "outputs": _outputs(one),
            "report": self._envelope.seal(place_of_sentences(row), [one.message, one.verified_message]),
            "sealed": self._envelope.seal(place_of_attributes(row), dict(one.attributes or {})),
            "facts_digest": digests.facts,
            "values_digest": digests.values,
            "first_seen": at,
            "changed": at,
            "change": change,
        }

    def _upsert(self, columns: Sequence[dict[str, Any]], *, with_values: bool) -> None:
        kept = {"id", "first_seen"} | (set[str]() if with_values else {"sealed", "values_digest"})
        for chunk in chunked(columns, CHUNK):
            preserved = [getattr(self._rows, name) for name in chunk[0] if name not in kept]
            statement = self._rows.insert_many(list(chunk))
            statement.on_conflict(conflict_target=[self._rows.id], preserve=preserved).execute()

    def _digest(self, value: object) -> str:
        if not self._key:
            self._key = self._values.add("cluster-digest", secrets.token_hex(32), secret=True).encode()
        text = json.dumps(value, sort_keys=True, separators=(",", ":"))
        return hmac.digest(self._key, text.encode(), hashlib.sha256).hex()

    def _read(self, row: Any) -> ClusterCredential:
        attributes: dict[str, Value] = {}
        message = verified_message = damaged = ""
        try:
            attributes = self._envelope.open(place_of_attributes({"id": row.id}), row.sealed)
            message, verified_message = self._envelope.open(place_of_sentences({"id": row.id}), row.report)
        except (LockedError, DamagedError) as error:
            damaged = error.message
        return ClusterCredential(
            row.namespace,
            row.name,
            row.provider,
            row.stored,
            row.ready,
            row.reason,
            message,
            row.verified,
            verified_message,
            moment(row.checked) if row.checked else None,
            tuple(Output(*output) for output in json.loads(row.outputs)),
            attributes,
            moment(row.first_seen),
            moment(row.changed),
            damaged,
        )


def _facts(one: ClusterCredential) -> dict[str, Any]:
    """Return what stands in the clear, as the columns have it."""
    return {
        "namespace": one.namespace,
        "name": one.name,
        "provider": one.provider,
        "stored": one.stored,
        "ready": one.ready,
        "reason": one.reason,
        "verified": one.verified,
        "checked": stamp(one.checked) if one.checked else "",
    }


def _outputs(one: ClusterCredential) -> str:
    return json.dumps([[output.name, output.format, output.hash] for output in one.outputs])


def place_of_attributes(row: Mapping[str, Any]) -> Place:
    """Return where a resource's values stand."""
    return Place(KIND, row["id"], "attributes", 0)


def place_of_sentences(row: Mapping[str, Any]) -> Place:
    """Return where a resource's sentences stand."""
    return Place(KIND, row["id"], "report", 0)

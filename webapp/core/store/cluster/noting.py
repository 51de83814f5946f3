"""What the audit says of resources: credentials written into Secrets, verifications that changed, and what failed.

It is found by comparing a resource with its row before that is written over, in the same transaction: what the operator
has done stands there once, also when it was stopped in between, and a restart adds nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from peewee import chunked

from webapp.core.store.audit import Action, Audit, Outcome
from webapp.core.store.audit.acting import acting
from webapp.core.store.cluster.models import ClusterCredentialRow
from webapp.core.store.cluster.records import ClusterCredential
from webapp.core.store.models import Tables, bound
from webapp.core.verification.states import GOOD, State

WHO, ORIGIN, KIND = "the operator", "operator", "cluster credential"
CHUNK = 500
NOT_PUBLISHED = "NotPublished"
"""The reason of a resource that asked for a stored credential which its namespace may not have."""

Subject = tuple[str, str, Mapping[str, object]]
Old = Mapping[str, Any]


class Noting:
    """Notes what is new about resources."""

    def __init__(self, tables: Tables, audit: Audit) -> None:
        self._rows: Any = bound(ClusterCredentialRow, tables.database)
        self._credentials: Any = tables.credential
        self._audit = audit

    def note(self, found: Sequence[ClusterCredential]) -> None:
        """Note what differs from the rows as they stand."""
        old = self._old([one.id for one in found])
        names = self._names({one.stored for one in found if one.stored})
        pairs = [(one, old.get(one.id, {})) for one in found]
        with acting(WHO, ORIGIN):
            self._audit.note_all(Action.READ, [s for one, row in pairs for s in _reads(one, row, names)], kind=KIND)
            for outcome in Outcome:
                checked = [_checked(one, row) for one, row in pairs if _outcome(one, row) is outcome]
                self._audit.note_all(Action.VERIFICATION, checked, kind=KIND, outcome=outcome)
            failed = [one for one, row in pairs if _fails(one, row)]
            self._note_failed(failed)

    def _note_failed(self, failed: Sequence[ClusterCredential]) -> None:
        refused = [_failure(one) for one in failed if one.reason == NOT_PUBLISHED]
        self._audit.note_all(Action.READ, refused, kind=KIND, outcome=Outcome.REFUSED)
        other = [_failure(one) for one in failed if one.reason != NOT_PUBLISHED]
        self._audit.note_all(Action.FAILURE, other, kind=KIND, outcome=Outcome.FAILED)

    def _old(self, identifiers: Iterable[str]) -> dict[str, Old]:
        rows, found = self._rows, dict[str, Old]()
        for chunk in chunked(identifiers, CHUNK):
            query = rows.select(rows.id, rows.outputs, rows.verified, rows.ready, rows.reason)
            found |= {row["id"]: row for row in query.where(rows.id.in_(chunk)).dicts()}
        return found

    def _names(self, identifiers: Iterable[str]) -> dict[str, str]:
        """Return what stored credentials are called."""
        rows, found = self._credentials, dict[str, str]()
        for chunk in chunked(identifiers, CHUNK):
            found |= dict(rows.select(rows.id, rows.name).where(rows.id.in_(chunk)).tuples())
        return found


def _reads(one: ClusterCredential, old: Old, names: Mapping[str, str]) -> Iterator[Subject]:
    """Give the outputs whose content is another one now; rows of earlier versions name no content."""
    before = {output[0]: output[2] if len(output) > 2 else None for output in json.loads(old.get("outputs", "[]"))}  # noqa: PLR2004  name, format and hash
    for output in one.outputs:
        if output.hash and before.get(output.name, "") not in {output.hash, None}:
            detail = {"format": output.format, "secret": output.name}
            detail |= {"credential": names.get(one.stored, "")} if one.stored else {}
            yield one.stored or one.id, one.id, detail


def _outcome(one: ClusterCredential, old: Old) -> Outcome | None:
    """Return how a verification ended that changed what is known; nothing when it changed nothing."""
    if one.verified in {"", old.get("verified", "")}:
        return None
    known = one.verified in set(State)
    return Outcome.OK if known and State(one.verified) in GOOD else Outcome.FAILED


def _checked(one: ClusterCredential, old: Old) -> Subject:
    return one.id, one.id, {"state": one.verified, "before": old.get("verified") or "not verified"}


def _fails(one: ClusterCredential, old: Old) -> bool:
    """Tell whether it came to nothing, for another reason than before."""
    return one.ready == "False" and (old.get("ready"), old.get("reason")) != (one.ready, one.reason)


def _failure(one: ClusterCredential) -> Subject:
    return one.id, one.id, {"why": one.reason}

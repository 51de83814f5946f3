"""What the operator remembers of a resource: no value, and of its specification only the text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

from credential_operator.crd.status import MESSAGE_LIMIT
from credential_operator.names import VERIFY
from credential_operator.wanted.spec import Spec
from credential_operator.wanted.values import Place
from webapp.core.verification.states import Result


class Change(Enum):
    """What of a resource changed."""

    NONE = "none"
    STATUS = "status"
    """Only what is reported of it: by us, or by somebody else."""
    WANTED = "wanted"
    """What it asks for."""


class Held:
    """One resource as it was last seen.

    Attributes:
        place: Where it is.
        uid: Its id; another one under the same name is another resource.
        generation: Counts the changes of its specification.
        created: When it was made, as text that sorts.
        version: Its resourceVersion as a number.
        ending: Whether it is being deleted.
        verify: The text of the annotation that asks for a verification.
        sources: Names of the Secrets that it refers to.
        outputs: Names of the Secrets that it asks for.
        interval: Seconds between two verifications; 0 for none.
        store: Name of the web app's credential; empty for none.
        passing: Whether what it gives may change without a change of a Secret: in the store, or as a token ends.
        failures: How often it failed in a row.
        fingerprint: Keyed hash of the credential that was last worked with; empty after a start.
        proven: Keyed hash of the credential that last verified well; empty after a start.
        refused: Keyed hash of the credential that last did not, and the sentence about it; empty after a start.
        answered: The text of that annotation which was answered last.
        unreachable: How often verification did not reach the provider in a row.
        token_ends: When the token that was handed out ends, in seconds since 1970; 0 for none.
        result: A verification that ended and is not in the status yet: outcome, fingerprint, the annotation's text.
    """

    __slots__ = (
        "_spec", "_status", "answered", "created", "ending", "failures", "fingerprint", "generation", "interval", "outputs", "passing",
        "place", "proven", "refused", "result", "sources", "store", "token_ends", "uid", "unreachable", "verify", "version",
    )  # fmt: skip

    def __init__(self, place: Place, raw: Mapping[str, Any]) -> None:
        self.place = place
        self.failures = self.unreachable = 0
        self.fingerprint = self.proven = self.answered = ""
        self.token_ends = 0.0
        self.refused: tuple[str, str] = ("", "")
        self.result: tuple[Result, str, str] | None = None
        self.uid = ""
        self.version = -1
        self._spec = b""
        self._status = b"{}"
        self.take(raw)

    def take(self, raw: Mapping[str, Any]) -> Change:
        """Take a newer state of the resource; tell what of it changed."""
        meta = raw["metadata"]
        before = (self.uid, self._spec, self.verify if self.uid else "")
        before_status = self._status
        self.uid, self.generation = meta["uid"], _generation(meta)
        self.created, self.version = meta["creationTimestamp"], number(meta["resourceVersion"])
        self.ending = "deletionTimestamp" in meta
        self.verify = _asked(meta)
        self._spec = compact(raw.get("spec") or {})
        self._status = compact(raw.get("status") or {})
        if before[1] != self._spec:
            self._read(Spec(raw.get("spec") or {}))
        if before != (self.uid, self._spec, self.verify):
            return Change.WANTED
        return Change.STATUS if before_status != self._status else Change.NONE

    def _read(self, spec: Spec) -> None:
        self.outputs = tuple(wanted.name for wanted in spec.outputs)
        self.interval, self.store = spec.verification.interval, spec.store
        self.passing = True
        try:
            self.sources = tuple(spec.sources)
            self.passing = bool(spec.store) or "token" in spec.values
        except Exception:  # noqa: BLE001  whatever is wrong with it is told when it is worked on
            self.sources = ()

    @property
    def spec(self) -> Spec:
        """The specification."""
        return Spec(json.loads(self._spec))

    @property
    def status(self) -> dict[str, Any]:
        """The status as it stands in the cluster."""
        return json.loads(self._status)

    def wrote(self, status: Mapping[str, Any], meta: Mapping[str, Any]) -> None:
        """Remember a status that was written, and the metadata that the API server answered with.

        When somebody changed the resource just before, the event that says so is still to come: its version is lower
        than that of the answer, and has to count.
        """
        self._status = compact(status)
        if (_generation(meta), _asked(meta)) == (self.generation, self.verify):
            self.version = max(self.version, number(meta["resourceVersion"]))

    @property
    def age(self) -> tuple[str, str]:
        """What decides between two that want one output: the older one is less."""
        return self.created, self.uid


def _generation(meta: Mapping[str, Any]) -> int:
    return int(meta.get("generation", 1))


def _asked(meta: Mapping[str, Any]) -> str:
    """Return the text of the annotation that asks for a verification, as far as the status can repeat it."""
    return (meta.get("annotations") or {}).get(VERIFY, "")[:MESSAGE_LIMIT]


def compact(value: object) -> bytes:
    """Return a value as short JSON."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def number(version: str) -> int:
    """Return a resourceVersion as a number; the API server says that it may be compared as one."""
    return int(version) if version.isdigit() else 0

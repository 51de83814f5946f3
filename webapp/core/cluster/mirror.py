"""Mirrors resources into the store in batches, and writes only what differs from what stands there."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from webapp.core.store.cluster import ClusterCredential, Digests

if TYPE_CHECKING:
    from webapp.core.store import Store

BATCH = 500
"""Resources in one transaction: a page that reads meanwhile waits some milliseconds at most."""


class Mirror:
    """Takes resources from any thread, at no cost to the one who gives them; `flush` writes them.

    Call `flush` about twice a second from a thread of its own. What is given again before that replaces what waits.

    Args:
        store: Where they are mirrored to.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._guard = threading.Lock()
        self._writing = threading.Lock()
        self._waiting: dict[str, ClusterCredential | None] = {}
        self._known: dict[str, Digests] | None = None

    def put(self, resource: ClusterCredential) -> None:
        """Take a resource as it is now. With `attributes=None` the mirrored values stay as they are."""
        with self._guard:
            waiting = self._waiting.get(resource.id)
            if waiting is None and resource.id in self._waiting and resource.attributes is None:
                resource = dataclasses.replace(resource, attributes={})  # those of one that is gone are not its own
            self._waiting[resource.id] = _newer(resource, waiting)

    def remove(self, namespace: str, name: str) -> None:
        """Take note that a resource is gone."""
        with self._guard:
            self._waiting[f"{namespace}/{name}"] = None

    def keep_only(self, existing: Collection[tuple[str, str]], namespaces: Collection[str] = ()) -> None:
        """Remove what is mirrored and is no more; called once after the first list.

        Args:
            existing: Namespace and name of every resource that the list had.
            namespaces: The namespaces that were listed; empty for the whole cluster.
        """
        there = {f"{namespace}/{name}" for namespace, name in existing}
        stored = tuple(self._stored())
        with self._guard:
            for identifier in stored:
                if identifier not in there and (not namespaces or identifier.split("/")[0] in namespaces):
                    self._waiting.setdefault(identifier, None)

    def flush(self) -> int:
        """Write what differs and return how many rows were written or removed; safe to call at any time.

        What cannot be written, because the store is locked or out of reach, waits for the next call.

        Raises:
            LockedError: There is no master key.
            TransientError: The database is out of reach.
        """
        with self._writing:
            with self._guard:
                taken, self._waiting = self._waiting, {}
            try:
                return self._write(taken)
            except BaseException:
                self._take_back(taken)
                raise

    def _take_back(self, taken: Mapping[str, ClusterCredential | None]) -> None:
        with self._guard:
            since, self._waiting = self._waiting, dict(taken)
            for identifier, one in since.items():
                self._waiting[identifier] = one and _newer(one, taken.get(identifier))

    def _write(self, taken: Mapping[str, ClusterCredential | None]) -> int:
        known = self._stored()
        gone = [identifier for identifier, one in taken.items() if one is None and identifier in known]
        found = [one for one in taken.values() if one is not None]
        new = {one.id: self._merged(one, known) for one in found}
        changed = [one for one in found if new[one.id] != known.get(one.id)]
        for begin in range(0, len(changed), BATCH):
            self._store.cluster.write(changed[begin : begin + BATCH])
        if gone:
            self._store.cluster.write((), gone)
        for identifier in gone:
            del known[identifier]
        known.update({one.id: new[one.id] for one in changed})
        return len(changed) + len(gone)

    def _merged(self, one: ClusterCredential, known: Mapping[str, Digests]) -> Digests:
        """Return the digests as they will stand: values that were not read stay."""
        digests = self._store.cluster.digests(one)
        if one.attributes is None and one.id in known:
            return Digests(digests.facts, known[one.id].values)
        return digests

    def _stored(self) -> dict[str, Digests]:
        """Return what stands in the store, read once: from then on this is the only one who writes it."""
        if self._known is None:
            self._known = self._store.cluster.known()
        return self._known


def _newer(one: ClusterCredential, waiting: ClusterCredential | None) -> ClusterCredential:
    """Return a resource with the values that wait to be written, when it came without any."""
    if one.attributes is not None or waiting is None:
        return one
    return dataclasses.replace(one, attributes=waiting.attributes)

"""What of a resource goes into the store, where the web page shows it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from typing import Protocol

from credential_operator.controller.credential import Known
from credential_operator.controller.held import Held
from credential_operator.controller.offload import Offload
from credential_operator.controller.status import condition, instant
from credential_operator.reasons import TroubleError
from credential_operator.wanted.values import Place
from webapp.core.errors import CredentialError
from webapp.core.store.cluster import ClusterCredential, Output

LOG = logging.getLogger(__name__)
PAUSE = 0.5
"""Seconds between two batches."""


class Kept(Protocol):
    """The mirror in the store."""

    def put(self, resource: ClusterCredential) -> None:
        """Take a resource as it is now."""
        ...

    def remove(self, namespace: str, name: str) -> None:
        """Take note that a resource is gone."""
        ...

    def keep_only(self, existing: Collection[tuple[str, str]], namespaces: Collection[str] = ()) -> None:
        """Remove what is no more."""
        ...

    def flush(self) -> int:
        """Write what differs."""
        ...


class Mirroring:
    """Gives resources to the mirror and lets it write them in batches beside the work.

    Args:
        kept: The mirror; nothing to mirror nothing.
        offload: Where it writes.
    """

    def __init__(self, kept: Kept | None, offload: Offload) -> None:
        self._kept, self._offload = kept, offload
        self.failing = ""

    def put(self, held: Held, known: Known | None) -> None:
        """Mirror a resource as it is now; its values too, when they were read. One that ended meanwhile stays away."""
        if self._kept and not held.ending:
            self._kept.put(record(held, known))

    def remove(self, place: Place) -> None:
        """Remove a resource."""
        if self._kept:
            self._kept.remove(place.namespace, place.name)

    async def keep_only(self, places: Collection[Place], namespaces: Collection[str]) -> None:
        """Remove what is no more, after everything was listed."""
        if self._kept:
            existing = [(place.namespace, place.name) for place in places]
            await self._offload(self._kept.keep_only, existing, namespaces)

    async def run(self) -> None:
        """Write batches until cancelled."""
        while True:
            await asyncio.sleep(PAUSE)
            await self.flush()

    async def flush(self) -> None:
        """Write what waits; what cannot be written waits for the next time."""
        if not self._kept:
            return
        try:
            await self._offload(self._kept.flush)
            self.failing = ""
        except CredentialError as error:
            if not self.failing:
                LOG.warning("the mirror cannot be written: %s", error.message)
            self.failing = error.message


def record(held: Held, known: Known | None) -> ClusterCredential:
    """Return a resource as the store has it."""
    status = held.status
    written = {item["name"]: item.get("hash", "") for item in status.get("secrets") or ()}
    ready, last = condition(status, "Ready"), status.get("lastVerification") or {}
    return ClusterCredential(
        namespace=held.place.namespace,
        name=held.place.name,
        provider=known.provider.type if known else own_type(held),
        stored=known.stored if known else "",
        ready=ready.get("status", "Unknown"),
        reason=ready.get("reason", ""),
        message=ready.get("message", ""),
        verified=last.get("state", ""),
        verified_message=last.get("message", ""),
        checked=instant(last.get("time", "")),
        outputs=tuple(Output(wanted.name, wanted.format, written.get(wanted.name, "")) for wanted in held.spec.outputs),
        attributes=known.source.attributes if known and not known.stored else {} if known else None,
    )


def own_type(held: Held) -> str:
    """Return the type of the provider that a resource names itself; empty for none."""
    spec = held.spec
    try:
        return "" if spec.store else spec.provider.type
    except TroubleError:
        return ""

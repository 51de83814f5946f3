"""Kopf watches the resources and tells what happens to them. It is used for that alone: it stores nothing in them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from credential_operator.kube.client import Kube
from credential_operator.names import GROUP, PLURAL, VERSION
from credential_operator.running.weight import hidden

with hidden("kubernetes"):  # Kopf would take its classes for granted in what handlers return; ours return nothing
    import kopf

Heard = Callable[[str | None, Mapping[str, Any]], None]
"""Told the kind of an event and the resource."""

WATCH_SECONDS = 290


class ByGeneration(kopf.DiffBaseStorage):
    """What was handled last is known by `status.observedGeneration`, which we write ourselves; Kopf writes nothing."""

    def build(self, *, body: Any, **_: Any) -> Any:
        """Return the generation as it is."""
        return {"generation": body["metadata"].get("generation")}

    def fetch(self, *, body: Any) -> Any:
        """Return the generation that was handled."""
        observed = (body.get("status") or {}).get("observedGeneration")
        return None if observed is None else {"generation": observed}

    def store(self, **_: Any) -> None:
        """Store nothing."""


class NoProgress(kopf.ProgressStorage):
    """Nothing is kept of handlers: each look begins anew."""

    def fetch(self, **_: Any) -> None:
        """Know nothing."""

    def store(self, **_: Any) -> None:
        """Store nothing."""

    def purge(self, **_: Any) -> None:
        """There is nothing to remove."""

    def touch(self, **_: Any) -> None:
        """Wake nobody."""

    def clear(self, *, essence: Any) -> Any:
        """Return it as it is: there is nothing of ours in it."""
        return essence


def settings() -> kopf.OperatorSettings:
    """Return what Kopf is told (measured: `webapp/help/operator.md` names the traps)."""
    made = kopf.OperatorSettings()
    made.posting.enabled = False
    made.peering.standalone = True
    made.scanning.disabled = True
    made.persistence.diffbase_storage = ByGeneration()
    made.persistence.progress_storage = NoProgress()
    made.persistence.consistency_timeout = 0
    made.networking.request_timeout = 30
    made.networking.connect_timeout = 10
    made.networking.error_backoffs = [0.5, 1, 2]
    made.watching.server_timeout = WATCH_SECONDS
    made.watching.client_timeout = WATCH_SECONDS + 15
    made.watching.chunk_size = 500
    made.queueing.idle_timeout = 0.1  # a worker for each object stays for so long: at a start, one for every resource
    made.queueing.exit_timeout = 0.5
    return made


async def watch(kube: Kube, heard: Heard, namespaces: tuple[str, ...], stop: asyncio.Event) -> None:
    """Watch until told to stop, over the session that `kube` has opened."""
    registry = kopf.OperatorRegistry()
    handed = [False]

    async def login(**_: Any) -> kopf.AiohttpSession:
        """Give Kopf our session; it asks again when its sign-in has ended and the session was closed."""
        if handed[0]:
            await kube.reopen()
        handed[0] = True
        return kopf.AiohttpSession(
            server=kube.server, aiohttp_session=kube.session, default_namespace=kube.signed.namespace
        )

    async def event(event: Any, **_: Any) -> None:
        heard(event["type"], event["object"])

    kopf.on.login(registry=registry)(login)
    kopf.on.event(GROUP, VERSION, PLURAL, registry=registry)(event)
    await kopf.operator(
        registry=registry,
        settings=settings(),
        clusterwide=not namespaces,
        namespaces=namespaces,
        standalone=True,
        stop_flag=stop,
    )

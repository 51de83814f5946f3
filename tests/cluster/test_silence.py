"""A watch that goes silent is noticed and begun anew; only one that hangs makes the process start anew."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from cluster.operators import Space
from servers.interference import slow_relay
from servers.kinds.kubernetes import ControlPlane

from credential_operator.kube import watch
from credential_operator.kube.client import Kube
from credential_operator.kube.limiter import Bucket
from credential_operator.kube.watch import MetadataWatch

FOR_EVER = 3600.0


async def until(holds: Callable[[], object], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110  the other side is a server
            await asyncio.sleep(0.05)


def test_a_silent_watch_is_begun_anew(cluster: ControlPlane, space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    """The API server's answers stop coming while the connection stands; later ones come again."""
    monkeypatch.setattr(watch, "SILENCE", 1.0)
    seen = set[str]()

    async def scenario() -> None:
        kube = Kube(Bucket(100, 100))
        await kube.open()
        path = f"/api/v1/namespaces/{space.name}/secrets"
        one = MetadataWatch(kube, path, "secrets", seen=lambda meta: seen.add(meta["name"]), gone=lambda *_: None)
        task = asyncio.create_task(one.run())
        await until(one.listed.is_set)
        relay.delay = FOR_EVER
        await until(lambda: "was cut and is not back yet" in one.trouble)
        assert not one.deaf(0.0), "it is known and mended"
        relay.delay = 0.0
        await asyncio.to_thread(space.source, "later", key="x")
        await until(lambda: "later" in seen)
        await until(lambda: not one.trouble)
        task.cancel()
        await until(lambda: one.deaf(0.2))
        assert not one.deaf(FOR_EVER)
        await kube.close()

    with slow_relay() as relay:
        endpoint = f"https://127.0.0.1:{relay.before(int(cluster.endpoint.rpartition(':')[2]))}"
        monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig(endpoint=endpoint)))
        asyncio.run(scenario())

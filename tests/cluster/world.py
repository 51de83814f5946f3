"""Many resources in one namespace, and what has to be true of them whatever happened to the operator."""

from __future__ import annotations

import asyncio
import base64
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any

import aiohttp
import httpx
from cluster.bare import BareClient, all_at_once
from cluster.operators import RunningOperator, Space, eventually
from cluster.samples import resource
from servers.kinds import etcd
from servers.kinds.kubernetes import ControlPlane

QUIET = 1.0
"""Seconds in which nothing may be written once all is right."""


class World:
    """Resources that share one source, some of them broken, beside a Secret that is nobody's.

    Args:
        plane: The control plane.
        count: How many resources; each has one output.
        broken: How many of them refer to a Secret that is not there.
        connections: Connections of the client that makes them.
    """

    def __init__(self, plane: ControlPlane, count: int, *, broken: int = 0, connections: int = 8) -> None:
        self.plane, self.count, self.broken, self.connections = plane, count, broken, connections
        self.space = Space(plane)
        self.since = etcd.revision(plane.etcd)
        self.value = ""
        self.interval = "0"
        self.foreign = self.space.source("foreign", password="not ours")
        self.change()

    @property
    def name(self) -> str:
        """The namespace."""
        return self.space.name

    def touch(self) -> None:
        """Give the source another version and the same value: each resource is due, and no Secret is written."""
        self.space.source("keys", secret=self.value, more=secrets.token_hex(4))

    def change(self) -> None:
        """Give the source another value."""
        self.value = f"canary{secrets.token_hex(12)}"
        self.space.source("keys", secret=self.value)

    def spec(self, number: int) -> dict[str, Any]:
        """Return the specification of one resource."""
        source = "missing" if number < self.broken else "keys"
        block = {
            "accessKeyId": f"AKIA{number}",
            "secretAccessKey": {"secretKeyRef": {"name": source, "key": "secret"}},
            "endpoint": "http://127.0.0.1:9",
        }
        secrets = [{"name": f"out-{number}", "format": "rclone"}]
        return {"provider": {"s3": block}, "secrets": secrets, "verification": {"interval": self.interval}}

    def make(self, numbers: Iterable[int] | None = None) -> None:
        """Create resources, all at once."""
        asyncio.run(self.create(range(self.count) if numbers is None else numbers))

    async def create(self, numbers: Iterable[int]) -> None:
        """Create resources over the client's connections; what an unwell server did not take is tried again."""
        async with BareClient(self.plane, self.connections) as client:
            await all_at_once(lambda number=number: self.create_one(client, number) for number in numbers)

    async def create_one(self, client: BareClient, number: int) -> Any:
        """Create one resource."""
        made = resource(self.spec(number), f"r{number}")
        while True:
            try:
                return await client.create(self.name, made)
            except RuntimeError as error:
                if ": 409 " in str(error):
                    return None
            except (OSError, aiohttp.ClientError):
                pass
            await asyncio.sleep(0.1)

    # What has to be true

    def wrong(self) -> list[str]:
        """Return what is not as it should be."""
        found = {one["metadata"]["name"]: one for one in self.space.http.get(self.space.resources).json()["items"]}
        outputs = {one["metadata"]["name"]: one for one in self.space.http.get(self.space.secrets).json()["items"]}
        return [
            f"r{number}"
            for number in range(self.count)
            if not self.right(number, found.get(f"r{number}"), outputs.get(f"out-{number}"))
        ]

    def right(self, number: int, found: dict[str, Any] | None, output: dict[str, Any] | None) -> bool:
        """Tell whether a resource is as it should be."""
        status = (found or {}).get("status", {})
        ready = next((one for one in status.get("conditions", ()) if one["type"] == "Ready"), {})
        if number < self.broken:
            return ready.get("reason") == "SourceNotFound" and output is None
        written = base64.b64decode((output or {}).get("data", {}).get("rclone.conf", "")).decode()
        return ready.get("status") == "True" and self.value in written

    def settle(self, operator: RunningOperator, seconds: float = 60) -> float:
        """Wait until all is right and return how long it took."""
        began = time.monotonic()
        eventually(
            lambda: not self.well(self.wrong), seconds, lambda: f"{self.well(self.wrong)} {operator.said[-2000:]}"
        )
        return time.monotonic() - began

    @staticmethod
    def well(call: Callable[[], list[str]]) -> list[str]:
        """Return what is wrong; everything, while the API server is away."""
        try:
            return call()
        except (httpx.HTTPError, KeyError) as error:
            return [repr(error)]

    def hold(self, operator: RunningOperator, most: float | None = None) -> None:
        """Check what must be true after any fault: right, quiet, few writes, nobody else's Secret, no value outside.

        Args:
            operator: The one that runs.
            most: Writes that it may have made since it was started; two for each resource if not given.
        """
        eventually(lambda: self.quiet(operator), 20)
        assert self.wrong() == []
        writes = operator.writes()
        counted = writes.get("secrets", 0) + writes.get("backupcredentials/status", 0)
        assert counted <= (2 * self.count if most is None else most), writes
        assert (self.space.secret("foreign") or {})["metadata"]["resourceVersion"] == self.foreign
        assert self.escaped() == set()
        assert "canary" not in operator.log.read_text() + operator.get("/metrics")

    def quiet(self, operator: RunningOperator) -> bool:
        """Tell whether nothing is written for a moment."""
        before = operator.writes()
        time.sleep(QUIET)
        return operator.writes() == before

    def escaped(self) -> set[str]:
        """Return the keys of etcd outside Secrets that hold a value, in plain or in base64, now or since the start."""
        needles = [b"canary", *(base64.b64encode(b"x" * shift + b"canary")[shift + 1 : -3] for shift in range(3))]
        stored = etcd.history(self.plane.etcd, self.since)
        return {
            key
            for key, value in stored
            if not key.startswith("/registry/secrets/") and any(needle in value for needle in needles)
        }

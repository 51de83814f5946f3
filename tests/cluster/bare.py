"""A bare client of the API server: the least that anybody has to send, as fast as it can be sent."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import Awaitable, Callable, Iterable
from types import TracebackType
from typing import Any, Self

import aiohttp
from servers.kinds.kubernetes import ControlPlane

from credential_operator.names import GROUP, PLURAL, VERSION

MERGE = {"Content-Type": "application/merge-patch+json"}


class BareClient:
    """A signed-in session with a number of connections.

    Args:
        plane: The control plane.
        connections: How many requests are under way at once.
        group: API group of the resources.
    """

    def __init__(self, plane: ControlPlane, connections: int = 8, group: str = GROUP) -> None:
        self.plane = plane
        self.connections = connections
        self.kind = f"/apis/{group}/{VERSION}"
        self.gate = asyncio.Semaphore(connections)

    async def __aenter__(self) -> Self:
        """Open the session."""
        trust = ssl.create_default_context(cafile=str(self.plane.authority))
        self.session = aiohttp.ClientSession(
            base_url=self.plane.endpoint,
            connector=aiohttp.TCPConnector(ssl=trust, limit=self.connections),
            headers={"Authorization": f"Bearer {self.plane.tokens['admin']}"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the session."""
        await self.session.close()
        await asyncio.sleep(0.25)  # TLS connections take a moment to end (aiohttp, "Graceful Shutdown")

    async def send(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """Send one request and return the answer; raises RuntimeError with what the API server said."""
        data = json.dumps(body) if body is not None else None
        headers = headers or {"Content-Type": "application/json"}
        async with self.gate, self.session.request(method, path, data=data, headers=headers) as answer:
            found = await answer.json()
            if answer.status >= 400:
                raise RuntimeError(f"{method} {path}: {answer.status} {found.get('message')}")
            return found

    def resources(self, namespace: str) -> str:
        """Return the path of a namespace's resources."""
        return f"{self.kind}/namespaces/{namespace}/{PLURAL}"

    async def create(self, namespace: str, resource: dict[str, Any]) -> Any:
        """Create a resource."""
        return await self.send("POST", self.resources(namespace), resource)

    async def create_secret(self, namespace: str, name: str, data: dict[str, str], **metadata: Any) -> Any:
        """Create a Secret from texts."""
        packed = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
        body = {"metadata": {"name": name, **metadata}, "data": packed}
        return await self.send("POST", f"/api/v1/namespaces/{namespace}/secrets", body)

    async def patch_status(self, namespace: str, name: str, status: dict[str, Any]) -> Any:
        """Write a part of a resource's status."""
        return await self.send("PATCH", f"{self.resources(namespace)}/{name}/status", {"status": status}, MERGE)


async def all_at_once(calls: Iterable[Callable[[], Awaitable[Any]]]) -> list[Any]:
    """Run many calls; the client's connections bound how many are under way."""
    return list(await asyncio.gather(*(call() for call in calls)))


def condition(name: str, reason: str, message: str, status: str = "True") -> dict[str, Any]:
    """Return a condition as the operator writes it."""
    return {
        "type": name,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": "2026-01-01T00:00:00Z",
        "observedGeneration": 1,
    }


def status(outputs: Iterable[str] = ("out",)) -> dict[str, Any]:
    """Return a status of the size that the operator writes."""
    names = list(outputs)
    return {
        "observedGeneration": 1,
        "provider": "S3",
        "conditions": [
            condition("Ready", "Synced", "The Secret is as it should be."),
            condition("SecretsSynced", "Synced", "The Secret is as it should be."),
            condition("Verified", "VerificationPending", "The verification is under way.", "Unknown"),
        ],
        "secrets": [{"name": name, "format": "restic", "hash": "a" * 32, "resourceVersion": "123"} for name in names],
        "sources": [{"name": "keys", "resourceVersion": "100"}],
    }

"""Follows a collection of the API server as any client would, and notes when what was seen first."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from cluster.bare import BareClient
from servers.kinds.kubernetes import ControlPlane

METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
LIMIT = 1 << 26
"""Bytes of one line at most."""


class Follower:
    """A watch on a collection.

    Args:
        plane: The control plane.
        path: The collection.
        holds: What an object must fulfil to count as seen.
        accept: What the API server shall send; `METADATA` spares it the rest.
    """

    def __init__(
        self, plane: ControlPlane, path: str, holds: Callable[[dict[str, Any]], bool], accept: str = "application/json"
    ) -> None:
        self._client, self._path, self._holds, self._accept = BareClient(plane), path, holds, accept
        self.seen: dict[str, float] = {}
        self._more = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Begin."""
        await self._client.__aenter__()
        begun = asyncio.Event()
        self._task = asyncio.create_task(self._follow(begun))
        await asyncio.wait_for(begun.wait(), 30)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self._client.__aexit__(kind, error, trace)

    async def _follow(self, begun: asyncio.Event) -> None:
        session = self._client.session
        headers, query = {"Accept": self._accept}, {"watch": "1", "timeoutSeconds": "3600"}
        async with session.get(self._path, params=query, headers=headers, timeout=None, read_bufsize=LIMIT) as answer:
            answer.raise_for_status()
            begun.set()
            async for line in answer.content:
                self._take(json.loads(line)["object"])

    def _take(self, found: dict[str, Any]) -> None:
        name = found["metadata"]["name"]
        if name not in self.seen and self._holds(found):
            self.seen[name] = time.perf_counter()
            self._more.set()

    async def until(self, count: int, seconds: float = 600) -> float:
        """Wait until so many were seen; return when the last of them was."""
        async with asyncio.timeout(seconds):
            while len(self.seen) < count:
                self._more.clear()
                await self._more.wait()
        return max(self.seen.values())

"""Reads the Secrets that resources refer to: each version once, for all who refer to it, only the keys they name."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterable
from urllib.parse import quote

from credential_operator.controller.index import Index, Secret
from credential_operator.kube.client import Kube
from credential_operator.kube.errors import KubeError
from credential_operator.wanted.values import Read

MOST = 2048
KEPT_SECONDS = 120.0
"""Seconds after its last use for which a value stays in memory."""


class Sources:
    """A small memory of values by Secret.

    Args:
        kube: The session.
        index: Knows which version stands in the cluster.
    """

    def __init__(self, kube: Kube, index: Index) -> None:
        self._kube, self._index = kube, index
        self._kept: OrderedDict[Secret, tuple[Read, frozenset[str], float]] = OrderedDict()
        self._running: dict[Secret, asyncio.Task[Read | None]] = {}

    async def read(self, secret: Secret, keys: frozenset[str]) -> Read | None:
        """Return a Secret, or nothing when it is not there.

        Raises:
            KubeError: The API server refused, or did not answer.
        """
        while True:
            kept = self._current(secret, keys)
            if kept:
                return kept
            running = self._running.get(secret)
            if running is None:
                running = self._running[secret] = asyncio.create_task(self._fetch(secret, keys))
                running.add_done_callback(lambda _: self._running.pop(secret, None))
            found = await asyncio.shield(running)
            if found is None or keys <= self._known(secret):
                return found

    def _known(self, secret: Secret) -> frozenset[str]:
        kept = self._kept.get(secret)
        return kept[1] if kept else frozenset()

    def _current(self, secret: Secret, keys: frozenset[str]) -> Read | None:
        """Return what is kept, if the watch says that it still stands and it has these keys."""
        kept, meta = self._kept.get(secret), self._index.metas.get(secret)
        if not kept or not meta or kept[0].version != meta.version or not keys <= kept[1]:
            return None
        self._kept[secret] = (kept[0], kept[1], time.monotonic())
        self._kept.move_to_end(secret)
        return kept[0]

    async def _fetch(self, secret: Secret, keys: frozenset[str]) -> Read | None:
        path = f"/api/v1/namespaces/{secret[0]}/secrets/{quote(secret[1])}"
        try:
            found = await self._kube.request("GET", path, resource="secrets")
        except KubeError as error:
            if error.missing:
                self._kept.pop(secret, None)
                return None
            raise
        self._index.seen(found["metadata"])
        wanted = keys | self._known(secret)
        data = found.get("data") or {}
        read = Read(found["metadata"]["resourceVersion"], {key: data[key] for key in wanted if key in data})
        self._keep(secret, read, wanted)
        return read

    def _keep(self, secret: Secret, read: Read, keys: frozenset[str]) -> None:
        self._kept[secret] = (read, keys, time.monotonic())
        self._kept.move_to_end(secret)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)

    def sweep(self) -> None:
        """Forget what was not used for a while."""
        limit = time.monotonic() - KEPT_SECONDS
        old: Iterable[Secret] = [secret for secret, kept in self._kept.items() if kept[2] < limit]
        for secret in old:
            del self._kept[secret]

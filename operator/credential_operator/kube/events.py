"""Events: said once when something changed, never for a success that was expected."""

from __future__ import annotations

import asyncio
import logging
import secrets
from datetime import UTC, datetime

from credential_operator.kube.client import METADATA, Kube
from credential_operator.kube.errors import KubeError
from credential_operator.names import API_VERSION, KIND, PRODUCT

LOG = logging.getLogger(__name__)
WAITING = 1000
LONGEST = 1024


class Events:
    """Posts events beside the work; when too many wait, new ones are dropped: the status has said it already.

    Args:
        kube: The session.
    """

    def __init__(self, kube: Kube) -> None:
        self._kube = kube
        self._queue: asyncio.Queue[tuple[str, dict[str, object]]] = asyncio.Queue(WAITING)
        self._refused: set[str] = set()

    def post(self, namespace: str, name: str, uid: str, event: tuple[str, str, str]) -> None:
        """Post type, reason and message about a resource."""
        kind, reason, message = event
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        body: dict[str, object] = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{name[:200].rstrip('-.')}.{secrets.token_hex(8)}", "namespace": namespace},
            "involvedObject": {
                "apiVersion": API_VERSION, "kind": KIND, "namespace": namespace, "name": name, "uid": uid,
            },
            "type": kind,
            "reason": reason,
            "message": message[:LONGEST],
            "source": {"component": PRODUCT},
            "reportingComponent": PRODUCT,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }  # fmt: skip
        try:
            self._queue.put_nowait((f"/api/v1/namespaces/{namespace}/events", body))
        except asyncio.QueueFull:
            LOG.warning("an event was dropped: too many wait")

    async def run(self) -> None:
        """Send what waits, one after another."""
        while True:
            path, body = await self._queue.get()
            try:
                await self._kube.request("POST", path, body, accept=METADATA, resource="events")
                self._refused.discard(path)
            except KubeError as error:
                self._failed(path, error)
            finally:
                self._queue.task_done()

    def _failed(self, path: str, error: KubeError) -> None:
        """Say once for each namespace that it may not be done; anything else passes, and the status has said it."""
        if error.forbidden and path not in self._refused:
            self._refused.add(path)
            LOG.warning("an event was not posted: %s (%s)", error.sentence, path)

    async def drain(self, seconds: float) -> None:
        """Wait until nothing waits, at most for so long."""
        try:
            await asyncio.wait_for(self._queue.join(), seconds)
        except TimeoutError:
            LOG.warning("events were left unsent")

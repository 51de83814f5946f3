"""One operator at a time: a Lease of coordination.k8s.io, as other controllers hold it."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from credential_operator.kube.client import LEASES, Kube
from credential_operator.kube.errors import KubeError

LOG = logging.getLogger(__name__)
DURATION = 15
RENEW = 5.0
LOST = DURATION - RENEW / 2
"""Seconds after its last renewal for which the lease counts as ours; the rest is for what is still on its way."""


class Lease:
    """Holds a Lease.

    Args:
        kube: The session.
        namespace: Where it is.
        name: Its name.
        identity: Who we are; the same again after a restart of the same pod, so that it goes on at once.

    Attributes:
        waiting: Whether we wait for another instance to end.
        trouble: Why it could not be asked for; empty while it can.
    """

    def __init__(self, kube: Kube, namespace: str, name: str, identity: str) -> None:
        self._kube, self._name, self._identity = kube, name, identity
        self._path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._seen: tuple[str, float] = ("", 0.0)
        self._ours = self._taken = self.waiting = False
        self._renewed = 0.0
        self.trouble = ""

    @property
    def held(self) -> bool:
        """Tell whether it is ours at this moment, so that nobody else may be at work."""
        return self._ours and time.monotonic() < self._renewed + LOST

    async def acquire(self) -> None:
        """Wait until the Lease is ours."""
        while not await self._renew():
            if not self.waiting and not self.trouble:
                LOG.info("another instance is at work; waiting for its lease to end")
            self.waiting = not self.trouble
            await asyncio.sleep(1.0)
        self._ours, self._taken, self.waiting = True, False, False

    async def keep(self) -> None:
        """Renew it for as long as we run; return when another instance has taken it.

        While the API server does not answer, it is not held, and may be ours again afterwards: nobody else gets an answer.
        """
        while not self._taken:
            await asyncio.sleep(RENEW if time.monotonic() - self._renewed < RENEW else RENEW / 5)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOST):
                    await self._renew()
        self._ours = False

    async def release(self) -> None:
        """Give it back, so that the next one need not wait."""
        if not self._ours:
            return
        self._ours = False
        try:
            found = await self._kube.request("GET", f"{self._path}/{self._name}", resource=LEASES)
            if found["spec"].get("holderIdentity") == self._identity:
                await self._put(found, holder="")
        except KubeError:
            LOG.info("the lease was not given back; it ends by itself")

    async def _renew(self) -> bool:
        """Take or renew it; it holds from before the request, as nobody knows when that was served."""
        begun = time.monotonic()
        done = await self._try()
        self._renewed = begun if done else self._renewed
        return done

    async def _try(self) -> bool:
        try:
            found = await self._kube.request("GET", f"{self._path}/{self._name}", resource=LEASES)
        except KubeError as error:
            return await self._create() if error.missing else self._failed(error)
        self._taken = not self._free(found)
        if self._taken:
            self.trouble = ""
            return False
        try:
            await self._put(found, holder=self._identity)
        except KubeError as error:
            return self._failed(error)
        self.trouble = ""
        return True

    def _free(self, found: dict[str, Any]) -> bool:
        """Tell whether it is ours, nobody's, or was not renewed for its whole duration by our own clock."""
        spec = found.get("spec") or {}
        if spec.get("holderIdentity") in {"", None, self._identity}:
            return True
        version = found["metadata"]["resourceVersion"]
        if version != self._seen[0]:
            self._seen = (version, time.monotonic())
        return time.monotonic() - self._seen[1] > float(spec.get("leaseDurationSeconds") or DURATION)

    async def _create(self) -> bool:
        body = {"metadata": {"name": self._name}, "spec": self._spec(self._identity, 0)}
        try:
            await self._kube.request("POST", self._path, body, resource=LEASES)
        except KubeError as error:
            return self._failed(error)
        self.trouble = ""
        return True

    async def _put(self, found: dict[str, Any], *, holder: str) -> None:
        spec = found.get("spec") or {}
        changed = holder != spec.get("holderIdentity")
        transitions = int(spec.get("leaseTransitions") or 0) + changed
        body = {**found, "spec": self._spec(holder, transitions)}
        await self._kube.request("PUT", f"{self._path}/{self._name}", body, resource=LEASES)

    def _spec(self, holder: str, transitions: int) -> dict[str, Any]:
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        return {
            "holderIdentity": holder,
            "leaseDurationSeconds": DURATION,
            "renewTime": now,
            "acquireTime": now,
            "leaseTransitions": transitions,
        }

    def _failed(self, error: KubeError) -> bool:
        """Say once why it cannot be had; that somebody else was quicker is no trouble."""
        trouble = "" if error.conflict else f"the lease cannot be held: {error.sentence} ({self._path})"
        if trouble and trouble != self.trouble:
            LOG.warning("%s", trouble)
        self.trouble = trouble
        return False

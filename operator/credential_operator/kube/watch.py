"""Watches the metadata of Secrets: that something changed and who made it, and never a value."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from credential_operator.kube.client import CUT_OFF, METADATA, METADATA_LIST, Kube
from credential_operator.kube.errors import KubeError

LOG = logging.getLogger(__name__)
PAGE = 500
SERVER_SECONDS = 290
SILENCE = 90.0
"""Seconds without a line after which a watch is taken as dead; bookmarks come about once a minute."""

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 30.0
"""Seconds between two watches; twice as long each time until one tells something."""

Seen = Callable[[Mapping[str, Any]], None]


class MetadataWatch:
    """One endless watch.

    Args:
        kube: The session.
        path: Collection, such as `/api/v1/secrets`.
        resource: Its name in errors.
        seen: Told the metadata of what is there or has changed.
        gone: Told namespace and name of what is no longer there.
    """

    def __init__(self, kube: Kube, path: str, resource: str, *, seen: Seen, gone: Callable[[str, str], None]) -> None:
        self._kube, self._path, self._resource = kube, path, resource
        self._seen, self._gone = seen, gone
        self._present: set[tuple[str, str]] = set()
        self._version = ""
        self._pause = FIRST_PAUSE
        self.listed = asyncio.Event()
        self._heard = 0.0
        self.trouble = ""

    async def run(self) -> None:
        """List and watch until cancelled; after a fault with a growing pause."""
        while True:
            try:
                await self._round()
                self._pause = FIRST_PAUSE
            except KubeError as error:
                self._refused(error)
            except (*CUT_OFF, ValueError, RuntimeError) as error:  # the last one: a session that Kopf closed
                LOG.info("the watch on %s was cut: %s", self._resource, type(error).__name__)
                self.trouble = f"the watch on {self._resource} was cut and is not back yet ({self._path})"
            await asyncio.sleep(self._pause * random.uniform(0.8, 1.2))  # noqa: S311  no secret
            self._pause = min(LONGEST_PAUSE, self._pause * 2)

    def _refused(self, error: KubeError) -> None:
        """Begin with a list again when the version is too old; anything else is trouble."""
        if error.expired:
            self._version = ""
            return
        self.trouble = f"{error.sentence} ({self._path})"
        LOG.warning("the watch on %s ended: %s", self._resource, self.trouble)

    async def _round(self) -> None:
        """List unless a version is known to go on from, then follow the changes until the server ends the watch."""
        if not self._version:
            self._version = await self._list()
            self.listed.set()
        await self._watch()

    async def _list(self) -> str:
        """Read all that is there, page by page; what was known and is not among it is gone."""
        token, present = "", set[tuple[str, str]]()
        while True:
            query = {"limit": PAGE} | ({"continue": token} if token else {})
            page = await self._kube.request(
                "GET",
                f"{self._path}?{urlencode(query)}",
                accept=METADATA_LIST,
                resource=self._resource,
                subject="list",
            )
            for item in page.get("items") or ():
                self._take(item["metadata"], present)
            token = page["metadata"].get("continue", "")
            if not token:
                break
        for namespace, name in self._present - present:
            self._gone(namespace, name)
        self._present = present
        self._beat()
        return str(page["metadata"]["resourceVersion"])

    def _take(self, meta: Mapping[str, Any], present: set[tuple[str, str]]) -> None:
        present.add((meta["namespace"], meta["name"]))
        self._seen(meta)

    async def _watch(self) -> None:
        query = urlencode(
            {
                "watch": 1,
                "allowWatchBookmarks": "true",
                "resourceVersion": self._version,
                "timeoutSeconds": SERVER_SECONDS,
            }
        )
        async with self._kube.stream(f"{self._path}?{query}", accept=METADATA, seconds=SILENCE) as response:
            if response.status != 200:  # noqa: PLR2004  HTTP's word for fine
                raise KubeError(response.status, "watch", self._resource, HTTPStatus(response.status).phrase)
            self.trouble = ""
            left = b""
            async for chunk in response.content.iter_any():
                self._beat()
                *lines, left = (left + chunk).split(b"\n")
                for line in filter(None, lines):
                    self._event(json.loads(line))

    def _event(self, event: Mapping[str, Any]) -> None:
        self._pause = FIRST_PAUSE
        kind, found = event["type"], event["object"]
        if kind == "ERROR":
            raise KubeError(int(found.get("code", 500)), "watch", self._resource, str(found.get("reason", "")))
        meta = found["metadata"]
        if kind == "DELETED":
            self._present.discard((meta["namespace"], meta["name"]))
            self._gone(meta["namespace"], meta["name"])
        elif kind != "BOOKMARK":
            self._take(meta, self._present)
        self._version = str(meta["resourceVersion"])

    def deaf(self, seconds: float) -> bool:
        """Tell whether nothing came for so long and nobody knows why: what cuts a watch is trouble, and is mended."""
        return not self.trouble and 0 < self._heard < asyncio.get_running_loop().time() - seconds

    def _beat(self) -> None:
        self._heard = asyncio.get_running_loop().time()

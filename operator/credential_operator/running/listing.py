"""What the API server says of the resources as a whole: whether they are served to us, how many, and which."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from credential_operator.kube.client import CUT_OFF, METADATA, METADATA_LIST, Kube
from credential_operator.kube.errors import KubeError
from credential_operator.names import GROUP, PLURAL, VERSION

LOG = logging.getLogger(__name__)
DISCOVERY = f"/apis/{GROUP}/{VERSION}"
PAGE = 500
"""Resources in one answer."""


def paths(root: str, plural: str, namespaces: Sequence[str]) -> list[str]:
    """Return where a kind is listed: in each of the namespaces, or in the whole cluster when none are named."""
    return [f"{root}/namespaces/{name}/{plural}" for name in namespaces] or [f"{root}/{plural}"]


class Listing:
    """Lists the resources that the operator looks after.

    Args:
        kube: The signed-in client.
        namespaces: Those that are watched; none for all.
    """

    def __init__(self, kube: Kube, namespaces: Sequence[str]) -> None:
        self._kube, self._paths = kube, paths(DISCOVERY, PLURAL, namespaces)

    async def wait_until_served(self, tell: Callable[[str], None]) -> None:
        """Wait until the API server knows the resource and lets us list and watch it.

        Kopf would not notice a definition that comes later, and ends at a missing permission.

        Args:
            tell: Is told what stands in the way, after every try.
        """
        told = ""
        while obstacle := await self._obstacle():
            tell(obstacle)
            if told != obstacle:
                told = obstacle
                LOG.warning("waiting: %s", told)
            await asyncio.sleep(1.0)

    async def _obstacle(self) -> str:
        try:
            await self._kube.request("GET", DISCOVERY, resource="discovery")
            await self.count()
            for path in self._paths:
                await self._try_to_watch(path)
        except KubeError as error:
            return obstacle(error)
        return ""

    async def _try_to_watch(self, path: str) -> None:
        """Begin a watch.

        Raises:
            KubeError: It is refused.
        """
        with suppress(*CUT_OFF):
            async with self._kube.stream(f"{path}?watch=1&timeoutSeconds=1", accept=METADATA, seconds=10) as answer:
                if answer.status >= HTTPStatus.BAD_REQUEST:
                    raise KubeError(answer.status, "watch", PLURAL, HTTPStatus(answer.status).phrase)

    async def count(self) -> int:
        """Return how many there are.

        Raises:
            KubeError: The API server does not say.
        """
        pages = [await self._page(f"{path}?limit=1") for path in self._paths]
        return sum(len(page.get("items") or ()) + int(page["metadata"].get("remainingItemCount", 0)) for page in pages)

    async def uids(self) -> set[str]:
        """Return the UIDs of all that are there.

        Raises:
            KubeError: The API server does not say.
        """
        return {item["metadata"]["uid"] for path in self._paths async for item in self._items(path)}

    async def _items(self, path: str) -> AsyncIterator[Any]:
        token = "&"
        while token:
            page = await self._page(f"{path}?limit={PAGE}{token}")
            for item in page.get("items") or ():
                yield item
            following = page["metadata"].get("continue", "")
            token = f"&continue={following}" if following else ""

    async def _page(self, path: str) -> Any:
        return await self._kube.request("GET", path, accept=METADATA_LIST, resource=PLURAL, subject="list")


def obstacle(error: KubeError) -> str:
    """Return what stands in the way of the first request."""
    if error.missing:
        return "the definition of the resource is not installed (backup-credentials crd --apply)"
    if error.forbidden or not error.status:
        return error.sentence
    return f"the API server refuses us: {error.status} {error.reason}"

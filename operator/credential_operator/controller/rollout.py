"""Renews the pods that use an output: their workloads' pod template gets another annotation."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlencode

from credential_operator.controller.held import Held
from credential_operator.kube.client import MERGE, METADATA, METADATA_LIST, Kube
from credential_operator.kube.errors import KubeError
from credential_operator.names import CHANGED
from credential_operator.wanted.spec import Rollout

COLLECTIONS = {"Deployment": "deployments", "StatefulSet": "statefulsets", "DaemonSet": "daemonsets"}


class Rollouts:
    """Renews pods.

    Args:
        kube: The session.
    """

    def __init__(self, kube: Kube) -> None:
        self._kube = kube

    async def renew(self, held: Held, wanted: Rollout, secrets: Iterable[Mapping[str, str]]) -> None:
        """Annotate the pod templates of those workloads with what the outputs are now; the same again changes nothing.

        Raises:
            KubeError: The API server refused; one that is not there is passed over.
        """
        namespace = held.place.namespace
        named = [(COLLECTIONS[kind], name) for kind, name in wanted.targets]
        labelled = await self._labelled(namespace, wanted.labels) if wanted.labels else []
        for collection, name in dict.fromkeys(named + labelled):
            await self._annotate(namespace, collection, name, digest(secrets))

    async def _labelled(self, namespace: str, labels: Mapping[str, str]) -> list[tuple[str, str]]:
        query = urlencode({"labelSelector": ",".join(f"{key}={text}" for key, text in sorted(labels.items()))})
        found: list[tuple[str, str]] = []
        for collection in COLLECTIONS.values():
            path = f"/apis/apps/v1/namespaces/{namespace}/{collection}?{query}"
            page = await self._kube.request("GET", path, accept=METADATA_LIST, resource=collection, subject="list")
            found += [(collection, item["metadata"]["name"]) for item in page.get("items") or ()]
        return found

    async def _annotate(self, namespace: str, collection: str, name: str, text: str) -> None:
        body = {"spec": {"template": {"metadata": {"annotations": {CHANGED: text}}}}}
        path = f"/apis/apps/v1/namespaces/{namespace}/{collection}/{quote(name)}"
        try:
            await self._kube.request("PATCH", path, body, content_type=MERGE, accept=METADATA, resource=collection)
        except KubeError as error:
            if not error.missing:
                raise


def digest(secrets: Iterable[Mapping[str, str]]) -> str:
    """Return a text that changes with the outputs; their hashes are keyed already."""
    hashes = ",".join(sorted(f"{item['name']}={item['hash']}" for item in secrets))
    return hashlib.sha256(hashes.encode()).hexdigest()[:16]

"""What the pages show of a cluster credential."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from flask import request

from webapp.core.providers import PROVIDERS
from webapp.core.providers.base import Provider
from webapp.core.redaction import safe_attributes
from webapp.core.store import Page
from webapp.core.store.cluster import ClusterCredential
from webapp.pages.access import runtime

DIGITS = 9
READY = {"True": "ready", "False": "not ready"}
FILTERS = ("text", "provider", "state", "ready")


@dataclass(frozen=True, slots=True)
class ClusterListing:
    """One page of the cluster's credentials, with what a browser needs to ask for the next state of it.

    Attributes:
        found: The resources.
        number: The change number that this is the state of.
        asked: The filters in use, by name.
        total: How many there are without any filter.
    """

    found: Page[ClusterCredential]
    number: int
    asked: Mapping[str, str]
    total: int

    @property
    def filtered(self) -> bool:
        """Tell whether some may be hidden."""
        return any(self.asked.values())


def cluster_listing() -> ClusterListing:
    """Return what the address of this request asks for."""
    cluster = runtime().store.cluster
    number = cluster.number()  # first: what changes while the rows are read is noticed the next time
    asked = {name: request.args.get(name, "") for name in FILTERS}
    found = partial(cluster.search, text=asked["text"], provider=asked["provider"])
    page = request.args.get("cluster_page", "1")
    wanted = int(page) if page.isascii() and page.isdigit() and len(page) < DIGITS else 1
    return ClusterListing(
        found(state=asked["state"], ready=asked["ready"], page=wanted), number, asked, cluster.count()
    )


def provider_of(resource: ClusterCredential) -> Provider | None:
    """Return the provider, when it is known."""
    return PROVIDERS.get(resource.provider)


def shown_values(resource: ClusterCredential) -> dict[str, str]:
    """Return the values by the labels of their fields; secrets are masked."""
    provider = provider_of(resource)
    if provider is None:
        return {}
    safe = safe_attributes(provider, resource.attributes or {})
    return {field.label: str(safe[field.key]) for field in provider.fields if field.key in safe}

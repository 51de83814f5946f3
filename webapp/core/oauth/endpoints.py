"""Where each provider's log-in is; sources in the vendors' own documentation, named beside each row."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from webapp.core.fields import Attributes
from webapp.core.oauth.vendors import VENDORS

MICROSOFT: Mapping[str, str] = {
    "": "https://login.microsoftonline.com",
    "us": "https://login.microsoftonline.us",
    "de": "https://login.microsoftonline.de",
    "cn": "https://login.chinacloudapi.cn",
}
"""learn.microsoft.com/entra/identity-platform/authentication-national-cloud"""

GRAPH: Mapping[str, str] = {
    "": "https://graph.microsoft.com",
    "us": "https://graph.microsoft.us",
    "de": "https://graph.microsoft.de",
    "cn": "https://microsoftgraph.chinacloudapi.cn",
}
"""learn.microsoft.com/graph/deployments"""

PCLOUD_HOSTS = ("api.pcloud.com", "eapi.pcloud.com")
"""docs.pcloud.com/methods/oauth_2.0/authorize.html: the United States and the European Union."""


def place(template: str, attributes: Attributes) -> str:
    """Fill in what an address depends on: Microsoft's cloud and tenant, pCloud's host."""
    region = str(attributes.get("region", ""))
    hostname = str(attributes.get("hostname", ""))
    return template.format(
        login=MICROSOFT.get(region, MICROSOFT[""]),
        graph=GRAPH.get(region, GRAPH[""]),
        tenant=quote(str(attributes.get("tenant") or "common"), safe=""),
        hostname=hostname if hostname in PCLOUD_HOSTS else PCLOUD_HOSTS[0],
    )


def token_endpoint(provider_type: str, attributes: Attributes) -> str:
    """Return where a provider's tokens are made; empty when it has no such log-in."""
    vendor = VENDORS.get(provider_type)
    return place(vendor.token, attributes) if vendor else ""

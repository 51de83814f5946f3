"""Where each provider renews tokens; sources in the vendors' own documentation, named beside each row."""

from __future__ import annotations

from collections.abc import Mapping

from webapp.core.fields import Attributes

FIXED: Mapping[str, str] = {
    "BOX": "https://app.box.com/api/oauth2/token",  # developer.box.com/reference/post-oauth2-token
    "DROPBOX": "https://api.dropboxapi.com/oauth2/token",  # developers.dropbox.com/oauth-guide
    "GOOGLE_DRIVE": "https://oauth2.googleapis.com/token",  # developers.google.com/identity/protocols/oauth2
    "GOOGLE_PHOTOS": "https://oauth2.googleapis.com/token",
    "YANDEX": "https://oauth.yandex.com/token",  # yandex.com/dev/id/doc/en/tokens/refresh-client
}
MICROSOFT: Mapping[str, str] = {
    "": "https://login.microsoftonline.com",
    "us": "https://login.microsoftonline.us",
    "de": "https://login.microsoftonline.de",
    "cn": "https://login.chinacloudapi.cn",
}
"""learn.microsoft.com/entra/identity-platform/authentication-national-cloud"""


def token_endpoint(provider_type: str, attributes: Attributes) -> str:
    """Return where a provider's tokens are renewed; empty when it renews none."""
    if provider_type == "ONEDRIVE":
        base = MICROSOFT.get(str(attributes.get("region", "")), MICROSOFT[""])
        return f"{base}/{attributes.get('tenant', 'common')}/oauth2/v2.0/token"
    if provider_type == "PCLOUD":
        return f"https://{attributes.get('hostname', 'api.pcloud.com')}/oauth2_token"
    return FIXED.get(provider_type, "")

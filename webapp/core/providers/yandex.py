"""Yandex."""

from __future__ import annotations

from webapp.core.providers.base import Probe, Provider
from webapp.core.providers.common import CLIENT_OPTIONS, client_pair, oauth_fields, token_lifetime, token_unpacker
from webapp.core.providers.oauth import REPLIES

APPS = "https://oauth.yandex.com/"

YANDEX = Provider(
    "YANDEX",
    "Yandex",
    "Files in Yandex Disk.",
    "brand-yandex",
    oauth_fields("Yandex", APPS),
    "yandex",
    checks=(client_pair, token_lifetime),
    probe=Probe("about"),
    replies=REPLIES,
    expand=token_unpacker("YANDEX", CLIENT_OPTIONS),
    hint=("client_id",),
    link=APPS,
)

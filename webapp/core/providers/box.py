"""Box."""

from __future__ import annotations

from webapp.core.providers.base import Probe, Provider
from webapp.core.providers.common import CLIENT_OPTIONS, client_pair, oauth_fields, token_lifetime, token_unpacker
from webapp.core.providers.oauth import REPLIES

APPS = "https://app.box.com/developers/console"

BOX = Provider(
    "BOX",
    "Box",
    "File storage of Box.",
    "box",
    oauth_fields("Box", APPS),
    "box",
    checks=(client_pair, token_lifetime),
    probe=Probe("list"),  # who is logged in is told to tokens that may see no file as well
    replies=REPLIES,
    expand=token_unpacker("BOX", CLIENT_OPTIONS),
    hint=("client_id",),
    link=APPS,
)

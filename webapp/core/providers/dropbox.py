"""Dropbox."""

from __future__ import annotations

from webapp.core.providers.base import Probe, Provider
from webapp.core.providers.common import CLIENT_OPTIONS, client_id_first, oauth_fields, token_lifetime, token_unpacker
from webapp.core.providers.oauth import REPLIES

APPS = "https://www.dropbox.com/developers/apps"

DROPBOX = Provider(
    "DROPBOX",
    "Dropbox",
    "File storage of Dropbox.",
    "dropbox",
    oauth_fields("Dropbox", APPS),
    "dropbox",
    checks=(client_id_first, token_lifetime),
    probe=Probe("about"),
    replies=REPLIES,
    expand=token_unpacker("DROPBOX", CLIENT_OPTIONS),
    hint=("client_id",),
    link=APPS,
)

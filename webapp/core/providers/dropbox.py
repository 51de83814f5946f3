"""Dropbox."""

from __future__ import annotations

from webapp.core.providers.base import Probe, Provider, Reply
from webapp.core.providers.common import CLIENT_OPTIONS, client_id_first, oauth_fields, token_lifetime, token_unpacker
from webapp.core.providers.oauth import REPLIES
from webapp.core.verification.states import State

APPS = "https://www.dropbox.com/developers/apps"

DROPBOX = Provider(
    "DROPBOX",
    "Dropbox",
    "File storage of Dropbox.",
    "dropbox",
    oauth_fields("Dropbox", APPS),
    "dropbox",
    checks=(client_id_first, token_lifetime),
    probe=Probe("list"),  # who is logged in is told to tokens that may see no file as well
    replies=(
        Reply(
            r"missing_scope",
            State.INVALID,
            "The app may not see files. Tick the permissions on its page, submit them, and log in again.",
            "token",
        ),
        *REPLIES,
    ),
    expand=token_unpacker("DROPBOX", CLIENT_OPTIONS),
    hint=("client_id",),
    link=APPS,
)

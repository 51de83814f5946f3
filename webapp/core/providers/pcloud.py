"""pCloud."""

from __future__ import annotations

from webapp.core.fields import Choice, Field, Kind, RcloneOption
from webapp.core.providers.base import Probe, Provider, Reply
from webapp.core.providers.common import CLIENT_OPTIONS, client_pair, oauth_fields, token_lifetime, token_unpacker
from webapp.core.providers.oauth import REPLIES
from webapp.core.verification.states import State

APPS = "https://docs.pcloud.com/my_apps/"

FIELDS = (
    *oauth_fields("pCloud", APPS),
    Field(
        "hostname",
        "Hostname",
        "Where the account's data is kept. The token works only there.",
        Kind.CHOICE,
        default="api.pcloud.com",
        choices=(
            Choice("api.pcloud.com", "United States (api.pcloud.com)"),
            Choice("eapi.pcloud.com", "European Union (eapi.pcloud.com)"),
        ),
        guards_secrets=True,
        rclone=RcloneOption("hostname"),
    ),
)

PCLOUD = Provider(
    "PCLOUD",
    "pCloud",
    "File storage of pCloud.",
    "cloud",
    FIELDS,
    "pcloud",
    checks=(client_pair, token_lifetime),
    probe=Probe("about"),
    replies=(
        Reply(
            r"Invalid 'access_token'|\(2094\)|\(2000\)|Log in failed",
            State.INVALID,
            "pCloud rejected the token. Check that the hostname is the account's region, or paste a new token.",
            "token",
        ),
        Reply(
            r"\(2003\)",
            State.INVALID,
            "The token is known but may not do this. Make one with access to the files.",
            "token",
        ),
        *REPLIES,
    ),
    expand=token_unpacker("PCLOUD", CLIENT_OPTIONS | {"hostname": "hostname"}),
    hint=("hostname",),
    link=APPS,
)

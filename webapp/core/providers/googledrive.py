"""Google Drive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from webapp.core.fields import Attributes, Choice, Field, Kind, Level, OneOf, Problem, RcloneOption
from webapp.core.providers.base import Probe, Provider, Reply
from webapp.core.providers.common import (
    ADVANCED,
    CLIENT_OPTIONS,
    GOOGLE_PROJECT,
    client_pair,
    last_path_part,
    oauth_fields,
    service_account,
    service_account_summary,
    token_lifetime,
    token_unpacker,
)
from webapp.core.providers.oauth import REPLIES
from webapp.core.verification.states import State

APPS = "https://console.cloud.google.com/auth/clients"
KEY = "service_account_credentials"
CLIENT_NEEDED = (
    "Google retires the client that rclone shares. Enter a client ID and secret of your own: without them this "
    "credential stops working."
)

CLIENT_ID, CLIENT_SECRET, TOKEN = oauth_fields("Google", APPS)
FIELDS = (
    CLIENT_ID,
    CLIENT_SECRET,
    replace(TOKEN, required=False),
    Field(
        "team_drive",
        "Shared Drive ID",
        "Only for a shared drive: its ID, or its address in the browser. Empty for My Drive.",
        normalize=last_path_part,
        guards_secrets=False,
        rclone=RcloneOption("team_drive"),
    ),
    Field(
        KEY,
        "Service Account Key",
        "Instead of a token: the JSON key file of a service account.",
        Kind.FILE_SECRET,
        link="https://console.cloud.google.com/iam-admin/serviceaccounts",
        group=ADVANCED,
        normalize=service_account,
        rclone=RcloneOption(KEY),
    ),
    Field(
        "impersonate",
        "Impersonate",
        "With a service account of a Workspace domain: the user to act for.",
        group=ADVANCED,
        placeholder="user@example.com",
        rclone=RcloneOption("impersonate"),
    ),
    Field(
        "scope",
        "Scope",
        "What the token may do. It must be the scope that the token was made with.",
        Kind.CHOICE,
        choices=(
            Choice("", "As rclone's default (drive)"),
            Choice("drive", "Full access to all files"),
            Choice("drive.readonly", "Read all files"),
            Choice("drive.file", "Files made by this app only"),
            Choice("drive.appfolder", "The app's own folder only"),
            Choice("drive.metadata.readonly", "Names only"),
        ),
        group=ADVANCED,
        rclone=RcloneOption("scope"),
    ),
)


def check_client(attributes: Attributes) -> Iterable[Problem]:
    """Warn of the shared client that Google retires (rclone issue 9580)."""
    if "client_id" not in attributes and "token" in attributes:
        yield Problem("client_id", CLIENT_NEEDED, Level.WARNING)


def _options(attributes: Attributes) -> Mapping[str, str]:
    """My Drive begins at its root; a shared drive has a root of its own."""
    return {} if attributes.get("team_drive") else {"root_folder_id": "root"}


GOOGLE_DRIVE = Provider(
    "GOOGLE_DRIVE",
    "Google Drive",
    "Files in Google Drive, also in shared drives.",
    "googledrive",
    FIELDS,
    "drive",
    one_of=(
        OneOf(
            (("token",), (KEY,)),
            "Paste a token, or choose a service account's key file under Advanced; only one of them.",
            "token",
            exclusive=True,
        ),
    ),
    checks=(client_pair, token_lifetime, check_client),
    options=_options,
    probe=Probe("list"),
    replies=(
        *GOOGLE_PROJECT,
        Reply(
            r"Shared drive not found|teamDriveNotFound|notFound",
            State.MISCONFIGURED,
            "There is no such shared drive, or this account may not use it.",
            "team_drive",
        ),
        Reply(r"Invalid JWT|account not found", State.INVALID, "Google rejected the service account's key.", KEY),
        *REPLIES,
    ),
    expand=token_unpacker("GOOGLE_DRIVE", CLIENT_OPTIONS | {"team_drive": "team_drive", "scope": "scope"}),
    summarize=service_account_summary(KEY),
    hint=("client_id", "team_drive"),
    link=APPS,
)

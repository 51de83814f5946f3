"""Microsoft OneDrive and SharePoint libraries."""

from __future__ import annotations

from webapp.core.fields import Choice, Field, Kind, RcloneOption
from webapp.core.providers.base import Provider, Reply
from webapp.core.providers.common import (
    ADVANCED,
    CLIENT_OPTIONS,
    client_id_first,
    oauth_fields,
    token_lifetime,
    token_unpacker,
)
from webapp.core.providers.oauth import REPLIES
from webapp.core.verification.states import State

APPS = "https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade"
TYPES = {"PERSONAL": "personal", "BUSINESS": "business", "DOCUMENT_LIBRARY": "documentLibrary"}
"""TrueNAS's names and rclone's."""


def _known_type(text: str) -> str:
    """Accept rclone's spelling as well, as it stands in rclone.conf."""
    return {rclone.lower(): name for name, rclone in TYPES.items()}.get(text.lower(), text)


FIELDS = (
    *oauth_fields("Microsoft", APPS),
    Field(
        "drive_type",
        "Drive Account Type",
        "The kind of Microsoft account or library.",
        Kind.CHOICE,
        default="PERSONAL",
        choices=(
            Choice("PERSONAL", "Personal"),
            Choice("BUSINESS", "Business"),
            Choice("DOCUMENT_LIBRARY", "Document library (SharePoint)"),
        ),
        normalize=_known_type,
        rclone=RcloneOption("drive_type", lambda value: TYPES.get(str(value), str(value))),
    ),
    Field(
        "drive_id",
        "Drive ID",
        "The drive's identifier. It stands beside the token in the section of rclone.conf.",
        long_help="`rclone config` shows the drives of an account and writes drive_id and drive_type into its section.",
        required=True,
        rclone=RcloneOption("drive_id"),
    ),
    Field(
        "region",
        "Cloud",
        "Which of Microsoft's clouds.",
        Kind.CHOICE,
        choices=(
            Choice("", "Global"),
            Choice("us", "US Government"),
            Choice("de", "Germany (closed in 2021)"),
            Choice("cn", "China (21Vianet)"),
        ),
        group=ADVANCED,
        guards_secrets=True,
        rclone=RcloneOption("region"),
    ),
    Field(
        "tenant",
        "Tenant ID",
        "For apps that serve one organisation only.",
        group=ADVANCED,
        rclone=RcloneOption("tenant"),
    ),
)

ONEDRIVE = Provider(
    "ONEDRIVE",
    "Microsoft OneDrive",
    "Files in OneDrive and SharePoint.",
    "brand-onedrive",
    FIELDS,
    "onedrive",
    checks=(client_id_first, token_lifetime),
    replies=(
        Reply(
            r"unable to get drive_id|itemNotFound|ObjectHandle is Invalid|invalidRequest",
            State.MISCONFIGURED,
            "Microsoft does not know this drive. Check drive ID and drive account type.",
            "drive_id",
        ),
        Reply(
            r"InvalidAuthenticationToken",
            State.INVALID,
            "This cloud of Microsoft rejected the token. Check under Advanced which cloud the account is in, or log in "
            "there again.",
            "token",
            when="region",
        ),
        *REPLIES,
    ),
    expand=token_unpacker(
        "ONEDRIVE",
        CLIENT_OPTIONS | {name: name for name in ("drive_id", "drive_type", "region", "tenant")},
    ),
    hint=("drive_type", "drive_id"),
    link=APPS,
)

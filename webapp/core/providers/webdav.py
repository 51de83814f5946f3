"""WebDAV: Nextcloud, ownCloud, SharePoint and others."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from webapp.core.fields import Attributes, Choice, Field, Kind, OneOf, Problem, RcloneOption
from webapp.core.providers.base import Provider, Reply
from webapp.core.providers.common import ADVANCED, CA_CERTIFICATE, password_field, user_field
from webapp.core.verification.states import State

VENDORS = {
    "NEXTCLOUD": "Nextcloud",
    "OWNCLOUD": "ownCloud 10",
    "INFINITESCALE": "ownCloud Infinite Scale",
    "SHAREPOINT": "SharePoint Online",
    "SHAREPOINT-NTLM": "SharePoint with NTLM",
    "FASTMAIL": "Fastmail Files",
    "RCLONE": "rclone serve webdav",
    "OTHER": "Other",
}
"""rclone's vendors; TrueNAS writes them in capital letters, rclone in small ones."""

FIELDS = (
    Field(
        "url",
        "URL",
        "The address of the share.",
        Kind.URL,
        long_help=("Nextcloud: **Files > Settings > WebDAV** shows it; it ends with `/remote.php/dav/files/USER`."),
        placeholder="https://cloud.example.com/remote.php/dav/files/USER",
        required=True,
        guards_secrets=True,
        rclone=RcloneOption("url"),
    ),
    Field(
        "vendor",
        "WebDAV Service",
        "The software of the server.",
        Kind.CHOICE,
        default="NEXTCLOUD",
        choices=tuple(Choice(value, label) for value, label in VENDORS.items()),
        normalize=str.upper,
        rclone=RcloneOption("vendor", lambda value: str(value).lower()),
    ),
    user_field("The account's name.", required=False),
    password_field("The password, or better an app password: with two-factor log-in only that works."),
    Field(
        "bearer_token",
        "Bearer token",
        "Instead of user and password.",
        Kind.SECRET,
        group=ADVANCED,
        limit=8192,
        rclone=RcloneOption("bearer_token"),
    ),
    CA_CERTIFICATE,
)


def _checks(attributes: Attributes) -> Iterable[Problem]:
    path = urlsplit(str(attributes.get("url", ""))).path
    nextcloud = attributes.get("vendor") == "NEXTCLOUD" and "url" in attributes
    if nextcloud and not re.search(r"/dav/files/[^/]+/?$", path):
        yield Problem("url", "A Nextcloud address ends with /remote.php/dav/files/USER. Files > Settings shows it.")


WEBDAV = Provider(
    "WEBDAV",
    "WebDAV",
    "Nextcloud, ownCloud, SharePoint and other servers with WebDAV.",
    "folders",
    FIELDS,
    "webdav",
    one_of=(
        OneOf(
            ((), ("user", "pass"), ("bearer_token",)),
            "Enter user and password, or a bearer token, not both.",
            "bearer_token",
            exclusive=True,
        ),
    ),
    checks=(_checks,),
    replies=(
        Reply(
            r"\b401\b",
            State.INVALID,
            "The server rejected this bearer token. It may have ended.",
            "bearer_token",
            when="bearer_token",
        ),
        Reply(r"\b401\b", State.INVALID, "The server rejected this user name or password.", "pass"),
        Reply(r"\b403\b", State.INVALID, "The log-in may not see this folder.", "url"),
        Reply(
            r"remote url looks incorrect|chunked upload",
            State.MISCONFIGURED,
            "A Nextcloud address ends with /remote.php/dav/files/USER.",
            "url",
        ),
        Reply(
            r"\b405\b|\b404\b|directory not found|405 Method|XML syntax error|expected element",
            State.MISCONFIGURED,
            "There is no WebDAV share at this address.",
            "url",
        ),
    ),
    hint=("user", "url"),
)

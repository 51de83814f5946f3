"""A web server whose pages list files; read only."""

from __future__ import annotations

from collections.abc import Iterable

from webapp.core.fields import Attributes, Field, Kind, Problem, RcloneOption
from webapp.core.providers.base import Probe, Provider, Reply, Support
from webapp.core.providers.common import ADVANCED, CA_CERTIFICATE
from webapp.core.verification.states import State


def _with_slash(text: str) -> str:
    return text if text.endswith("/") or "?" in text else f"{text}/"


FIELDS = (
    Field(
        "url",
        "URL",
        "The address of a page with links to the files.",
        Kind.URL,
        placeholder="https://mirror.example.com/pub/",
        required=True,
        guards_secrets=True,
        normalize=_with_slash,
        rclone=RcloneOption("url"),
    ),
    Field(
        "headers",
        "Headers",
        "Optional: headers to send, such as Authorization,Basic dXNlcjpwYXNz. Name and value by commas.",
        Kind.SECRET,
        long_help="For a page behind a password: the name `Authorization`, a comma, `Basic` and user:password in base64.",
        group=ADVANCED,
        rclone=RcloneOption("headers"),
    ),
    CA_CERTIFICATE,
)


def _checks(attributes: Attributes) -> Iterable[Problem]:
    headers = str(attributes.get("headers", ""))
    if headers and headers.count(",") % 2 == 0:
        yield Problem("headers", "Write name and value in turn, by commas, such as Authorization,Basic dXNlcjpwYXNz.")


HTTP = Provider(
    "HTTP",
    "HTTP",
    "Files on a web server, to read from.",
    "world",
    FIELDS,
    "http",
    checks=(_checks,),
    probe=Probe(
        success=State.REACHABLE, message="The address answers. HTTP asks for no credential, so none is proven."
    ),
    replies=(
        Reply(
            r"HTTP Error: 401|\b401\b",
            State.INVALID,
            "The server asks for a password. Put an Authorization header under Advanced.",
            "headers",
        ),
        Reply(r"\b403\b", State.INVALID, "The server refuses to show this page.", "url"),
        Reply(
            r"directory not found|\b404\b", State.MISCONFIGURED, "There is no page with links at this address.", "url"
        ),
    ),
    hint=("url",),
    support=Support.LIMITED,
    note="HTTP is read only: backups can be taken from it, not put there.",
)

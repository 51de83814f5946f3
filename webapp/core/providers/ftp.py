"""FTP, plain or with TLS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from webapp.core.fields import Attributes, Choice, Field, Kind, Level, Problem
from webapp.core.providers.base import Provider, Reply
from webapp.core.providers.common import CA_CERTIFICATE, host_field, password_field, port_field, shown_for, user_field
from webapp.core.verification.states import State

NONE, EXPLICIT, IMPLICIT = "NONE", "EXPLICIT", "IMPLICIT"
IMPLICIT_PORT = 990

FIELDS = (
    host_field("The FTP server's name or address."),
    Field(
        "encryption",
        "Encryption",
        "Explicit TLS starts on the usual port and is the common choice; implicit TLS has a port of its own (990).",
        Kind.CHOICE,
        default=NONE,
        choices=(
            Choice(NONE, "None (passwords cross the network readable)"),
            Choice(EXPLICIT, "Explicit TLS"),
            Choice(IMPLICIT, "Implicit TLS"),
        ),
        guards_secrets=True,
    ),
    port_field(21, f", or for {IMPLICIT_PORT} with implicit TLS"),
    user_field("An account that exists on the server; anonymous where the server allows it."),
    password_field("The account's password. May be empty where the server allows it.", keep_empty=True),
    replace(CA_CERTIFICATE, shown_when=shown_for("encryption", EXPLICIT, IMPLICIT)),
)

REPLIES = (
    Reply(
        r"must use encryption|SSL required|TLS required|550 SSL|use AUTH",
        State.MISCONFIGURED,
        "This server takes encrypted connections only. Choose explicit TLS.",
        "encryption",
    ),
    Reply(
        r"530.*login with USER|AUTH TLS|500.*AUTH|502.*AUTH|504.*AUTH|534 |431 ",
        State.MISCONFIGURED,
        "This server does not offer explicit TLS on this port. Choose another encryption.",
        "encryption",
    ),
    Reply(
        r"first record does not look like a TLS handshake",
        State.MISCONFIGURED,
        "This port does not begin with TLS. Choose explicit TLS, or the port for implicit TLS (990).",
        "encryption",
    ),
    Reply(
        r"\b530\b|Login incorrect|Authentication failed|not logged in",
        State.INVALID,
        "The server rejected this user name or password.",
        "pass",
    ),
    Reply(
        r"\b421\b",
        State.UNREACHABLE,
        "The server lets nobody else in for now: it has too many connections, or is being closed. Try again later.",
    ),
    Reply(
        r"directory not found",
        State.INVALID,
        "The log-in worked, but the server refuses to list this account's own folder.",
        "user",
    ),
)


def _options(attributes: Attributes) -> Mapping[str, str]:
    encryption = attributes.get("encryption", NONE)
    options = {"explicit_tls": "true"} if encryption == EXPLICIT else {}
    if encryption == IMPLICIT:
        options = {"tls": "true", "port": str(attributes.get("port", IMPLICIT_PORT))}
    return options


def _checks(attributes: Attributes) -> Iterable[Problem]:
    if attributes.get("encryption", NONE) == NONE and attributes.get("user") != "anonymous":
        yield Problem("encryption", "Without encryption the password crosses the network readable.", Level.WARNING)


FTP = Provider(
    "FTP",
    "FTP",
    "A server that speaks FTP, with TLS or without.",
    "server",
    FIELDS,
    "ftp",
    checks=(_checks,),
    options=_options,
    replies=REPLIES,
    hint=("user", "host"),
)

"""Discovering a server's host keys inside a form: looked at first, taken over by a press of a button.

Used by every form with a field for host keys: connections, pairings, SFTP credentials.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template, request
from markupsafe import Markup

from webapp.core.errors import CredentialError
from webapp.core.fields import Attributes
from webapp.core.ssh.fields import CONNECT_TIMEOUT
from webapp.core.ssh.hostkeys import SSH_PORT, HostKey, KnownHost
from webapp.core.ssh.wire.scan import Discovered
from webapp.pages.access import runtime

DISCOVER, TAKE = "discover", "take-host-keys"
"""The values of `action` that this module answers."""

FOUND = "found"
"""The name of the boxes with what was found."""


@dataclass(slots=True)
class HostKeys:
    """What stands beside the field for host keys.

    Attributes:
        key: The field's key.
        known: The keys in the field, with their fingerprints.
        discovered: What the server showed just now.
        error: Why nothing was found.
        changed: Whether none of them is a known one.
        address: Where the buttons send the form; empty for the form's own place.
    """

    key: str
    known: tuple[HostKey, ...] = ()
    discovered: Discovered | None = None
    error: str = ""
    changed: bool = False
    address: str = ""

    def draw(self) -> Markup:
        """Return the part of the page."""
        return Markup(render_template("parts/host_keys.html", keys=self))  # noqa: S704  a template escapes


def beside(key: str, text: str) -> HostKeys:
    """Return what stands beside the field with this text."""
    try:
        return HostKeys(key, KnownHost.of(text).keys if text else ())
    except CredentialError:
        return HostKeys(key)


def discover(part: HostKeys, values: Attributes) -> None:
    """Ask the server that a form names for its host keys; nothing is stored."""
    host, port = str(values.get("host", "")).strip(), str(values.get("port") or SSH_PORT)
    if not host or not port.isdigit():
        part.error = "Enter host and port first."
        return
    seconds = str(values.get("connect_timeout") or CONNECT_TIMEOUT)
    try:
        part.discovered = runtime().ssh.connections.discover(
            host, int(port), float(seconds) if seconds.isdigit() else CONNECT_TIMEOUT
        )
    except CredentialError as error:
        part.error = error.message
        return
    found = {key.line for key in part.discovered.keys}
    part.changed = bool(part.known) and not found & {key.line for key in part.known}


def taken() -> str:
    """Return the keys that the person took over, one a line."""
    return "\n".join(line.strip() for line in request.form.getlist(FOUND))

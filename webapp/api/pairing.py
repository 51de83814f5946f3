"""Setting an SSH connection up by a password or an API key that is used once and never stored."""

from __future__ import annotations

from dataclasses import asdict

from flask import Response

from webapp.api import schemas
from webapp.api.checks import waited
from webapp.api.connections import details
from webapp.api.door import actor
from webapp.api.keypairs import NAME
from webapp.api.members import attributes_of
from webapp.api.operations import Operations, given, read_body
from webapp.core.ssh import presentation
from webapp.core.ssh.truenas.service import TrueNASCheck
from webapp.core.ssh.wire.running import SshCheck
from webapp.core.store.access.api_tokens import Scope
from webapp.running import runtime

operations = Operations()

SERVER = attributes_of("Server", "The server, its host key and the password; without a keypair one is made.")
TRUENAS = attributes_of("TrueNAS", "The web interface and the log-in there; the keypair may be `new:ed25519`.")


@operations.at("POST", "/ssh/pair", Scope.WRITE, schemas.ref("SetUp"), body=(NAME, SERVER), refused=(422,))
def pair_server() -> Response:
    """Set an SSH connection up with any server by a password that is used once; saved when it works."""
    asked = read_body((NAME, SERVER))
    return ended(runtime().ssh.start_pairing(asked["name"], asked["attributes"], by=actor()))


@operations.at("POST", "/ssh/pair-truenas", Scope.WRITE, schemas.ref("SetUp"), body=(NAME, TRUENAS), refused=(409, 422))
def pair_truenas() -> Response:
    """Set an SSH connection up with a TrueNAS by a log-in at its web interface; saved when it works."""
    asked = read_body((NAME, TRUENAS))
    return ended(runtime().ssh.truenas.start(asked["name"], asked["attributes"], by=actor()))


def ended(started: SshCheck) -> Response:
    """Wait for a set-up and return how it went, the connection that it made, and what it changed there."""
    result = waited(started)
    made = details(runtime().ssh.connections.get(started.made)) if started.made else None
    truenas = started if isinstance(started, TrueNASCheck) else TrueNASCheck()
    certificate = asdict(truenas.certificate) if truenas.certificate else None
    more = {"connection": made, "changes": list(truenas.changes), "certificate": certificate}
    return given(presentation.tested(result) | more)

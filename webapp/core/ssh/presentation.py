"""Keypairs, connections and their tests as JSON has them: the same in the API and on the command line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from webapp.core.presentation import moment, outcome, user

if TYPE_CHECKING:
    from webapp.core.ssh.keypairs import KeypairUser
    from webapp.core.ssh.openssh import OpenSsh
    from webapp.core.ssh.results import Step
    from webapp.core.ssh.wire.scan import Discovered
    from webapp.core.store import Connection, Keypair
    from webapp.core.store.ssh import ConnectionTest
    from webapp.core.verification.states import Result


def keypair(found: Keypair, users: Iterable[KeypairUser]) -> dict[str, Any]:
    """Return a keypair without its private half, and what logs in with it."""
    return {
        "id": found.id,
        "name": found.name,
        "type": found.label,
        "fingerprint": found.fingerprint,
        "comment": found.public.comment if found.public else "",
        "public_key": found.public_key,
        "has_private_key": found.has_private,
        "version": found.version,
        "created": moment(found.created),
        "changed": moment(found.changed),
        "changed_by": found.changed_by,
        "used_by": [user(one) for one in users],
        "damaged": found.damaged,
    }


def connection(found: Connection, keypair_name: str) -> dict[str, Any]:
    """Return a connection with the name of its keypair; nothing in it is secret."""
    last = found.verification
    return {
        "id": found.id,
        "name": found.name,
        "keypair": keypair_name,
        "version": found.version,
        "created": moment(found.created),
        "changed": moment(found.changed),
        "changed_by": found.changed_by,
        "attributes": dict(found.attributes),
        "verification": {**tested(last), "at": moment(last.at)} if last else None,
        "damaged": found.damaged,
    }


def tested(result: Result | ConnectionTest) -> dict[str, Any]:
    """Return what a test or a set-up said; one that ended before its first step has none."""
    steps: tuple[Step, ...] = getattr(result, "steps", ())
    return {
        **outcome(result),
        "host_key": str(getattr(result, "host_key", "")),
        "found": list(getattr(result, "found", ())),
        "steps": [
            {"key": step.key, "state": step.state, "message": step.message, "seconds": step.seconds} for step in steps
        ],
    }


def discovered(found: Discovered) -> dict[str, Any]:
    """Return the host keys that a server showed, each with the command that prints its fingerprint there."""
    keys = zip(found.keys, found.commands, strict=True)
    return {
        "host": found.host,
        "port": found.port,
        "keys": [
            {"type": key.label, "line": key.line, "fingerprint": key.fingerprint, "command": command}
            for key, command in keys
        ],
        "known_hosts": found.known_hosts,
    }


def openssh(made: OpenSsh) -> dict[str, str]:
    """Return a connection as OpenSSH reads it."""
    return {"ssh_config": made.ssh_config, "known_hosts": made.known_hosts, "identity_file": made.identity_file}

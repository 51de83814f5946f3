"""A connection as OpenSSH reads it: a host block of ssh_config and lines of known_hosts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from webapp.core.errors import PermanentError
from webapp.core.ssh.fields import HOST_KEY
from webapp.core.ssh.hostkeys import SSH_PORT, known_hosts_lines
from webapp.core.ssh.keys import file_names
from webapp.core.store import Connection, Keypair


@dataclass(frozen=True, slots=True)
class OpenSsh:
    """A connection for the `ssh` program.

    Attributes:
        ssh_config: The host block.
        known_hosts: The lines, each with its line end; fingerprints stand there as comments.
        identity_file: The name of the private key's file that the block names in `~/.ssh`.
    """

    ssh_config: str
    known_hosts: str
    identity_file: str


def as_openssh(connection: Connection, keypair: Keypair) -> OpenSsh:
    """Return a connection as OpenSSH reads it; the private key itself is no part of it.

    Raises:
        PermanentError: It cannot be read, or ssh cannot read its user name.
    """
    if connection.damaged or keypair.public is None:
        raise PermanentError(connection.damaged or keypair.damaged)
    values = connection.attributes
    host, port = str(values["host"]), int(values.get("port", SSH_PORT))
    identity = file_names(keypair.name, keypair.public)[0]
    more = (f"IdentityFile ~/.ssh/{identity}", f"ConnectTimeout {values.get('connect_timeout', 10)}")
    block = host_block(connection.name, host, port, str(values.get("username", "root")), more)
    lines = known_hosts_lines(str(values.get(HOST_KEY, "")), host, port)
    return OpenSsh(block, "".join(f"{line}\n" for line in lines), identity)


def host_block(name: str, host: str, port: int, user: str, more: Iterable[str]) -> str:
    """Return a host block that never asks a person and never takes an unknown host key (ssh_config(5))."""
    options = (
        f"HostName {host.strip('[]')}",
        f"Port {port}",
        f"User {quoted(user)}",
        *more,
        "IdentitiesOnly yes",
        "StrictHostKeyChecking yes",
        "BatchMode yes",
    )
    return f"Host {alias(name)}\n" + "".join(f"  {option}\n" for option in options)


def alias(name: str) -> str:
    """Return the name of the host block: a name that needs no quoting in any tool."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name.lower())


def quoted(text: str) -> str:
    """Return a word of ssh_config; quotes keep blanks and `#` together (ssh_config(5)).

    Raises:
        PermanentError: It holds a quote, which ssh cannot read back.
    """
    if '"' in text or "\\" in text:
        raise PermanentError("ssh cannot read a user name with quotes or backslashes.")
    return f'"{text}"'

"""The files that ssh reads: a key, the server's host key and a host block."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from webapp.core.errors import PermanentError
from webapp.core.formats.base import Source, UnsupportedFormatError
from webapp.core.ssh.hostkeys import SSH_PORT, known_hosts_name
from webapp.core.ssh.keyfiles import always_alike
from webapp.core.ssh.keys import read_private
from webapp.core.ssh.openssh import alias, host_block

KEY_FILE = "ssh-privatekey"
"""The key that Kubernetes demands of a Secret of type kubernetes.io/ssh-auth."""

PKCS8 = "-----BEGIN PRIVATE KEY-----"
KNOWN_HOSTS = "known_hosts"
SSH_CONFIG = "ssh_config"


def host_alias(source: Source) -> str:
    """Return the name of the host block: a name that needs no quoting in any tool."""
    return alias(source.name)


def known_hosts(source: Source) -> str:
    """Return the host keys as lines of known_hosts; another port stands in brackets (sshd(8))."""
    name = known_hosts_name(source.text("host"), int(source.text("port") or SSH_PORT))
    return "".join(f"{name} {key}\n" for key in source.text("host_keys").splitlines())


def refuse_unusable(source: Source, tool: str) -> None:
    """Refuse what ssh cannot use without a person beside it.

    Raises:
        UnsupportedFormatError: There is no key, a key with a passphrase, or no host key.
    """
    if not source.text("key_pem"):
        raise UnsupportedFormatError(
            f"{tool} logs in with a key only, and this credential has a password. Use a format of rclone.",
            field="format",
        )
    if source.text("key_file_pass"):
        raise UnsupportedFormatError(
            f"{tool} cannot enter a passphrase. Store the key without one, or use a format of rclone.", field="format"
        )
    if not source.text("host_keys"):
        raise UnsupportedFormatError(
            "The server's host key goes along, and this credential has none. Enter it under Host key.", field="format"
        )


def key_file(pem: str) -> str:
    """Return a private key as every OpenSSH reads it: one of Ed25519 in PEM's form is read from version 9.6 on only."""
    if not pem.startswith(PKCS8):
        return pem
    key, _ = read_private(pem)
    if not isinstance(key, Ed25519PrivateKey):
        return pem
    return always_alike(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode())


def ssh_files(source: Source, folder: str, tool: str) -> dict[str, str]:
    """Return the key, the host key and a host block that names both by their place in the folder.

    Raises:
        UnsupportedFormatError: ssh could not use this credential without a person.
    """
    refuse_unusable(source, tool)
    place = folder.rstrip("/")
    files = (f"IdentityFile {place}/{KEY_FILE}", f"UserKnownHostsFile {place}/{KNOWN_HOSTS}")
    port = int(source.text("port") or SSH_PORT)
    try:
        block = host_block(source.name, source.text("host"), port, source.text("user"), files)
    except PermanentError as error:
        raise UnsupportedFormatError(error.message, field="format") from None
    return {KEY_FILE: key_file(source.text("key_pem")), KNOWN_HOSTS: known_hosts(source), SSH_CONFIG: block}

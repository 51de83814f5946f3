"""The files that ssh reads: a key, the server's host key and a host block."""

from __future__ import annotations

from webapp.core.formats.base import Source, UnsupportedFormatError

KEY_FILE = "ssh-privatekey"
"""The key that Kubernetes demands of a Secret of type kubernetes.io/ssh-auth."""

KNOWN_HOSTS = "known_hosts"
SSH_CONFIG = "ssh_config"
SSH_PORT = 22


def host_alias(source: Source) -> str:
    """Return the name of the host block: a name that needs no quoting in any tool."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in source.name.lower())


def known_hosts(source: Source) -> str:
    """Return the host keys as lines of known_hosts; another port stands in brackets (sshd(8))."""
    host, port = source.text("host").strip("[]"), int(source.text("port") or SSH_PORT)
    name = host if port == SSH_PORT else f"[{host}]:{port}"
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


def ssh_files(source: Source, folder: str, tool: str) -> dict[str, str]:
    """Return the key, the host key and a host block that names both by their place in the folder.

    Raises:
        UnsupportedFormatError: ssh could not use this credential without a person.
    """
    refuse_unusable(source, tool)
    place = folder.rstrip("/")
    block = (
        f"Host {host_alias(source)}\n"
        f"  HostName {source.text('host').strip('[]')}\n"
        f"  Port {source.text('port') or SSH_PORT}\n"
        f"  User {quoted(source.text('user'))}\n"
        f"  IdentityFile {place}/{KEY_FILE}\n"
        f"  UserKnownHostsFile {place}/{KNOWN_HOSTS}\n"
        "  IdentitiesOnly yes\n"
        "  StrictHostKeyChecking yes\n"
        "  BatchMode yes\n"
    )
    return {KEY_FILE: source.text("key_pem"), KNOWN_HOSTS: known_hosts(source), SSH_CONFIG: block}


def quoted(text: str) -> str:
    """Return a word of ssh_config; quotes keep blanks and `#` together (ssh_config(5)).

    Raises:
        UnsupportedFormatError: It holds a quote, which ssh cannot read back.
    """
    if '"' in text or "\\" in text:
        raise UnsupportedFormatError("ssh cannot read a user name with quotes or backslashes.", field="format")
    return f'"{text}"'

"""Puts a public key into a user's `authorized_keys` on a server, never twice, with the modes that sshd asks for.

A shell knows the user's home best, so it is tried first; a server that lets only SFTP in gets it over SFTP.
"""

from __future__ import annotations

import contextlib
import re
import stat
from dataclasses import dataclass

import paramiko

from webapp.core.errors import CredentialError, PermanentError
from webapp.core.ssh.keys import PublicKey
from webapp.core.ssh.wire.transport import Deadline, Session

FOLDER, FILE = ".ssh", ".ssh/authorized_keys"
FOLDER_MODE, FILE_MODE = 0o700, 0o600
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
LARGEST = 1024 * 1024
"""Bytes of an authorized_keys that are read over SFTP."""

SCRIPT = (
    "cd || { echo no-home; exit; }; umask 077; IFS= read -r line; IFS= read -r key; "
    "[ -d .ssh ] || mkdir .ssh || { echo no-folder; exit; }; f=.ssh/authorized_keys; "
    'if [ -f "$f" ] && grep -v "^[[:blank:]]*#" "$f" | grep -F -q -e "$key"; then echo present; else '
    'if [ -s "$f" ] && [ -n "$(tail -c 1 "$f")" ]; then echo >>"$f" || { echo no-file; exit; }; fi; '
    'printf "%s\\n" "$line" >>"$f" || { echo no-file; exit; }; '
    "chmod 700 .ssh; chmod 600 .ssh/authorized_keys; "
    "if type restorecon >/dev/null 2>&1; then restorecon -F .ssh .ssh/authorized_keys >/dev/null 2>&1; fi; "
    "echo added; fi; ls -ld . | cut -c1-10"
)
"""What ssh-copy-id does, in one line for any login shell; the key comes on standard input and never as an argument."""

UNDO = (
    "cd || exit; umask 077; IFS= read -r key; f=.ssh/authorized_keys; "
    'grep -F -v -e "$key" "$f" >"$f.new"; [ $? -lt 2 ] && cat "$f.new" >"$f" && echo removed; rm -f "$f.new"'
)
"""Takes our line out again, unless what stays could not be written down first (grep ends with 2, as on a full disk).

`cat` keeps the file's owner, mode and label.
"""

SAID = re.compile(r"^(added|present|no-home|no-folder|no-file)$", re.MULTILINE)
"""What the script says. A user's own start-up files may say more before it."""


@dataclass(frozen=True, slots=True)
class Installed:
    """What was done.

    Attributes:
        added: Whether the key was put there now; it was there before otherwise.
        by_shell: Whether a shell did it, SFTP otherwise.
        home_open: Whether others may write into the home, so that sshd takes no key from it (StrictModes).
    """

    added: bool
    by_shell: bool
    home_open: bool


def install(session: Session, key: PublicKey, deadline: Deadline) -> Installed:
    """Append a public key to `authorized_keys` unless it stands there already.

    Raises:
        PermanentError: Neither a shell nor SFTP could write it; the sentence says why.
        TransientError: The server hung up, or the time is up.
    """
    _, output = session.command(f"exec sh -c '{SCRIPT}'", deadline, f"{key.text}\n{key.data}\n".encode())
    said = SAID.findall(output)
    if said and said[0] in REASONS:
        raise PermanentError(REASONS[said[0]], field="username")
    if said:
        mode = output.split()[-1]
        return Installed(said[0] == "added", True, "w" in (mode[5:6], mode[8:9]))
    return _by_sftp(session, key, deadline)


REASONS = {
    "no-home": "The user has no home folder on the server, so there is nowhere to put the key. Make one.",
    "no-folder": "The folder .ssh cannot be made in the user's home. Look at who may write there.",
    "no-file": "The file .ssh/authorized_keys cannot be written. Look at its owner and its mode.",
}


def _by_sftp(session: Session, key: PublicKey, deadline: Deadline) -> Installed:
    try:
        client = session.sftp(deadline)
    except CredentialError:
        raise PermanentError(
            "The log-in works, but the server lets neither a command nor SFTP run for this user. Put the key there by hand.",
            field="username",
        ) from None
    with contextlib.closing(client):
        try:
            return deadline.run(lambda: _append(client, key))
        except OSError:
            raise PermanentError(
                "The file .ssh/authorized_keys cannot be written over SFTP. Make the folder .ssh in the user's home, owned "
                "by the user, or put the key there by hand.",
                field="username",
            ) from None


def _append(client: paramiko.SFTPClient, key: PublicKey) -> Installed:
    home_open = bool((client.stat(".").st_mode or 0) & OTHERS_WRITE)
    try:
        client.stat(FOLDER)
    except FileNotFoundError:
        client.mkdir(FOLDER, FOLDER_MODE)
    before = _content(client)
    if any(key.data.encode() in line for line in before.splitlines() if not line.lstrip().startswith(b"#")):
        return Installed(False, False, home_open)
    gap = b"\n" if before and not before.endswith(b"\n") else b""
    with client.open(FILE, "a") as file:
        file.write(gap + _line(key))
    for path, mode in ((FOLDER, FOLDER_MODE), (FILE, FILE_MODE)):
        with contextlib.suppress(OSError):  # who may write a file need not own it; the log-in by key is the proof
            client.chmod(path, mode)
    return Installed(True, False, home_open)


def _line(key: PublicKey) -> bytes:
    return f"{key.text}\n".encode()


def _content(client: paramiko.SFTPClient) -> bytes:
    try:
        with client.open(FILE, "r") as file:
            return file.read(LARGEST)
    except FileNotFoundError:
        return b""


def remove(session: Session, key: PublicKey, installed: Installed, deadline: Deadline) -> bool:
    """Take a key out again that `install` put there; tells whether that worked."""
    if installed.by_shell:
        return "removed" in session.command(f"exec sh -c '{UNDO}'", deadline, f"{key.data}\n".encode())[1]
    with contextlib.suppress(OSError, CredentialError), contextlib.closing(session.sftp(deadline)) as client:
        return deadline.run(lambda: _without(client, key))
    return False


def _without(client: paramiko.SFTPClient, key: PublicKey) -> bool:
    """Cut our line off the end; when another one came behind it, it stays: nothing of others is ever written anew."""
    before = _content(client)
    if not before.endswith(_line(key)) or client.stat(FILE).st_size != len(before):
        return False
    client.truncate(FILE, len(before) - len(_line(key)))
    return True

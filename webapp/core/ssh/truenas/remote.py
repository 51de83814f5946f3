"""What is read and changed on a TrueNAS so that our key may log in there. Public calls only."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable, Mapping
from typing import Any, cast

from webapp.core.errors import PermanentError, TransientError
from webapp.core.ssh.hostkeys import SSH_PORT
from webapp.core.ssh.truenas.client import Client
from webapp.core.ssh.truenas.framing import RemoteCallError

NO_LOGIN = frozenset({"nologin", "false", ""})
"""Last parts of the shells that let nobody in."""

SHELL = "/usr/bin/bash"
ZFS = "/usr/sbin/zfs"
NO_HOME = ("/var/empty", "/nonexistent")
"""Where the home of an account that has none is said to be."""

HOST_KEYS = ("host_ed25519_key_pub", "host_ecdsa_key_pub", "host_rsa_key_pub")
RUNNING_SECONDS = 20.0
"""Seconds that the SSH service may take to start."""

JOB_FAILED = frozenset({"FAILED", "ABORTED"})

Note = Callable[[str], None]
"""Takes a sentence on something that was changed on the remote."""


def find_user(client: Client, name: str) -> dict[str, Any]:
    """Return the local user with this name.

    Raises:
        PermanentError: There is none.
    """
    found = client.ask_all("user.query", [["username", "=", name], ["local", "=", True]])
    if not found:
        raise PermanentError(
            f"The remote has no local user {name}. Make it there under Credentials > Users, or name another one.",
            field="username",
        )
    if "id" not in found[0]:
        raise client.strange()
    return {**found[0], "username": name}


def prepare_user(client: Client, user: dict[str, Any], *, home: str, sudo: bool, note: Note) -> None:
    """Give the user a home, a shell and, when asked for, the right to run zfs as root.

    Raises:
        PermanentError: It has no home and none is named, or the remote refuses a change.
    """
    changes: dict[str, Any] = {}
    said: list[str] = []
    name = user["username"]
    if str(user.get("home") or "").startswith(NO_HOME) or not user.get("home"):
        changes |= _new_home(name, home)
        said.append(f"{name} got a home directory in {home}")
    if str(user.get("shell") or "").rpartition("/")[2] in NO_LOGIN:
        changes["shell"] = SHELL
        said.append(f"{name} got the shell {SHELL}")
    if sudo and name != "root" and (commands := _with_zfs(user)):
        changes["sudo_commands_nopasswd"] = commands
        said.append(f"{name} may run {ZFS} as root without a password")
    if changes:
        change_user(client, user, changes)
        note("; ".join(said))


def _new_home(name: str, home: str) -> dict[str, Any]:
    if not home:
        raise PermanentError(
            f"{name} has no home directory on the remote, so there is no place for a key. Name the folder in which "
            "one shall be made, such as /mnt/tank/home, or give the user one there.",
            field="home",
        )
    return {"home": home, "home_create": True}


def _with_zfs(user: dict[str, Any]) -> list[str]:
    """Return the commands with zfs added; empty when nothing has to be added.

    Raises:
        PermanentError: This TrueNAS is too old for single commands.
    """
    present = user.get("sudo_commands_nopasswd")
    if not isinstance(present, list):
        raise PermanentError(
            "This TrueNAS is too old to allow a single command. Set sudo up there by hand.", field="sudo"
        )
    commands = [str(command) for command in cast("list[Any]", present)]
    return [] if {"ALL", ZFS} & set(commands) else [*commands, ZFS]


def add_key(client: Client, user: dict[str, Any], public_key: str, note: Note) -> bool:
    """Append a public key to those of the user, unless it is there already; no other key is touched.

    Returns:
        Whether it was added.
    """
    present = str(user.get("sshpubkey") or "").strip()
    if " ".join(public_key.split()[:2]) in {" ".join(_key_columns(line)) for line in present.splitlines()}:
        return False
    change_user(client, user, {"sshpubkey": f"{present}\n{public_key.strip()}".strip()})
    note(f"the public key was added to those of {user['username']}")
    return True


def _key_columns(line: str) -> list[str]:
    """Return type and data of a line of authorized_keys; options may stand before them."""
    words = line.split()
    at = next((index for index, word in enumerate(words) if word.startswith(("ssh-", "ecdsa-", "sk-"))), len(words))
    return words[at : at + 2]


def change_user(client: Client, user: dict[str, Any], changes: dict[str, Any]) -> None:
    """Change a user.

    Raises:
        PermanentError: The remote refuses; the sentence says which and, in its words, why.
    """
    try:
        client.call("user.update", user["id"], changes)
    except RemoteCallError as error:
        if error.errname in {"EACCES", "EPERM"} or error.busy:
            raise
        raise PermanentError(_refused(user["username"], error), field="username") from None


def _refused(name: str, error: RemoteCallError) -> str:
    if "home" in error.reason.lower():
        return (
            f"The remote says that the home directory of {name} does not exist or cannot be written: {error.reason}. "
            "It must exist before a key can be stored in it."
        )
    return f"The remote does not let the user {name} be changed: {error.reason}. Choose another user."


def start_ssh(client: Client, note: Note) -> None:
    """Let the SSH service start with the machine, and start it when it does not run.

    Raises:
        TransientError: It did not start.
        RemoteCallError: The remote refuses.
    """
    service = _service(client)
    if not service.get("enable"):
        client.call("service.update", "ssh", {"enable": True})
        note("the SSH service now starts with the machine")
    if service.get("state") != "RUNNING":
        _start(client)
        note("the SSH service was started")


def _service(client: Client) -> Mapping[str, Any]:
    return client.ask("service.query", [["service", "=", "ssh"]], {"get": True})


def _start(client: Client) -> None:
    """Start the service: by a job since 25.10, by a plain call before."""
    until = time.monotonic() + RUNNING_SECONDS
    job = None
    try:
        job = client.call("service.control", "START", "ssh") if client.modern else client.call("service.start", "ssh")
    except RemoteCallError as error:
        if not (client.modern and error.no_method):
            raise
        client.call("service.start", "ssh")
    while _service(client).get("state") != "RUNNING":
        failed = client.modern and _failed(client, job)
        if failed or time.monotonic() > until:
            raise TransientError(
                f"The SSH service of the remote did not start{': ' + failed if failed else ''}. Start it there under "
                "System > Services and try again.",
                field="url",
            )
        time.sleep(0.2)


def _failed(client: Client, job: Any) -> str:
    """Return why a job failed; empty while it runs, when it succeeded, and when there is none."""
    if not isinstance(job, int) or isinstance(job, bool):
        return ""
    jobs = client.ask_all("core.get_jobs", [["id", "=", job]])
    return str(jobs[0].get("error") or "the job failed") if jobs and jobs[0].get("state") in JOB_FAILED else ""


def read_ssh(client: Client) -> tuple[int, str]:
    """Return the port of SSH and the host keys as lines `type base64`.

    Raises:
        PermanentError: The remote has made no host keys yet.
    """
    settings = client.ask("ssh.config")
    lines = [line for name in HOST_KEYS if (line := _host_key(settings.get(name)))]
    if not lines:
        raise PermanentError(
            "The remote has no SSH host keys yet. Start the SSH service there once under System > Services and try "
            "again.",
            field="url",
        )
    port = settings.get("tcpport")
    return port if isinstance(port, int) else SSH_PORT, "\n".join(lines)


def _host_key(encoded: Any) -> str:
    """Return type and data of a public key; the remote sends its whole line in base64."""
    try:
        words = base64.b64decode(str(encoded or "")).decode("ascii").split()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return " ".join(words[:2])

"""Several ways to run OpenSSH's sshd: users that may do different things, few host keys, another key on the same port."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from servers.runs import Run, command, free_port, listens, need, need_root

PASSWORD = "canary`fleet$pass word"
KINDS: Mapping[str, tuple[str, ...]] = {
    "ed25519": ("-t", "ed25519"),
    "rsa": ("-t", "rsa", "-b", "3072"),
    "ecdsa256": ("-t", "ecdsa", "-b", "256"),
    "ecdsa384": ("-t", "ecdsa", "-b", "384"),
    "ecdsa521": ("-t", "ecdsa", "-b", "521"),
}
"""The kinds of host keys and what ssh-keygen wants for them."""

CONF = """Port {port}
ListenAddress 127.0.0.1
ListenAddress ::1
{host_keys}
{more}
AuthorizedKeysFile .ssh/authorized_keys
PasswordAuthentication yes
KbdInteractiveAuthentication no
StrictModes yes
UsePAM no
PidFile none
LoginGraceTime 30
MaxStartups 100
Subsystem sftp internal-sftp
AllowUsers {users}
Match User {keys_only}
  PasswordAuthentication no
Match User {sftp_only}
  ForceCommand internal-sftp
  ChrootDirectory %h
"""


@dataclass(frozen=True)
class Fleet:
    """A running sshd with users that differ; the password of all is `PASSWORD`.

    Attributes:
        normal: A user who may do everything.
        open_home: A user whose home others may write into, so that no key is taken.
        keys_only: A user who may log in by key only.
        sftp_only: A user in a chroot with SFTP and nothing else.
        homes: Each user's home by name.
        host_keys: Each host key by kind, type and base64.
    """

    port: int
    normal: str
    open_home: str
    keys_only: str
    sftp_only: str
    homes: Mapping[str, Path] = field(repr=False)
    host_keys: Mapping[str, str] = field(repr=False)
    authority: str = ""

    def values(self, user: str, **more: object) -> dict[str, object]:
        """Return what a person types: where, who, and the host keys of all kinds."""
        known = "\n".join(self.host_keys.values())
        return {"host": "127.0.0.1", "port": self.port, "username": user, "remote_host_key": known, **more}

    def authorized(self, user: str) -> list[str]:
        """Return the lines of a user's authorized_keys."""
        path = self.homes[user] / ".ssh/authorized_keys"
        return path.read_text().splitlines() if path.exists() else []


def fleet(run: Run, place: Path) -> Fleet:
    """Start it; users and the chroot are removed at the end."""
    need_root("make users for sshd")
    program = need(Path("/usr/sbin/sshd"))
    roles = ("normal", "open_home", "keys_only", "sftp_only")
    users = {role: f"bc{secrets.token_hex(4)}" for role in roles}
    homes = {users[role]: home(run, place, role, users[role]) for role in roles}
    keys = host_keys(place, *KINDS)
    port = free_port()
    start(run, program, place / "conf", port, {**users, "more": "", "users": " ".join(users.values())}, place, keys)
    return Fleet(port, **users, homes=homes, host_keys=keys)


def home(run: Run, place: Path, role: str, user: str) -> Path:
    """Make a user with a home as the role has it."""
    folder = place / role
    if role == "sftp_only":  # every folder above a chroot belongs to root and is closed to others; /tmp is not
        folder = Path("/var/lib") / f"backup-credentials-test-{user}"
        run.undo(["rm", "-rf", folder])
    folder.mkdir(mode=0o755)
    run.undo(["userdel", user])
    command("useradd", "-M", "-d", folder, "-s", "/bin/sh", user)
    command("chpasswd", given=f"{user}:{PASSWORD}\n")
    if role == "sftp_only":
        (folder / ".ssh").mkdir(mode=0o700)
        shutil.chown(folder / ".ssh", user)
    else:
        shutil.chown(folder, user)
        folder.chmod(0o777 if role == "open_home" else 0o755)
    return folder


def host_keys(place: Path, *kinds: str) -> dict[str, str]:
    """Make host keys of these kinds; return type and base64 of each."""
    keygen = need("ssh-keygen")
    for kind in kinds:
        command(keygen, "-q", *KINDS[kind], "-N", "", "-C", "", "-f", place / f"host_{kind}")
    return {kind: " ".join((place / f"host_{kind}.pub").read_text().split()[:2]) for kind in kinds}


def start(
    run: Run, program: Path, conf: Path, port: int, words: Mapping[str, str], place: Path, keys: Mapping[str, str]
) -> int:
    """Start an sshd with these host keys; return its process id."""
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    lines = "\n".join(f"HostKey {place}/host_{kind}" for kind in keys)
    conf.write_text(CONF.format(port=port, host_keys=lines, **words))
    return run.start([program, "-D", "-e", "-f", conf], ready=partial(listens, port), log=conf.with_suffix(".log"))


class Changing:
    """An sshd whose host keys change between two starts on the same port. Belongs to one test."""

    def __init__(self, run: Run, place: Path) -> None:
        need_root("run sshd")
        self.run, self.place, self.port = run, place, free_port()
        self.program = need(Path("/usr/sbin/sshd"))
        self.pid = 0
        self.keys: dict[str, str] = {}

    def serve(self, *kinds: str, more: str = "") -> dict[str, str]:
        """Start anew with fresh host keys of these kinds; return them."""
        self.stop()
        folder = self.place / secrets.token_hex(4)
        folder.mkdir()
        self.keys = host_keys(folder, *kinds)
        nobody = dict.fromkeys(("keys_only", "sftp_only", "users"), "nobody")
        words = {**nobody, "more": more.replace("{place}", str(folder))}
        self.pid = start(self.run, self.program, folder / "conf", self.port, words, folder, self.keys)
        return self.keys

    def stop(self) -> None:
        """End it."""
        if self.pid:
            self.run.stop(self.pid)
        self.pid = 0

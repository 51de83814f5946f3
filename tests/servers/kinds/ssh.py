"""OpenSSH's sshd with a user and one who may not list: by password, by key, with a host key that is known."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from servers.runs import Run, command, free_port, listens, need, need_root

PASSWORD = "canary`ssh$pass word"
CONF = """Port {port}
ListenAddress 127.0.0.1
HostKey {place}/host_ed25519
HostKey {place}/host_rsa
HostKey {place}/host_ecdsa
AuthorizedKeysFile {place}/key.pub
PasswordAuthentication yes
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
PidFile none
Subsystem sftp internal-sftp
AllowUsers {user} {other}
Match User {other}
  ForceCommand internal-sftp -P opendir,readdir
"""


@dataclass(frozen=True)
class SshServer:
    """A running sshd.

    Attributes:
        host_key: Its Ed25519 host key, type and base64.
        key: A private key that it takes, as PEM text.
        locked_key: The same key under the passphrase `canary-passphrase`.
        other_key: A private key that it does not know.
        no_lists: A user with the same password, who may log in and not list.
    """

    port: int
    user: str
    password: str
    host_key: str
    key: str
    locked_key: str
    other_key: str
    no_lists: str

    def values(self, **more: object) -> dict[str, object]:
        """Return what a person types into the form; how to log in is given as `more`."""
        return {"host": "127.0.0.1", "port": self.port, "user": self.user, "host_keys": self.host_key, **more}


def sshd(run: Run, place: Path) -> SshServer:
    """Start sshd with a user made for it, who is removed at the end."""
    need_root("make a user for sshd")
    program, keygen = need(Path("/usr/sbin/sshd")), need("ssh-keygen")
    for name, kind in (("host_ed25519", "ed25519"), ("host_rsa", "rsa"), ("host_ecdsa", "ecdsa"), ("key", "ed25519"), ("other", "ed25519")):  # fmt: skip
        command(keygen, "-q", "-t", kind, "-N", "", "-C", "", "-f", place / name)
    shutil.copy(place / "key", place / "locked")
    command(keygen, "-q", "-p", "-P", "", "-N", "canary-passphrase", "-f", place / "locked")
    user, other = (f"bc{secrets.token_hex(4)}" for _ in range(2))
    for name in (user, other):
        make_user(run, name, place / f"home-{name}")
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd gives its rights away in there
    port = free_port()
    (place / "conf").write_text(CONF.format(port=port, place=place, user=user, other=other))
    run.start([program, "-D", "-e", "-f", place / "conf"], ready=partial(listens, port), log=place / "log")
    texts = {name: (place / name).read_text() for name in ("key", "locked", "other")}
    host = " ".join((place / "host_ed25519.pub").read_text().split()[:2])
    return SshServer(port, user, PASSWORD, host, texts["key"], texts["locked"], texts["other"], other)


def make_user(run: Run, name: str, home: Path) -> None:
    """Make a user, who is removed at the end."""
    home.mkdir()
    run.undo(["userdel", name])
    command("useradd", "-M", "-d", home, "-s", "/bin/sh", name)
    command("chpasswd", given=f"{name}:{PASSWORD}\n")
    shutil.chown(home, name)

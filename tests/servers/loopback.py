"""An sshd of one test's own, whose host keys and authorized keys can be changed while it runs."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from servers.runs import CLEAN, command, free_port, listens, need, need_root

KINDS = ("ed25519", "ecdsa", "rsa")
CONF = """Port {port}
ListenAddress 127.0.0.1
{host_keys}
AuthorizedKeysFile {place}/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
PidFile none
PermitRootLogin yes
MaxStartups 100
PerSourcePenalties no
Subsystem sftp internal-sftp
"""


class LoopbackSshd:
    """A running sshd for root, by key. Use it in a `with` statement.

    Attributes:
        port: Where it listens; stays the same when it is started anew.
    """

    user = "root"

    def __init__(self, place: Path) -> None:
        need_root("log in as root")
        self.place, self.port = place, free_port()
        self._program, self._keygen = need(Path("/usr/sbin/sshd")), need("ssh-keygen")
        self._process: subprocess.Popen[bytes] | None = None
        place.mkdir(parents=True, exist_ok=True)
        self.authorize("")
        self.make_host_keys()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def host_keys(self) -> dict[str, str]:
        """The lines of the `.pub` files by kind."""
        return {kind: (self.place / f"host_{kind}.pub").read_text().strip() for kind in KINDS}

    def make_host_keys(self) -> None:
        """Make new host keys; a running server has to be started anew to use them."""
        for kind in KINDS:
            for file in self.place.glob(f"host_{kind}*"):
                file.unlink()
            command(self._keygen, "-q", "-t", kind, "-N", "", "-C", "root@nas", "-f", self.place / f"host_{kind}")

    def authorize(self, keys: str) -> None:
        """Let these keys in and no others."""
        file = self.place / "authorized_keys"
        file.write_text(keys.strip() + "\n")
        file.chmod(0o600)

    def start(self) -> None:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        lines = "\n".join(f"HostKey {self.place}/host_{kind}" for kind in KINDS)
        conf = self.place / "conf"
        text = CONF.format(port=self.port, place=self.place, host_keys=lines)
        version = subprocess.run([shutil.which("ssh") or "ssh", "-V"], capture_output=True, check=True).stderr.decode()
        if not version.startswith(("OpenSSH_9.8", "OpenSSH_9.9", "OpenSSH_10")):
            text = text.replace("PerSourcePenalties no\n", "")
        conf.write_text(text)
        with (self.place / "log").open("ab") as log:
            self._process = subprocess.Popen([self._program, "-D", "-e", "-f", conf], env=CLEAN, stderr=log)
        until = time.monotonic() + 10
        while not listens(self.port):
            assert time.monotonic() < until, (self.place / "log").read_text()
            time.sleep(0.02)

    def stop(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def set_up_anew(self) -> None:
        """Make it another machine at the same address."""
        self.stop()
        self.make_host_keys()
        self.start()

"""A machine whose first process is systemd, in a container: services are started there as on any other."""

from __future__ import annotations

import re
import secrets
import subprocess
from pathlib import Path

from deploy.charts import ROOT
from deploy.containers import Containers
from deploy.network import Relay
from deploy.pages import SUDO
from servers.runs import CLEAN

UNITS = ROOT / "deploy/systemd"
INSTALLED = "/opt/backup-credentials"
WEB = 8765


class Machine:
    """A machine with the program where the units look for it: the one of the image, whose Python is the same.

    Attributes:
        containers: Podman.
        name: Of its container.
        pid: Of its systemd, whose network is the machine's: its own loopback and nothing else.
    """

    def __init__(self, containers: Containers, image: str) -> None:
        self.containers, self.name = containers, f"machine-{secrets.token_hex(4)}"
        base = containers.base("systemd")
        containers.run.undo([*containers.argv("podman"), "rm", "--force", "--time", "0", self.name])
        program = f"type=image,source={image},destination=/from"
        options = ["--systemd=always", "--network", "none", "--mount", program]
        containers("run", "--detach", "--name", self.name, *options, base, "/lib/systemd/systemd")
        self.pid: int = containers.describe(self.name)["State"]["Pid"]
        self.run("until [ -S /run/systemd/private ]; do sleep 0.1; done; systemctl is-system-running --wait")
        self.run(f"ln -s /from/app /app; ln -s /from/app {INSTALLED}")
        containers("cp", str(ROOT / "deploy"), f"{self.name}:/root/deploy")
        self.page = Relay.inward(self.pid, WEB)

    def run(self, script: str) -> str:
        """Run lines of a shell as root and return what they printed."""
        argv = [
            *self.containers.argv("podman"),
            "exec",
            "--workdir",
            "/root",
            self.name,
            "sh",
            "-euc",
            f"{SUDO}\n{script}",
        ]
        environment = CLEAN | self.containers.environment
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, f"{script}: {done.stdout}{done.stderr}"
        return done.stdout

    def give(self, file: Path, place: str) -> None:
        """Copy a file to a place that only root may read."""
        self.run(f"mkdir -p {place.rpartition('/')[0]}")
        self.containers("cp", str(file), f"{self.name}:{place}")
        self.run(f"chown 0:0 {place}; chmod 600 {place}")

    def install(self, unit: str) -> None:
        """Install a unit with the command in its head."""
        head = (UNITS / f"{unit}.service").read_text()
        self.run(re.findall(r"^#   (cp .*)$", head, re.MULTILINE)[0])

    def shown(self, unit: str, key: str) -> str:
        """Return what systemd says of a unit."""
        return self.run(f"systemctl show --value --property {key} {unit}").strip()

    def log(self, unit: str) -> str:
        """Return what a unit has said."""
        return self.run(f"journalctl --no-pager --output cat --unit {unit}")

    def status(self, unit: str) -> dict[str, str]:
        """Return what the kernel says of a unit's process."""
        text = self.run(f"cat /proc/{self.shown(unit, 'MainPID')}/status")
        return {key: value.strip() for key, _, value in (line.partition(":") for line in text.splitlines())}

    @property
    def address(self) -> str:
        """Where the page is reached from here."""
        return f"http://127.0.0.1:{self.page.port}"

    def end(self) -> None:
        """Remove it."""
        self.page.cut()
        self.containers("rm", "--force", "--time", "0", self.name)

"""The compose file with podman-compose, under a name of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.charts import ROOT
from deploy.containers import Containers
from deploy.pages import SUDO, shell
from servers.runs import CLEAN, need

FILE = "deploy/compose.yaml"


class Composed:
    """The services of the compose file.

    Attributes:
        containers: Podman.
        project: The name that its containers, its volume and its network begin with.
    """

    def __init__(self, containers: Containers, project: str, **environment: str) -> None:
        self.containers, self.project = containers, project
        self.environment: Mapping[str, str] = CLEAN | containers.environment | environment
        for kind, name in (("volume", "data"), ("network", "default")):
            containers.run.undo([*containers.argv("podman"), kind, "rm", "--force", f"{project}_{name}"])
        for service in ("web", "operator"):
            containers.run.undo([*containers.argv("podman"), "rm", "--force", "--time", "0", self.name(service)])

    def as_written(self, script: str, folder: Path) -> str:
        """Run a block of the documentation in a folder that has the project's files; its kubectl is the tests' own."""
        if not (folder / "deploy").exists():
            (folder / "deploy").symlink_to(ROOT / "deploy")
        own = f'podman-compose() {{ {need("podman-compose")} --project-name {self.project} "$@"; }}'
        kubectl = f'kubectl() {{ {need("kubectl")} "$@"; }}'
        return shell(script, folder, before=f"{own}\n{kubectl}\n{SUDO}", environment=self.environment)

    def __call__(self, *arguments: str) -> str:
        """Run podman-compose and return all that it printed."""
        done = self._run(need("podman-compose"), "--project-name", self.project, "--file", FILE, *arguments)
        assert done.returncode == 0, said(done)
        return said(done)

    def _run(self, *argv: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run a program on the storage of the tests."""
        return subprocess.run(
            [str(part) for part in argv],
            cwd=ROOT,
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def _podman(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return self._run(*self.containers.argv("podman"), *arguments, given=given)

    def name(self, service: str) -> str:
        """Return what podman calls the container of a service."""
        return f"{self.project}_{service}_1"

    def state(self, service: str) -> Any:
        """Return podman's state of a service."""
        return self.containers.describe(self.name(service))["State"]

    def program(self, service: str, *arguments: str, given: object = None) -> str:
        """Run the program inside the container of a service, as a person does with `exec`."""
        text = "" if given is None else json.dumps(given)
        done = self._podman("exec", "--interactive", self.name(service), "backup-credentials", *arguments, given=text)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def log(self, service: str) -> str:
        """Return what a service has said."""
        done = self._podman("logs", self.name(service))
        assert done.returncode == 0, done.stderr
        return said(done)

    def is_healthy(self, service: str) -> bool:
        """Have podman run the health check, as its timer does, and return what came out; in time or not at all."""
        done = self._podman("healthcheck", "run", self.name(service))
        assert done.returncode in {0, 1} or "exceeded timeout" in said(done), said(done)
        return done.returncode == 0


def said(done: subprocess.CompletedProcess[str]) -> str:
    """Return all that a program printed."""
    return done.stdout + done.stderr

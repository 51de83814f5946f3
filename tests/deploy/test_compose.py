"""The compose file as it is, with podman-compose: nothing but the port and the project's name is the test's own."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cluster.operators import eventually
from deploy.beside import reached, synced
from deploy.composed import Composed
from deploy.containers import Containers
from deploy.pages import block
from deploy.visiting import first_account
from servers.kinds.kubernetes import ControlPlane
from servers.runs import answers, free_port

pytestmark = pytest.mark.server
FTP = {"host": "ftp.example.com", "user": "backup", "pass": "no-matter", "encryption": "EXPLICIT"}


@pytest.fixture
def port() -> int:
    """Where the page is on this machine."""
    return free_port()


@pytest.fixture
def composed(containers: Containers, image: str, port: int, nodes: ControlPlane) -> Iterator[Composed]:
    """The file of the project, with nothing started; in the end nothing is left of it."""
    made = Composed(
        containers,
        f"compose-{secrets.token_hex(4)}",
        BACKUP_CREDENTIALS_IMAGE=image,
        BACKUP_CREDENTIALS_PORT=str(port),
        KUBECONFIG=str(nodes.kubeconfig()),
    )
    yield made
    made("down", "--volumes")
    containers("network", "rm", f"{made.project}_default")


def opened(port: int) -> str:
    """Wait for the page and return it."""
    page = f"http://localhost:{port}/"
    eventually(lambda: answers(f"{page}health"), 40)
    return httpx.get(page, follow_redirects=True, trust_env=False).text


def test_the_web_app(composed: Composed, port: int, tmp_path: Path) -> None:
    """It is healthy and opens; it is hardened; killed it comes back; its volume outlives its container."""
    composed.as_written(block("podman-compose --file deploy/compose.yaml up"), tmp_path)
    assert "First start" in opened(port)
    assert "one-time code" in composed.as_written(block("podman-compose --file deploy/compose.yaml logs"), tmp_path)
    eventually(lambda: composed.is_healthy("web"), 40)
    assert composed.state("web")["Health"]["Status"] == "healthy"
    composed.program("web", "add", "--provider", "FTP", "Kept", given=FTP)
    hardened(composed)
    killed_it_comes_back(composed)
    assert "First start" in opened(port)
    composed("down")
    assert not answers(f"http://localhost:{port}/health")
    composed("up", "--detach", "web")
    assert "First start" in opened(port)
    assert "Kept" in composed.program("web", "list")


def hardened(composed: Composed) -> None:
    """Nobody's user, no capability, a root that cannot be written, no way to more rights."""
    script = (
        "import json, os; status = dict(line.split(':', 1) for line in open('/proc/1/status')); "
        "print(json.dumps([os.getuid(), status['CapBnd'].strip(), status['NoNewPrivs'].strip(), os.statvfs('/').f_flag & os.ST_RDONLY]))"
    )
    said = composed.containers("exec", composed.name("web"), "/app/bin/python", "-c", script)
    assert said.strip() == '[65532, "0000000000000000", "1", 1]'


def killed_it_comes_back(composed: Composed) -> None:
    """One that hangs is not healthy any more, and one that was killed is started again."""
    pid = composed.state("web")["Pid"]
    os.kill(pid, signal.SIGSTOP)
    assert not composed.is_healthy("web")
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: composed.state("web")["Pid"] not in {0, pid}, 30)


def test_the_operator_beside_it(composed: Composed, port: int, nodes: ControlPlane, tmp_path: Path) -> None:
    """Named as well it starts, on the same store, and makes a Secret; the page shows the resource."""
    composed.as_written(block("kubectl config view"), tmp_path)
    opened(port)
    with reached(nodes, composed.state("operator")["Pid"]) as space:
        eventually(lambda: composed.is_healthy("operator"), 40)
        synced(space)
        with first_account(f"http://localhost:{port}", composed.log("web")) as person:
            eventually(lambda: f"{space.name}/nightly" in person.get("/cloud-credentials/").text, 20)

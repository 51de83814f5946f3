"""The units under a real systemd."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cluster.operators import eventually
from deploy.beside import flat_kubeconfig, reached, synced
from deploy.containers import Containers
from deploy.machine import UNITS, Machine
from deploy.pages import block
from deploy.visiting import first_account, logged_in
from servers.kinds.kubernetes import ControlPlane
from servers.runs import answers

pytestmark = pytest.mark.server
WEB, OPERATOR = "backup-credentials", "backup-credentials-operator"
DYNAMIC = range(61184, 65520)
"""User ids that systemd gives to users that exist only while a service runs (systemd.io/UIDS-GIDS)."""
DATA = "/var/lib/private/backup-credentials"


@pytest.fixture
def machine(containers: Containers, image: str) -> Iterator[Machine]:
    """A machine on which nothing is installed yet but the program."""
    made = Machine(containers, image)
    yield made
    made.end()


def ready(machine: Machine) -> None:
    """Wait until the page can be used."""
    eventually(lambda: answers(f"{machine.address}/ready"), 40, lambda: machine.log(WEB))


def test_the_web_app_is_a_service(machine: Machine) -> None:
    """It is installed by the commands of the page, sandboxed, and keeps what it has over a restart and a kill."""
    machine.run("\n".join(block("sudo python3 -m venv").splitlines()[2:]))
    ready(machine)
    with first_account(machine.address, machine.run(block("sudo journalctl"))):
        sandboxed(machine)
    machine.run(f"systemctl restart {WEB}")
    ready(machine)
    pid = machine.shown(WEB, "MainPID")
    machine.run(f"systemctl kill --signal KILL {WEB}")
    eventually(lambda: machine.shown(WEB, "MainPID") not in {"0", pid}, 60, lambda: machine.log(WEB))
    ready(machine)
    with logged_in(machine.address):
        machine.run(f"systemctl stop {WEB}")
    assert machine.shown(WEB, "Result") == "success"


def sandboxed(machine: Machine) -> None:
    """A user that exists only now, no capability, filtered calls, a folder for itself; the score is the documented one."""
    status = machine.status(WEB)
    assert int(status["Uid"].split()[0]) in DYNAMIC
    assert (status["CapBnd"], status["NoNewPrivs"], status["Seccomp"]) == ("0000000000000000", "1", "2")
    assert machine.run(f"stat --format '%u %a' {DATA}").split() == [status["Uid"].split()[0], "700"]
    assert machine.run("grep -c backup-credentials /etc/passwd || true").strip() == "0"
    assert "exposure level for backup-credentials.service: 1.1" in machine.run(f"systemd-analyze security {WEB}")


def test_the_seed_that_systemd_keeps(machine: Machine) -> None:
    """Encrypted for this machine and given as a credential; without it the store is locked and nothing is lost."""
    machine.install(WEB)
    ready(machine)
    with first_account(machine.address, machine.log(WEB)):
        pass
    machine.run(block("sudo mkdir -p /etc/credstore"))
    machine.run(f"systemctl stop {WEB}; rm {DATA}/secret-seed.json; systemctl start {WEB}")
    eventually(lambda: answers(f"{machine.address}/ready", 503), 40)
    assert "locked" in httpx.get(f"{machine.address}/ready", trust_env=False).text
    drop_in = f"/etc/systemd/system/{WEB}.service.d"
    lines = re.findall(
        r"^#   ((?:LoadCredential|Environment).*)$", (UNITS / f"{WEB}.service").read_text(), re.MULTILINE
    )
    assert len(lines) == 2
    text = "\n".join(["[Service]", *lines])
    machine.run(
        f"mkdir {drop_in}; echo '{text}' > {drop_in}/seed.conf; systemctl daemon-reload; systemctl restart {WEB}"
    )
    ready(machine)
    with logged_in(machine.address):
        assert "secret-seed.json" not in machine.run(f"ls {DATA}")


def test_the_operator_beside_it(machine: Machine, nodes: ControlPlane, tmp_path: Path) -> None:
    """Of the same user and on the same store; its kubeconfig is readable to root alone and given as a credential."""
    machine.give(flat_kubeconfig(nodes, tmp_path / "kubeconfig"), "/etc/backup-credentials/kubeconfig")
    with reached(nodes, machine.pid) as space:
        machine.install(WEB)
        machine.install(OPERATOR)
        synced(space)
        assert machine.status(OPERATOR)["Uid"] == machine.status(WEB)["Uid"]
        ready(machine)
        with first_account(machine.address, machine.log(WEB)) as person:
            eventually(lambda: f"{space.name}/nightly" in person.get("/cloud-credentials/").text, 20)

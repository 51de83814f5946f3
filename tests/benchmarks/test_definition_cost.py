"""What the rules of the definition cost on every status write, beside the same definition without any rule.

`python -m pytest -m benchmark -s tests/benchmarks/test_definition_cost.py` prints the table. Both are served by one API
server and written in turns, so that whatever else the machine does meets both.
"""

from __future__ import annotations

import asyncio
import copy
import statistics
import time
from collections.abc import Callable
from typing import Any

import psutil
import pytest
from cluster.bare import BareClient, all_at_once, status
from cluster.samples import ref, resource
from servers.kinds.kubernetes import ControlPlane

from credential_operator.crd import definition
from credential_operator.names import GROUP, PLURAL, VERSION

pytestmark = [pytest.mark.benchmark, pytest.mark.server]

GOAL = 0.9
TURNS = 8
BATCH = 250
WITHOUT = f"without-rules.{GROUP}"
SPEC = {
    "provider": {"s3": {"accessKeyId": "AKIA", "secretAccessKey": ref("secret"), "endpoint": "https://s3.example.com"}},
    "verification": {"interval": "6h", "target": "backups"},
    "secrets": [
        {"name": "a", "format": "restic", "options": {"repository": "backups/db", "password": {"generate": True}}},
        {"name": "b", "format": "rclone", "options": {"remote": "nas"}},
    ],
}


def without_rules(given: dict[str, Any]) -> dict[str, Any]:
    """Return the definition under another group, without rules in CEL."""
    made = copy.deepcopy(given)
    made["metadata"]["name"] = f"{PLURAL}.{WITHOUT}"
    made["spec"]["group"] = WITHOUT
    made["spec"]["names"]["shortNames"] = ["bcw"]
    drop(made)
    return made


def drop(node: Any) -> None:
    """Take the rules out of a schema and everything below it."""
    if isinstance(node, dict):
        node.pop("x-kubernetes-validations", None)
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        drop(child)


class Rounds:
    """Writes statuses under one group and notes what it took."""

    def __init__(self, plane: ControlPlane, group: str, process: psutil.Process) -> None:
        self.plane = plane
        self.group = group
        self.process = process
        self.namespace = plane.new_namespace()
        self.rates: list[float] = []
        self.seconds: list[float] = []

    async def prepare(self) -> None:
        """Make the resources; a definition that is new may not be served at once."""
        async with BareClient(self.plane, group=self.group) as client:
            made = resource(SPEC) | {"apiVersion": f"{self.group}/{VERSION}"}
            for number in range(BATCH):
                made["metadata"] = {"name": f"r{number}"}
                await client.create(self.namespace, made)

    async def turn(self, number: int) -> None:
        """Write every status once."""
        async with BareClient(self.plane, group=self.group) as client:
            given = {**status(("a", "b")), "observedGeneration": number}
            before, began = sum(self.process.cpu_times()[:2]), time.perf_counter()
            await all_at_once(
                (lambda name=f"r{item}": client.patch_status(self.namespace, name, given)) for item in range(BATCH)
            )
            self.rates.append(BATCH / (time.perf_counter() - began))
            self.seconds.append(sum(self.process.cpu_times()[:2]) - before)


def install(plane: ControlPlane, made: dict[str, Any]) -> None:
    """Put a definition there and wait until it is served."""
    with plane.client() as client:
        path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        client.post(path, json=made).raise_for_status()
        group = made["spec"]["group"]
        until = time.monotonic() + 30
        while time.monotonic() < until:
            if client.get(f"/apis/{group}/{VERSION}/namespaces/default/{PLURAL}").is_success:
                return
            time.sleep(0.1)
    pytest.fail("the definition is not served")


def test_rules_cost_little_on_a_status_write(
    own_control_plane: Callable[..., ControlPlane], capsys: pytest.CaptureFixture[str]
) -> None:
    plane = own_control_plane(controllers=())
    for made in (definition(), without_rules(definition())):
        install(plane, made)
    process = psutil.Process(plane.pids["api"])
    ours, bare = (Rounds(plane, group, process) for group in (GROUP, WITHOUT))
    for rounds in (ours, bare):
        asyncio.run(rounds.prepare())
    for number in range(TURNS):
        for rounds in (ours, bare) if number % 2 else (bare, ours):
            asyncio.run(rounds.turn(number + 2))
    with capsys.disabled():
        print(table(ours, bare))  # noqa: T201
    plane.end()


def table(ours: Rounds, bare: Rounds) -> str:
    """Return the figures: medians over the turns."""
    rate = statistics.median(ours.rates), statistics.median(bare.rates)
    busy = tuple(statistics.median(rounds.seconds) * 1000 / BATCH for rounds in (ours, bare))
    return (
        f"\n{'status patches':<24}{'with rules':>12}{'without':>12}{'ratio':>8}   (goal {GOAL})\n"
        f"{'per second':<24}{rate[0]:>12.0f}{rate[1]:>12.0f}{rate[0] / rate[1]:>8.2f}\n"
        f"{'server CPU, ms each':<24}{busy[0]:>12.2f}{busy[1]:>12.2f}{busy[1] / busy[0]:>8.2f}\n"
    )

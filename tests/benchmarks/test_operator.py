"""The operator beside a bare client that sends the same requests to the same API server, in one run.

`python -m pytest -m benchmark -n 0 -s tests/benchmarks/test_operator.py` prints the table. BENCHMARK_RESOURCES says how
many resources there are; the goals are for 1,000, that of a restart also for 10,000 (`-k restart`). BENCHMARK_BACKLOG
says how many others are due in the meantime; the goal is for 5,000.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest
from benchmarks.follow import METADATA, Follower
from benchmarks.table import ROWS, Row, percentile
from cluster.bare import BareClient, all_at_once, status
from cluster.conftest import apply_definition
from cluster.operators import RunningOperator, running
from cluster.samples import resource
from cluster.world import World
from servers.kinds.kubernetes import ControlPlane

pytestmark = [pytest.mark.benchmark, pytest.mark.server]

COUNT = int(os.environ.get("BENCHMARK_RESOURCES", "100"))
BACKLOG = int(os.environ.get("BENCHMARK_BACKLOG", "300"))
A_SECOND = 20
MIB = 2**20
WRITES = {"POST", "PUT", "PATCH", "APPLY", "DELETE"}


@pytest.fixture(scope="module")
def plane(own_control_plane: Callable[..., ControlPlane]) -> Iterator[ControlPlane]:
    """A control plane that nobody else uses."""
    made = own_control_plane(controllers=())
    apply_definition(made)
    yield made
    made.end()


@pytest.fixture
def build(plane: ControlPlane) -> Iterator[Callable[[int], World]]:
    """Make worlds of so many resources."""
    with ExitStack() as stack:

        def begin(count: int) -> World:
            made = World(plane, count)
            stack.callback(made.space.http.close)
            return made

        yield begin


class Bare:
    """Sends for each resource what has to be sent, and nothing else."""

    def __init__(self, client: BareClient, world: World) -> None:
        self.client, self.world = client, world

    async def make(self, number: int) -> float:
        """Create a resource and its Secret and write its status; return the seconds that the Secret took."""
        space = self.world.name
        await self.client.create(space, resource(self.world.spec(number), f"r{number}"))
        began = time.perf_counter()
        await self.client.create_secret(space, f"out-{number}", {"rclone.conf": self.text("a")})
        seconds = time.perf_counter() - began
        await self.client.patch_status(space, f"r{number}", status([f"out-{number}"]))
        return seconds

    async def change(self, number: int) -> None:
        """Write a Secret anew, and the status."""
        space, name = self.world.name, f"out-{number}"
        body = {"metadata": {"name": name}, "stringData": {"rclone.conf": self.text("b")}}
        await self.client.send("PUT", f"/api/v1/namespaces/{space}/secrets/{name}", body)
        await self.client.patch_status(space, f"r{number}", {**status([name]), "observedGeneration": 2})

    def text(self, letter: str) -> str:
        """Return a text as long as the operator's."""
        return "[nightly]\ntype = s3\n" + letter * 120


async def bare_seconds(world: World, work: str, count: int) -> float:
    """Return how long the bare client takes for so many resources."""
    async with BareClient(world.plane) as client:
        call = getattr(Bare(client, world), work)
        began = time.perf_counter()
        await all_at_once((lambda number=number: call(number)) for number in range(count))
        return time.perf_counter() - began


async def our_seconds(world: World) -> float:
    """Return how long it takes from the first creation to the last status."""
    async with Follower(world.plane, world.space.resources, is_ready) as follower:
        began = time.perf_counter()
        await world.create(range(COUNT))
        return await follower.until(COUNT) - began


def is_ready(found: dict[str, Any]) -> bool:
    """Tell whether a resource says that it is ready."""
    conditions = found.get("status", {}).get("conditions", ())
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def is_output(found: dict[str, Any]) -> bool:
    """Tell whether a Secret is an output."""
    return found["metadata"]["name"].startswith("out-")


def requests(plane: ControlPlane) -> Counter[tuple[str, str]]:
    """Return how many requests the API server counted, by verb and resource; leases left out."""
    found: Counter[tuple[str, str]] = Counter()
    with plane.client() as client:
        lines = client.get("/metrics").text.splitlines()
    for line in lines:
        if line.startswith("apiserver_request_total{") and 'resource="leases"' not in line:
            labels = dict(re.findall(r'(\w+)="(.*?)"', line))
            name = "/".join(filter(None, (labels["resource"], labels["subresource"])))
            found[labels["verb"], name] += int(float(line.rpartition(" ")[2]))
    return found


@pytest.mark.parametrize("mirror", [True, False], ids=["mirror", "no-mirror"])
def test_many_at_once(plane: ControlPlane, build: Callable[[int], World], tmp_path: Path, *, mirror: bool) -> None:
    bare, ours = build(COUNT), build(COUNT)
    beside = asyncio.run(bare_seconds(bare, "make", COUNT))
    options = () if mirror else ("--no-mirror",)
    with serving(ours, tmp_path, *options) as operator:
        before = requests(plane)
        seconds = asyncio.run(our_seconds(ours))
        made = requests(plane) - before
        ours.settle(operator)
    name = f"{COUNT} resources at once{'' if mirror else ', no mirror'}"
    ROWS.append(Row(name, COUNT / seconds, COUNT / beside, "at least 0.7 times", unit="/s"))
    if mirror:
        print(f"\nrequests: {dict(made)}")  # noqa: T201  what the API server counted
        writes = sum(count for (verb, _), count in made.items() if verb in WRITES)
        ROWS.append(Row("writes for a new resource", writes / COUNT - 1, 2, "2", unit=""))
        ROWS.append(Row("reads for a new resource", max(made["GET", "secrets"], 1) / COUNT, 1, "one for all", unit=""))


def test_one_at_a_time(build: Callable[[int], World], tmp_path: Path) -> None:
    bare, ours = build(COUNT), build(COUNT)
    beside = asyncio.run(bare_delays(bare))
    with serving(ours, tmp_path):
        delays = asyncio.run(our_delays(ours))
    for percent, most in ((50, 12), (99, 25)):
        aim = f"{most} ms, or 10 ms more"
        mine, other = percentile(delays, percent), percentile(beside, percent)
        ROWS.append(Row(f"from an apply to the Secret, p{percent}", mine, other, aim))


@pytest.mark.parametrize("due", ["refreshes", "verifications"])
def test_one_at_a_time_beside_others(build: Callable[[int], World], tmp_path: Path, due: str) -> None:
    """The delay of a new resource while others are due, beside the same without them, on one operator."""
    before, after, others = build(COUNT), build(COUNT), build(BACKLOG)
    others.interval = "0" if due == "refreshes" else "1h"
    with serving(others, tmp_path, "--namespace", before.name, "--namespace", after.name) as operator:
        alone = asyncio.run(our_delays(before))
        others.make()
        others.settle(operator, 600)
        if due == "refreshes":
            others.touch()
        left = waiting(operator, due)
        delays = asyncio.run(our_delays(after))
        print(f"\n{due}: {left:.0f} due at the start, {waiting(operator, due):.0f} left at the end")  # noqa: T201
    for percent in (50, 99):
        mine, quiet = percentile(delays, percent), percentile(alone, percent)
        ROWS.append(Row(f"the same while {BACKLOG} {due} are due, p{percent}", mine, quiet, "at most 1.2 times"))


def waiting(operator: RunningOperator, due: str) -> float:
    """Return how many of them wait."""
    name = "queue_length" if due == "refreshes" else "verifications_waiting"
    return operator.metric(f"backup_credentials_{name}")


async def bare_delays(world: World) -> list[float]:
    """Return the seconds from each creation to its Secret."""
    async with BareClient(world.plane) as client:
        return sorted(await steadily(Bare(client, world).make))


async def our_delays(world: World) -> list[float]:
    """Return the seconds from the answer to each creation to the Secret, as a watch sees it."""
    async with (
        BareClient(world.plane) as client,
        Follower(world.plane, world.space.secrets, is_output, METADATA) as follower,
    ):

        async def create(number: int) -> float:
            await world.create_one(client, number)
            return time.perf_counter()

        created = await steadily(create)
        await follower.until(COUNT)
    return sorted(max(0.0, follower.seen[f"out-{number}"] - at) for number, at in enumerate(created))


async def steadily(work: Callable[[int], Any]) -> list[float]:
    """Begin so many a second, whether the ones before have ended or not."""
    tasks: list[asyncio.Task[float]] = []
    began = time.perf_counter()
    for number in range(COUNT):
        await asyncio.sleep(max(0, began + number / A_SECOND - time.perf_counter()))
        tasks.append(asyncio.create_task(work(number)))
    return await asyncio.gather(*tasks)


def test_a_source_of_many_and_a_restart(build: Callable[[int], World], tmp_path: Path) -> None:
    bare, ours = build(COUNT), build(COUNT)
    asyncio.run(bare_seconds(bare, "make", COUNT))
    beside = asyncio.run(bare_seconds(bare, "change", COUNT))
    with serving(ours, tmp_path) as operator:
        ours.make()
        ours.settle(operator, 600)
        seconds = asyncio.run(changed(ours))
        ours.settle(operator, 600)
        ROWS.append(Row(f"one source of {COUNT}: all Secrets", seconds, beside, "5 s for 500", unit="s"))
        restarted(operator)


async def changed(world: World) -> float:
    """Change the source; return the seconds until the last output has followed."""
    before = {one["metadata"]["name"]: one["metadata"]["resourceVersion"] for one in listed(world)}

    def moved(found: dict[str, Any]) -> bool:
        return is_output(found) and found["metadata"]["resourceVersion"] != before[found["metadata"]["name"]]

    async with Follower(world.plane, world.space.secrets, moved, METADATA) as follower:
        began = time.perf_counter()
        await asyncio.to_thread(world.change)
        return await follower.until(COUNT) - began


def listed(world: World) -> list[dict[str, Any]]:
    """Return the Secrets."""
    return world.space.http.get(world.space.secrets).json()["items"]


def restarted(operator: RunningOperator) -> None:
    """Stop and start it; note what that took."""
    assert operator.stop() == 0
    before, began = requests(operator.plane), time.perf_counter()
    operator.start()
    operator.wait_ready(300)
    seconds = time.perf_counter() - began
    time.sleep(2)
    made = requests(operator.plane) - before
    print(f"requests of a restart: {dict(made)}")  # noqa: T201
    own = psutil.Process(operator.process.pid)
    resident = own.memory_info().rss / MIB
    others = sum(child.memory_info().rss for child in own.children(recursive=True)) / MIB
    writes = sum(count for (verb, _), count in made.items() if verb in WRITES)
    print(f"restart with {COUNT}: {writes} writes, {seconds:.1f} s, {resident:.0f} MiB, rclone {others:.0f} MiB")  # noqa: T201
    ROWS.append(Row(f"restart with {COUNT}, until ready", seconds, 20, "20 s for 10,000", unit="s"))
    ROWS.append(Row(f"resident with {COUNT}", resident, 200, "200 for 10,000, 110 for 1,000", unit="MiB"))
    assert not writes


def serving(world: World, folder: Path, *options: str) -> Any:
    """Run an operator for a world's namespace."""
    return running(world.plane, folder, "--namespace", world.name, "--lease-namespace", world.name, *options)

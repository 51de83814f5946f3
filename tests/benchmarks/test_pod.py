"""The chart's pod beside a bare Python in the same pod: how soon it is ready, and how much memory it takes.

`python -m pytest -m benchmark -n 0 -s tests/benchmarks/test_pod.py` prints the table. BENCHMARK_RESOURCES says how many
resources there are; the requests in the chart's values are for 1,000. Memory is the proportional set size of all
processes of a container.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator

import httpx
import psutil
import pytest
import yaml
from benchmarks.table import ROWS, Row, median
from cluster.operators import eventually
from cluster.world import World
from deploy.charts import CHART
from deploy.conftest import containers, image, node, nodes, released  # noqa: F401  fixtures
from deploy.kubelet import RunningPod
from deploy.releases import METRICS, WEB, Release

pytestmark = [pytest.mark.benchmark, pytest.mark.server]
COUNT = int(os.environ.get("BENCHMARK_RESOURCES", "100"))
KILLED = 3
"""How often each container is killed; the median counts."""
BARE, BARE_PORT = "bare", 9000
PARTS = {"web": (WEB, "/ready"), "operator": (METRICS, "/readyz"), BARE: (BARE_PORT, "/")}
"""The containers with what is asked of each."""
MIB = 2**20
SETTLED_SECONDS = 3


@pytest.fixture
def pod(released: Callable[..., Release], image: str) -> Iterator[RunningPod]:  # noqa: F811  fixtures
    """The chart's pod with the web app and the operator, and a bare HTTP server of Python beside them."""
    made = released().ready()[0]
    options = ["--detach", "--pod", made.known, "--name", f"{made.known}-{BARE}", "--restart", "always"]
    made.containers("run", *options, "--entrypoint", "/app/bin/python", image, "-m", "http.server", str(BARE_PORT))
    eventually(lambda: answers(made, BARE), 30)
    yield made
    made.containers("rm", "--force", "--time", "0", f"{made.known}-{BARE}")


def answers(pod: RunningPod, part: str) -> bool:
    """Tell whether a container is ready."""
    port, path = PARTS[part]
    with contextlib.suppress(httpx.HTTPError):
        return pod.get(port, path).is_success
    return False


def seconds_until_ready(pod: RunningPod, part: str) -> float:
    """Kill a container and return how long it is until the one that is started for it is ready."""
    old, begun = pod.state(part)["StartedAt"], time.perf_counter()
    os.kill(pod.state(part)["Pid"], signal.SIGKILL)
    eventually(lambda: pod.state(part)["StartedAt"] != old, 60)
    while not answers(pod, part):
        time.sleep(0.02)
        assert time.perf_counter() - begun < 90
    return time.perf_counter() - begun


def mebibytes(pod: RunningPod, part: str) -> float:
    """Return the memory of all processes of a container."""
    first = psutil.Process(pod.state(part)["Pid"])
    return sum(one.memory_full_info().pss for one in (first, *first.children(recursive=True))) / MIB


def test_ready_and_memory(pod: RunningPod) -> None:
    """A container that was killed is ready soon; idle and with resources, each needs what the chart requests."""
    soon = {part: median([seconds_until_ready(pod, part) for _ in range(KILLED)]) for part in PARTS}
    for part in ("web", "operator"):
        ROWS.append(Row(f"pod: {part} killed until ready", soon[part], soon[BARE], "10 s", unit="s"))
    time.sleep(SETTLED_SECONDS)
    idle = {part: mebibytes(pod, part) for part in PARTS}
    busy = with_resources(pod)
    for part, request in requested().items():
        ROWS.append(Row(f"pod: {part} idle", idle[part], idle[BARE], f"{request} MiB", unit="MiB"))
        ROWS.append(Row(f"pod: {part} with {COUNT}, beside idle", busy[part], idle[part], f"{request} MiB", unit="MiB"))
        assert busy[part] < request, f"more than the chart requests: {busy}"


def requested() -> dict[str, int]:
    """Return the memory in MiB that the chart requests for each container."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    texts = {part: values[part]["resources"]["requests"]["memory"] for part in ("web", "operator")}
    return {part: int(text.removesuffix("Mi")) for part, text in texts.items()}


def with_resources(pod: RunningPod) -> dict[str, float]:
    """Make the resources, and return the memory once each is synced and shown."""
    world = World(pod.plane, COUNT)
    world.make()
    ready = 'backup_credentials_ready{name="r'
    eventually(lambda: count(pod, ready) == COUNT, 300, lambda: pod.log("operator")[-1500:])
    time.sleep(SETTLED_SECONDS)
    found = {part: mebibytes(pod, part) for part in PARTS}
    pod.plane.delete_namespace(world.name)
    world.space.http.close()
    return found


def count(pod: RunningPod, series: str) -> int:
    """Return how many resources are ready."""
    lines = pod.get(METRICS, "/metrics").text.splitlines()
    return len([line for line in lines if line.startswith(series) and line.endswith(" 1.0")])

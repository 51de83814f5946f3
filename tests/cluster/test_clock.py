"""The operator's clock is set forward by days and back again while it runs.

libfaketime gives the program another time of day. What counts seconds (the monotonic clock) goes on as the kernel's
does when an administrator or a time server sets the clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cluster.operators import RunningOperator, Space, eventually, running
from cluster.world import World
from servers.kinds.kubernetes import ControlPlane
from servers.kinds.s3 import S3Server
from servers.runs import need

pytestmark = pytest.mark.server

LIBRARY = "usr/lib/*/faketime/libfaketime.so.1"
SLEEP = "import select, time\ntime.sleep = lambda seconds: select.select((), (), (), seconds) and None\n"
"""libfaketime 0.9.10 answers EINVAL to the call that `time.sleep` makes, so the program sleeps by another one."""
DAY = 86_400
INTERVAL = 3600


@pytest.fixture
def world(cluster: ControlPlane) -> Iterator[World]:
    made = World(cluster, 30)
    yield made
    made.space.http.close()


@pytest.fixture
def set_clock(tmp_path: Path) -> Callable[[int], None]:
    """Set the operator's clock off by so many seconds."""
    file = tmp_path / "clock"

    def change(seconds: int) -> None:
        new = file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.replace(file)

    change(0)
    return change


@pytest.fixture
def operator(world: World, tmp_path: Path, set_clock: Callable[[int], None]) -> Iterator[RunningOperator]:
    """An operator with a clock of its own."""
    library = need("libfaketime.so.1", found=next(Path("/").glob(LIBRARY), None))
    environment = {
        "LD_PRELOAD": str(library),
        "PYTHONPATH": str(tmp_path),
        "FAKETIME_TIMESTAMP_FILE": str(tmp_path / "clock"),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    (tmp_path / "sitecustomize.py").write_text(SLEEP)
    served = ("--namespace", world.name, "--lease-namespace", world.name)
    with running(world.plane, tmp_path / "operator", *served, environment=environment) as started:
        yield started


def verified(space: Space, server: S3Server) -> dict[str, Any]:
    """Make a resource that is verified every hour, and return its last verification."""
    space.source("real", secret=server.full[1])
    block = {"accessKeyId": server.full[0], "endpoint": server.endpoint, "provider": "Other", "region": "us-east-1"}
    secret = {"secretAccessKey": {"secretKeyRef": {"name": "real", "key": "secret"}}}
    outputs = [{"name": "verified", "format": "rclone"}]
    spec = {"provider": {"s3": {**block, **secret}}, "secrets": outputs, "verification": {"interval": f"{INTERVAL}s"}}
    space.apply("verified", spec)
    space.wait("verified", "True", kind="Verified", seconds=30)
    return last(space)


def last(space: Space) -> dict[str, Any]:
    return space.get("verified")["status"]["lastVerification"]


def day_of(text: str) -> int:
    """Return in how many days a time is."""
    return round((datetime.fromisoformat(text) - datetime.now(UTC)).total_seconds() / DAY)


def works(world: World, operator: RunningOperator, word: str) -> None:
    """Check that changes still arrive in time and that nothing is written without one."""
    eventually(lambda: world.quiet(operator), 10)
    before = operator.writes()
    world.change()
    assert world.settle(operator, 30) < 10, word
    eventually(lambda: world.quiet(operator), 10)
    after = operator.writes()
    assert sum(after.values()) - sum(before.values()) <= 2 * world.count + 1, (word, before, after)


def test_the_clock_jumps_forward_and_back(
    world: World, operator: RunningOperator, set_clock: Callable[[int], None], seaweedfs: S3Server
) -> None:
    space = world.space
    world.make(range(10))
    assert day_of(verified(space, seaweedfs)["time"]) == 0
    set_clock(3 * DAY)  # in the middle of the work
    world.make(range(10, world.count))
    world.settle(operator)
    works(world, operator, "forward")
    space.kubectl("annotate", "bc/verified", "backupcredentials.dev/verify=forward")
    eventually(lambda: last(space).get("requested") == "forward", 20)
    assert day_of(last(space)["time"]) == 3
    set_clock(0)
    works(world, operator, "back")
    verifications = operator.metric("backup_credentials_verifications_total")
    space.kubectl("annotate", "--overwrite", "bc/verified", "backupcredentials.dev/verify=back")
    eventually(lambda: last(space).get("requested") == "back", 20)
    assert day_of(last(space)["time"]) == 0
    time.sleep(1)
    assert operator.metric("backup_credentials_verifications_total") == verifications + 1, "verified again and again"
    assert operator.ready()
    assert operator.get("/livez").startswith("ok")
    lease = space.http.get(f"/apis/coordination.k8s.io/v1/namespaces/{space.name}/leases").json()["items"]
    assert [one["spec"]["holderIdentity"] for one in lease] == ["test"]
    assert [one["spec"]["leaseTransitions"] for one in lease] == [0], "the lease was lost on the way"
    assert world.wrong() == []
    assert world.escaped() == set()
    assert (space.secret("foreign") or {})["metadata"]["resourceVersion"] == world.foreign

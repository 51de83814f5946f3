"""What breaks around the operator, and how all comes right again by itself."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cluster.conftest import apply_definition
from cluster.operators import RunningOperator, eventually
from cluster.world import World
from servers.interference import Fault, FaultyProxy, SlowRelay, faulty_proxy, slow_relay
from servers.kinds.kubernetes import ControlPlane

pytestmark = pytest.mark.server

KILLS = 50
FLAPS = 100


@pytest.fixture(scope="module")
def relay() -> Iterator[SlowRelay]:
    with slow_relay() as made:
        yield made


@pytest.fixture(scope="module")
def plane(own_control_plane: Callable[..., ControlPlane], relay: SlowRelay) -> ControlPlane:
    """A control plane whose parts are stopped here, reached by the operator through a proxy that interferes."""
    made = own_control_plane(etcd_through=relay.before)
    apply_definition(made)
    return made


@pytest.fixture(scope="module")
def proxy(plane: ControlPlane) -> Iterator[FaultyProxy]:
    with faulty_proxy(plane) as made:
        yield made


@pytest.fixture
def build(plane: ControlPlane) -> Iterator[Callable[..., World]]:
    """Make worlds; their connections are closed at the end."""
    made: list[World] = []

    def begin(count: int, **more: int) -> World:
        made.append(World(plane, count, **more))
        return made[-1]

    yield begin
    for world in made:
        world.space.http.close()


@pytest.fixture
def start(plane: ControlPlane, proxy: FaultyProxy, tmp_path: Path) -> Iterator[Callable[[World], RunningOperator]]:
    """Start an operator for a world's namespace alone, behind the proxy."""
    started: list[RunningOperator] = []

    def begin(world: World) -> RunningOperator:
        options = ("--namespace", world.name, "--lease-namespace", world.name)
        started.append(RunningOperator(plane, tmp_path / world.name, *options, endpoint=proxy.endpoint))
        return started[-1].wait_ready(120)

    yield begin
    proxy.faults = []
    for operator in started:
        operator.kill()


def in_background(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_the_api_server_goes_and_comes_in_the_middle_of_500(
    plane: ControlPlane, build: Callable[..., World], start: Callable[[World], RunningOperator]
) -> None:
    world = build(500)
    operator = start(world)
    making = in_background(world.make)
    eventually(lambda: len(world.well(world.wrong)) < 400, 60)
    plane.stop("api")
    time.sleep(1)
    plane.start_api()
    making.join()
    world.settle(operator)
    world.hold(operator)


def test_watches_are_cut(
    plane: ControlPlane, build: Callable[..., World], proxy: FaultyProxy, start: Callable[[World], RunningOperator]
) -> None:
    world = build(60)
    operator = start(world)
    making = in_background(world.make)
    for _ in range(10):
        proxy.thread.call(proxy.cut())
        time.sleep(0.2)
    making.join()
    proxy.thread.call(proxy.cut())
    world.change()
    world.settle(operator)
    world.hold(operator, most=4 * world.count)


def test_etcd_is_slow(
    plane: ControlPlane, build: Callable[..., World], relay: SlowRelay, start: Callable[[World], RunningOperator]
) -> None:
    world = build(60, connections=32)
    operator = start(world)
    relay.delay = 0.15
    try:
        world.make()
        world.settle(operator)
    finally:
        relay.delay = 0
    world.hold(operator)


@pytest.mark.parametrize("status", [429, 500])
def test_requests_are_refused(
    plane: ControlPlane,
    build: Callable[..., World],
    proxy: FaultyProxy,
    start: Callable[[World], RunningOperator],
    status: int,
) -> None:
    world = build(100)
    operator = start(world)
    proxy.faults = [Fault(status, share=0.3, retry_after="1" if status == 429 else "")]
    proxy.requests.clear()
    world.make()
    eventually(lambda: len(world.well(world.wrong)) < 30, 60)
    proxy.faults = []
    world.settle(operator, 90)
    assert sum(count for (_, _, code), count in proxy.requests.items() if code == status) >= 20
    world.hold(operator)


def test_a_source_flaps_a_hundred_times_in_a_second(
    plane: ControlPlane, build: Callable[..., World], start: Callable[[World], RunningOperator]
) -> None:
    world = build(20)
    operator = start(world)
    world.make()
    world.settle(operator)
    before = sum(operator.writes().values())
    began = time.monotonic()
    for _ in range(FLAPS):
        world.change()
        time.sleep(max(0, 0.01 - (time.monotonic() - began) / FLAPS))
    seconds = time.monotonic() - began
    world.settle(operator)
    eventually(lambda: world.quiet(operator), 10)
    written = sum(operator.writes().values()) - before
    assert written < 2 * world.count * FLAPS / 2, f"{written} writes for {FLAPS} changes in {seconds:.1f} s"
    world.hold(operator, most=written + before)


def test_a_namespace_goes_under_way(
    plane: ControlPlane, build: Callable[..., World], start: Callable[[World], RunningOperator]
) -> None:
    world, other = build(100), build(20)
    operator = RunningOperator(plane, world.space.plane.place / f"operator-{world.name}").wait_ready(120)
    try:
        making = in_background(lambda: world.make(range(50)))
        eventually(lambda: len(world.well(world.wrong)) < 90, 30)
        plane.delete_namespace(world.name)
        making.join(30)
        eventually(lambda: not plane.has(f"/api/v1/namespaces/{world.name}"), 60)
        other.make()
        other.settle(operator)
        eventually(lambda: other.quiet(operator), 10)
        assert other.wrong() == []
        assert other.escaped() == set()
        assert operator.metric("backup_credentials_ready", namespace=other.name) == other.count
        assert operator.metric("backup_credentials_ready", namespace=world.name) == 0
    finally:
        operator.kill()


def test_a_hundred_of_a_thousand_are_broken(
    plane: ControlPlane, build: Callable[..., World], start: Callable[[World], RunningOperator]
) -> None:
    world = build(1000, broken=100, connections=16)
    operator = start(world)
    world.make()
    world.settle(operator, 120)
    world.hold(operator)
    events = [reason for _, reason in world.space.events()]
    assert events == ["SourceNotFound"] * 100
    world.broken = 0
    world.space.source("missing", secret=world.value)
    world.settle(operator, 30)


def test_the_operator_is_killed_at_random_during_churn(
    plane: ControlPlane, build: Callable[..., World], start: Callable[[World], RunningOperator]
) -> None:
    world = build(60)
    operator = start(world)
    making = in_background(world.make)
    for number in range(KILLS):
        time.sleep(random.uniform(0, 0.4))
        operator.kill()
        if number % 3 == 0:
            world.change()
        if number % 5 == 0:
            world.space.http.delete(f"{world.space.secrets}/out-{number}")
        operator.start()
        if number % 2:
            eventually(lambda: "metrics at" in operator.said or operator.process.poll() is not None, 30)
    making.join()
    operator.wait_ready(120)
    world.settle(operator)
    world.hold(operator)
    assert operator.stop() == 0

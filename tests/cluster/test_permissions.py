"""The shipped role, less one verb each time: what is missing is said at once, and all comes right when it is given.

What is needed while resources are worked on is tried on one operator, with a namespace for each verb. What is needed to
begin is tried on an operator of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from cluster.operators import RunningOperator, Space, eventually, running
from cluster.roles import USER, VERBS, allow, shipped, without
from servers.kinds.kubernetes import ControlPlane

pytestmark = pytest.mark.server

AT_ONCE = 5.0
"""Seconds within which a missing permission is said. Kopf by itself would try for 54 seconds."""
GIVEN = 45.0
"""Seconds within which all is right again; nothing tells the operator that it may, so it tries every half minute."""
WORKLOADS = {"deployments": "Deployment", "statefulsets": "StatefulSet", "daemonsets": "DaemonSet"}
NAMES = {"app": "db"}

Spaces = Mapping[tuple[str, str], Space]


def spec(*outputs: str, **more: Any) -> dict[str, Any]:
    block = {
        "accessKeyId": "AKIA",
        "secretAccessKey": {"secretKeyRef": {"name": "keys", "key": "secret"}},
        "endpoint": "http://127.0.0.1:9",
    }
    secrets = [{"name": name, "format": "rclone"} for name in outputs or ("out",)]
    return {"provider": {"s3": block}, "secrets": secrets, "verification": {"interval": "0"}, **more}


def synced(space: Space, given: dict[str, Any] | None = None) -> None:
    """Make a resource and wait until it is right."""
    space.source("keys", secret="one")
    space.apply("nightly", given or spec())
    space.wait("nightly", "True")


def follows(space: Space) -> bool:
    """Tell whether the output has the newest value."""
    return "= two" in space.values("out").get("rclone.conf", "")


# What makes the operator need a verb, and how it shows that it was done in the end


def creates(space: Space) -> Callable[[], object]:
    space.source("keys", secret="two")
    space.apply("nightly", spec())
    return lambda: follows(space)


def tells(space: Space) -> Callable[[], object]:
    creates(space)
    return lambda: space.condition("nightly")[0] == "True"


def changes(space: Space) -> Callable[[], object]:
    synced(space)
    space.source("keys", secret="two")
    return lambda: follows(space)


def repairs(space: Space) -> Callable[[], object]:
    synced(space)
    space.kubectl("patch", "secret/out", "--type=merge", "-p", '{"data":{"rclone.conf":"eA=="}}')
    return lambda: "= one" in space.values("out")["rclone.conf"]


def makes_again(space: Space) -> Callable[[], object]:
    synced(space)
    space.kubectl("delete", "secret/out")
    return lambda: space.secret("out")


def takes_away(space: Space) -> Callable[[], object]:
    synced(space, spec("out", "more"))
    space.apply("nightly", spec("out"))
    return lambda: space.secret("more") is None


def says(space: Space) -> Callable[[], object]:
    space.apply("nightly", spec())
    space.wait("nightly", "False", "SourceNotFound")

    def told() -> object:
        """Change the trouble, as each kind of trouble is one event."""
        if space.secret("keys"):
            space.kubectl("delete", "secret/keys")
        else:
            space.source("keys", other="x")
        time.sleep(0.5)
        return space.events()

    return told


def renews(kind: str, by_label: bool) -> Callable[[Space], Callable[[], object]]:
    """Return what makes pods of a kind of workload be made anew."""

    def act(space: Space) -> Callable[[], object]:
        pod = {"metadata": {"labels": NAMES}, "spec": {"containers": [{"name": "a", "image": "a"}]}}
        more = {"serviceName": "db"} if kind == "statefulsets" else {}
        body = {
            "metadata": {"name": "db", "labels": NAMES},
            "spec": {"selector": {"matchLabels": NAMES}, "template": pod, **more},
        }
        path = f"/apis/apps/v1/namespaces/{space.name}/{kind}"
        space.http.post(path, json=body).raise_for_status()
        named = {"matchLabels": NAMES} if by_label else {"targets": [{"kind": WORKLOADS[kind], "name": "db"}]}
        synced(space, spec(rolloutRestart=named))
        space.source("keys", secret="two")

        def renewed() -> bool:
            template = space.http.get(f"{path}/db").json()["spec"]["template"]["metadata"]
            return "backupcredentials.dev/credential-changed" in template.get("annotations", {})

        return lambda: renewed() and follows(space)

    return act


WORK: Mapping[tuple[str, str], Callable[[Space], Callable[[], object]]] = {
    ("backupcredentials", "get"): makes_again,
    ("backupcredentials/status", "patch"): tells,
    ("secrets", "get"): creates,
    ("secrets", "create"): creates,
    ("secrets", "update"): repairs,
    ("secrets", "patch"): changes,
    ("secrets", "delete"): takes_away,
    ("events", "create"): says,
    **{(kind, verb): renews(kind, verb == "list") for kind in WORKLOADS for verb in ("list", "patch")},
}
"""What is needed for the work on a resource."""

BEGIN = tuple(pair for pair in VERBS if pair not in WORK)
"""What is needed to begin at all."""

IN_THE_LOG = {("backupcredentials/status", "patch"), ("events", "create")}
"""What a status cannot tell: it cannot be written, or nothing is wrong with the resource."""


def named(pair: tuple[str, str]) -> str:
    return f"{pair[1]} {pair[0]}"


@pytest.fixture(scope="module")
def spaces(cluster: ControlPlane) -> Iterator[Spaces]:
    """A namespace for each verb, in which the operator may do everything but that."""
    with ExitStack() as stack:
        made = {pair: Space(cluster) for pair in WORK}
        for pair, space in made.items():
            stack.callback(space.http.close)
            allow(space, without(*pair))
        yield made


@pytest.fixture(scope="module")
def operator(
    cluster: ControlPlane, spaces: Spaces, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningOperator]:
    """One operator for all of them; its lease is in a namespace where it may hold one."""
    options = [part for space in spaces.values() for part in ("--namespace", space.name)]
    lease = spaces["events", "create"].name
    folder = tmp_path_factory.mktemp("operator")
    with running(cluster, folder, *options, "--lease-namespace", lease, user=USER) as started:
        yield started


@pytest.mark.parametrize("pair", WORK, ids=named)
def test_what_is_missing_is_said_at_once_and_done_when_it_is_given(
    spaces: Spaces, operator: RunningOperator, pair: tuple[str, str]
) -> None:
    space = spaces[pair]
    done = WORK[pair](space)
    sentence = f"operator may not {named(pair)}"

    def told() -> bool:
        if pair in IN_THE_LOG:
            return any(sentence in line and space.name in line for line in operator.said.splitlines())
        ready = next(iter(space.get("nightly").get("status", {}).get("conditions", ())), {})
        return ready.get("reason") == "PermissionMissing" and sentence in ready["message"].lower()

    eventually(told, AT_ONCE, lambda: (space.get("nightly").get("status"), operator.said[-2000:]))
    assert not done()
    before = operator.metric("backup_credentials_api_requests_total", code="403")
    allow(space, shipped())
    eventually(done, GIVEN, lambda: (space.get("nightly").get("status"), operator.said[-2000:]))
    if pair[0] != "events":
        space.wait("nightly", "True")
    assert operator.metric("backup_credentials_api_requests_total", code="403") - before < 10, "a hot loop"


@pytest.mark.parametrize("pair", BEGIN, ids=named)
def test_what_is_needed_to_begin_is_said_at_once_and_waited_for(
    cluster: ControlPlane, tmp_path: Path, pair: tuple[str, str]
) -> None:
    space = Space(cluster)
    allow(space, without(*pair))
    space.source("keys", secret="two")
    space.apply("nightly", spec())
    options = ("--namespace", space.name, "--lease-namespace", space.name)
    if pair == ("leases", "update"):  # needed to take over one that is there already
        allow(space, shipped())
        with running(cluster, tmp_path / "before", *options, user=USER) as before:
            assert before.stop() == 0
        allow(space, without(*pair))
        space.source("keys", secret="two")
        space.apply("nightly", spec("out", "more"))
    started = RunningOperator(cluster, tmp_path / "operator", *options, user=USER)
    try:
        eventually(lambda: "metrics at" in started.said, 60, lambda: started.said)
        sentence = f"the operator may not {named(pair)}"
        eventually(lambda: sentence in started.get("/readyz"), AT_ONCE, lambda: started.said + started.get("/readyz"))
        assert sentence in started.said
        assert started.get("/livez").startswith("ok")
        allow(space, shipped())
        started.wait_ready(GIVEN)
        space.wait("nightly", "True")
        assert started.said.count(sentence) < 10, "said again and again"
    finally:
        started.kill()
        space.http.close()


def test_every_verb_of_the_role_is_tried() -> None:
    assert set(WORK) < set(VERBS)
    assert {resource for resource, _ in BEGIN} == {"backupcredentials", "secrets", "leases"}

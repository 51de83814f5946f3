"""Somebody else is quicker: a foreign Secret appears between the operator's look and its write.

A proxy before the API server lets the other one act when the operator's request is on its way already, so each race
is lost every time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cluster.operators import RunningOperator, Space, eventually, running
from servers.interference import FaultyProxy, Meanwhile, faulty_proxy
from servers.kinds.kubernetes import ControlPlane

from credential_operator.controller.mirror import PAUSE
from webapp.core.runtime import Runtime
from webapp.settings import Settings

pytestmark = pytest.mark.server

ONE = "/secrets/out$"
ALL = "/secrets$"
FOREIGN = {"password": "not ours"}


@pytest.fixture
def space(cluster: ControlPlane) -> Iterator[Space]:
    made = Space(cluster)
    made.source("keys", secret="one")
    yield made
    made.http.close()


@pytest.fixture
def proxy(cluster: ControlPlane) -> Iterator[FaultyProxy]:
    """A proxy before the API server."""
    with faulty_proxy(cluster) as made:
        yield made


@pytest.fixture(autouse=True)
def operator(cluster: ControlPlane, proxy: FaultyProxy, space: Space, tmp_path: Path) -> Iterator[RunningOperator]:
    """An operator behind the proxy that serves the namespace."""
    served = ("--namespace", space.name, "--lease-namespace", space.name)
    with running(cluster, tmp_path, *served, endpoint=proxy.endpoint) as made:
        yield made


def spec(form: str = "rclone") -> dict[str, Any]:
    login = {"host": "127.0.0.1", "user": "u", "pass": {"secretKeyRef": {"name": "keys", "key": "secret"}}}
    outputs = [{"name": "out", "format": form}]
    return {"provider": {"ftp": login}, "secrets": outputs, "verification": {"interval": "0"}}


def appears(space: Space) -> Callable[[], object]:
    """Somebody makes a Secret of that name, in the place of one that was there."""

    def act() -> None:
        space.http.delete(f"{space.secrets}/out")
        space.source("out", **FOREIGN)

    return act


def lost(space: Space, proxy: FaultyProxy, verb: str, path: str, act: Callable[[], object]) -> Meanwhile:
    """Let the operator lose the race for a request."""
    race = Meanwhile(verb, rf"/namespaces/{space.name}{path}", act)
    proxy.meanwhile.append(race)
    return race


def is_foreign(space: Space, race: Meanwhile) -> None:
    """Check that the foreign Secret stands as it was made, and that the resource says so."""
    eventually(lambda: race.done, 20)
    space.wait("nightly", "False", "TargetConflict")
    found = space.secret("out") or {}
    assert space.values("out") == FOREIGN
    assert {entry["manager"] for entry in found["metadata"]["managedFields"]} == {"python-httpx"}, "it was written to"
    assert "was not made by this operator" in space.get("nightly")["status"]["conditions"][0]["message"]


def test_it_appears_before_the_first_write(space: Space, proxy: FaultyProxy) -> None:
    race = lost(space, proxy, "POST", ALL, lambda: space.source("out", **FOREIGN))
    space.apply("nightly", spec())
    is_foreign(space, race)


def test_it_takes_the_place_before_values_are_replaced(space: Space, proxy: FaultyProxy) -> None:
    space.apply("nightly", spec())
    space.wait("nightly", "True")
    race = lost(space, proxy, "PATCH", ONE, appears(space))
    space.source("keys", secret="two")
    is_foreign(space, race)


def test_it_takes_the_place_before_an_output_is_written_anew(space: Space, proxy: FaultyProxy) -> None:
    space.apply("nightly", spec())
    space.wait("nightly", "True")
    race = lost(space, proxy, "PUT", ONE, appears(space))
    space.kubectl("patch", "secret/out", "--type=merge", "-p", '{"data":{"rclone.conf":"eA=="}}')
    is_foreign(space, race)


def test_it_takes_the_place_before_another_type_is_made_room_for(space: Space, proxy: FaultyProxy) -> None:
    space.apply("nightly", spec("env"))
    space.wait("nightly", "True")
    race = lost(space, proxy, "DELETE", ONE, appears(space))
    space.apply("nightly", spec("basic-auth"))
    is_foreign(space, race)


def test_it_appears_between_the_old_type_and_the_new(space: Space, proxy: FaultyProxy) -> None:
    space.apply("nightly", spec("env"))
    space.wait("nightly", "True")
    race = lost(space, proxy, "POST", ALL, lambda: space.source("out", **FOREIGN))
    space.apply("nightly", spec("basic-auth"))
    is_foreign(space, race)


def test_it_takes_the_place_before_an_output_is_removed(space: Space, proxy: FaultyProxy) -> None:
    space.apply("nightly", spec())
    space.wait("nightly", "True")
    race = lost(space, proxy, "DELETE", ONE, appears(space))
    space.apply("nightly", {**spec(), "secrets": []})
    eventually(lambda: race.done, 20)
    space.wait("nightly", "True")
    assert space.values("out") == FOREIGN


def test_one_that_may_be_adopted_is_taken_over_as_it_stands_then(space: Space, proxy: FaultyProxy) -> None:
    """The permission is taken back while the write is on its way: that counts."""
    space.source("out", **FOREIGN)
    space.kubectl("annotate", "secret/out", "backupcredentials.dev/adopt=nightly")
    race = lost(space, proxy, "PUT", ONE, appears(space))
    space.apply("nightly", spec())
    is_foreign(space, race)
    space.kubectl("annotate", "secret/out", "backupcredentials.dev/adopt=nightly")
    space.wait("nightly", "True")
    assert set(space.values("out")) == {"rclone.conf"}


@pytest.mark.parametrize("verb", ["PATCH", "PUT"])
def test_an_edit_in_between_is_seen_and_what_was_added_stays(space: Space, proxy: FaultyProxy, verb: str) -> None:
    space.apply("nightly", spec())
    space.wait("nightly", "True")

    def edit() -> None:
        space.kubectl("label", "--overwrite", "secret/out", "mine=too")

    race = lost(space, proxy, verb, ONE, edit)
    if verb == "PUT":
        space.kubectl("patch", "secret/out", "--type=merge", "-p", '{"data":{"rclone.conf":"eA=="}}')
    else:
        space.source("keys", secret="two")
    eventually(lambda: race.done, 20)
    eventually(lambda: "pass" in space.values("out")["rclone.conf"], 5)
    space.wait("nightly", "True")
    assert (space.secret("out") or {})["metadata"]["labels"]["mine"] == "too"


def test_a_resource_ends_while_it_is_looked_at(space: Space, proxy: FaultyProxy, operator: RunningOperator) -> None:
    """What a look finds after the end is not mirrored: nobody would remove it from the page."""

    def ends() -> None:
        space.kubectl("delete", "bc/nightly")
        eventually(lambda: f'namespace="{space.name}"' not in operator.get("/metrics"), 20)

    store = Runtime(Settings(data_dir=operator.folder)).store
    space.kubectl("delete", "secret/keys")
    space.apply("nightly", spec())
    space.wait("nightly", "False", "SourceNotFound")
    eventually(lambda: store.cluster.search().items, 10)
    race = lost(space, proxy, "GET", "/secrets/keys$", ends)
    eventually(lambda: race.done, 30)
    time.sleep(3 * PAUSE)
    assert not store.cluster.search().items
    store.close()

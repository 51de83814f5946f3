"""A control plane with the definition of the resource, as a person puts it there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster.operators import RunningOperator, Served, Space
from servers.kinds.kubernetes import ControlPlane
from servers.runs import Run
from servers.waiting import eventually

from credential_operator.names import GROUP, VERSION

ROOT = Path(__file__).parents[2]


def apply_definition(plane: ControlPlane) -> str:
    """Put the definition there with the product's own command."""
    command = [sys.executable, "-m", "webapp", "crd", "--apply"]
    environment = {**os.environ, "KUBECONFIG": str(plane.kubeconfig())}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    eventually(lambda: f'"apis/{GROUP}/{VERSION}"' in described(plane))
    return done.stdout


def described(plane: ControlPlane) -> str:
    """Return what the API server describes of itself; kubectl reads a new kind there a moment after it is served."""
    with plane.client() as client:
        return client.get("/openapi/v3").text


@pytest.fixture(scope="session")
def cluster(servers_run: Run, control_plane: ControlPlane) -> ControlPlane:
    """The shared control plane with the definition."""
    servers_run.once("definition", lambda _: apply_definition(control_plane))
    return control_plane


@pytest.fixture(scope="module")
def served(
    request: pytest.FixtureRequest, cluster: ControlPlane, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """An operator for namespaces of its own, one for each test of the module.

    Other processes run operators on the same control plane. One for the whole cluster would work on their resources
    too, so that nobody could count what it writes.
    """
    count = sum(item.path == request.path for item in request.session.items)
    with Served.on(cluster, tmp_path_factory.mktemp("operator"), count) as made:
        yield made


@pytest.fixture(scope="module")
def operator(served: Served) -> RunningOperator:
    """The module's operator."""
    return served.operator


@pytest.fixture
def space(served: Served) -> Iterator[Space]:
    """A namespace of one test, served by the module's operator; its resources go with the test."""
    with served.space() as free:
        yield free

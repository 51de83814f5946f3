"""The image, a control plane whose pods are really run, and helm on it."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from cluster.conftest import apply_definition
from deploy.charts import CHART
from deploy.containers import PREVIOUS, Containers
from deploy.kubelet import Kubelet, kubelet
from deploy.releases import Release
from servers.kinds.kubernetes import WITH_NODES, ControlPlane, control_plane
from servers.kinds.s3 import S3Server
from servers.runs import Run

Prepare = Callable[[Release], Sequence[str]]


@pytest.fixture(scope="session")
def containers(servers_run: Run) -> Containers:
    """Podman."""
    return Containers(servers_run)


@pytest.fixture(scope="session")
def image(servers_run: Run, containers: Containers) -> str:
    """The image of these sources."""
    with servers_run.locked("image"):
        return containers.image()


@pytest.fixture(scope="session")
def previous(servers_run: Run, containers: Containers, image: str) -> tuple[str, Path]:
    """The image of an older version, and its chart."""

    def unpack(place: Path) -> Path:
        with tarfile.open(PREVIOUS) as pack:
            pack.extractall(place, filter="data")
        return place

    folder = servers_run.once("previous", unpack)
    with servers_run.locked("image"):
        return containers.previous(image, folder), folder / "deploy/chart"


@pytest.fixture(scope="session")
def nodes(servers_run: Run) -> ControlPlane:
    """A control plane with the controllers of jobs and certificates, and the definition of the resource.

    Each worker has its own: with the chart's defaults an operator serves every namespace there is.
    """

    def start(place: Path) -> ControlPlane:
        plane = control_plane(servers_run, place, controllers=WITH_NODES)
        apply_definition(plane)
        return plane

    return servers_run.once(f"nodes-{os.getpid()}", start)


@pytest.fixture(scope="session")
def node(
    nodes: ControlPlane,
    containers: Containers,
    tmp_path_factory: pytest.TempPathFactory,
    seaweedfs: S3Server,
    postgres: str,
) -> Iterator[Kubelet]:
    """What runs the pods; they reach the S3 server and the database at the addresses that this machine uses."""
    port = int(seaweedfs.endpoint.rpartition(":")[2])
    socket = f"{postgres.removeprefix('host=')}/.s.PGSQL.5432"
    reachable = {port: ("127.0.0.1", port), 5432: socket}
    with kubelet(nodes, containers, tmp_path_factory.mktemp("kubelet"), reachable) as running:
        yield running


@pytest.fixture
def released(node: Kubelet, image: str) -> Iterator[Callable[..., Release]]:
    """Installs the chart, each time into a namespace of its own; `prepare` may put something there before.

    What it returns are further arguments for helm.
    """
    with ExitStack() as ends:

        def install(
            *arguments: str | Path,
            prepare: Prepare = lambda _: (),
            version: tuple[str, Path] = (image, CHART),
        ) -> Release:
            made = Release(node, *version)
            ends.callback(made.forget)
            made.install(*arguments, *prepare(made))
            return made

        yield install

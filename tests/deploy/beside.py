"""An operator on one machine against a control plane elsewhere."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from cluster.operators import Space
from deploy.network import Relay
from servers.kinds.kubernetes import ControlPlane

REFERRED = {"secretKeyRef": {"name": "keys", "key": "secret"}}


def flat_kubeconfig(plane: ControlPlane, path: Path) -> Path:
    """Write the kubeconfig that the documentation's command makes: one file that names no other."""
    path.write_text(plane.kubectl("config", "view", "--raw", "--flatten", "--minify"))
    return path


@contextmanager
def reached(plane: ControlPlane, pid: int) -> Generator[Space]:
    """Let a process reach the API server from its own network; give a namespace for as long."""
    api = int(plane.endpoint.rpartition(":")[2])
    way, space = Relay.outward(pid, api, ("127.0.0.1", api)), Space(plane)
    try:
        yield space
    finally:
        plane.delete_namespace(space.name)
        space.http.close()
        way.cut()


def synced(space: Space) -> None:
    """Apply a resource with kubectl and wait for its Secret; whether the provider answers does not matter."""
    space.source("keys", secret="no-matter")
    block = {"accessKeyId": "id", "secretAccessKey": REFERRED, "endpoint": "http://127.0.0.1:9"}
    provider = {"s3": block | {"provider": "Other", "region": "us-east-1"}}
    output = {"name": "restic", "format": "restic", "options": {"repository": "any/one"}}
    space.apply("nightly", {"provider": provider, "secrets": [output]})
    space.wait("nightly", "True", kind="SecretsSynced", seconds=60)
    assert space.values("restic")["AWS_SECRET_ACCESS_KEY"] == "no-matter"

"""A control plane with the definition of the resource, as a person puts it there."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from servers.kinds.kubernetes import ControlPlane
from servers.runs import Run

from credential_operator.names import GROUP, VERSION

ROOT = Path(__file__).parents[2]


def apply_definition(plane: ControlPlane) -> str:
    """Put the definition there with the product's own command."""
    command = [sys.executable, "-m", "webapp", "crd", "--apply"]
    environment = {**os.environ, "KUBECONFIG": str(plane.kubeconfig())}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    wait_for(lambda: f'"apis/{GROUP}/{VERSION}"' in described(plane))
    return done.stdout


def described(plane: ControlPlane) -> str:
    """Return what the API server describes of itself; kubectl reads a new kind there a moment after it is served."""
    with plane.client() as client:
        return client.get("/openapi/v3").text


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until something holds."""
    last = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < last, "it did not come to hold"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def cluster(servers_run: Run, control_plane: ControlPlane) -> ControlPlane:
    """The shared control plane with the definition."""
    servers_run.once("definition", lambda _: apply_definition(control_plane))
    return control_plane

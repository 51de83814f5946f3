"""A control plane with the definition of the resource, as a person puts it there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from servers.kinds.kubernetes import ControlPlane
from servers.runs import Run

ROOT = Path(__file__).parents[2]


def apply_definition(plane: ControlPlane) -> str:
    """Put the definition there with the product's own command."""
    command = [sys.executable, "-m", "webapp", "crd", "--apply"]
    environment = {**os.environ, "KUBECONFIG": str(plane.kubeconfig())}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture(scope="session")
def cluster(servers_run: Run, control_plane: ControlPlane) -> ControlPlane:
    """The shared control plane with the definition."""
    servers_run.once("definition", lambda _: apply_definition(control_plane))
    return control_plane

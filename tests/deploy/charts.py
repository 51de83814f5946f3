"""Helm as a person uses it, and what the API server says of its kinds, for kubeconform."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import yaml
from servers.kinds.kubernetes import ControlPlane
from servers.runs import CLEAN, need

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy/chart"
KUBE_VERSION = "1.36.3"
MONITORING = "monitoring.coreos.com/v1"


def run(name: str, *arguments: str | Path, given: str = "", kubeconfig: Path | None = None) -> str:
    """Run a chart tool and return what it printed; what it says of a failure becomes the error."""
    environment = CLEAN | {"HOME": "/tmp"} | ({"KUBECONFIG": str(kubeconfig)} if kubeconfig else {})
    command = [str(need(name)), *(str(part) for part in arguments)]
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, env=environment, timeout=180, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def template(*arguments: str | Path) -> str:
    """Return what the chart renders."""
    return run("helm", "template", "backup-credentials", CHART, "--kube-version", KUBE_VERSION, *arguments)


def objects(rendered: str) -> list[dict[str, Any]]:
    """Return the objects in a rendered text."""
    return [found for found in yaml.safe_load_all(rendered) if found]


def write_schemas(plane: ControlPlane, folder: Path) -> str:
    """Write the API server's own schemas as kubeconform reads them, and return its pattern for their place."""
    with plane.client() as client:
        described = client.get("/openapi/v2").json()
    # Swagger 2 cannot say "a number or a text", so the API server says "a text" of it.
    described["definitions"]["io.k8s.apimachinery.pkg.util.intstr.IntOrString"] = {"type": ["string", "integer"]}
    text = json.dumps(described["definitions"]).replace("#/definitions/", "_definitions.json#/")
    (folder / "_definitions.json").write_text(text)
    for name, definition in described["definitions"].items():
        for kind in definition.get("x-kubernetes-group-version-kind", []):
            group = f"{kind['group'].split('.')[0]}-" if kind["group"] else ""
            file = folder / f"{kind['kind'].lower()}-{group}{kind['version']}.json"
            file.write_text(json.dumps({"$ref": f"_definitions.json#/{name}"}))
    return f"{folder}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"

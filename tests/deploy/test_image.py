"""What the image says that it holds is what it holds."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from deploy.charts import ROOT
from deploy.containers import Containers

pytestmark = pytest.mark.server
HOLDS = """
import importlib.metadata, json, pathlib, subprocess, webapp
said = subprocess.run(["/app/bin/rclone", "version"], capture_output=True, text=True, check=True).stdout
print(json.dumps({
    "bill": json.loads(pathlib.Path("/app/sbom.cdx.json").read_text()),
    "python": sorted([one.metadata["Name"], one.version] for one in importlib.metadata.distributions()),
    "rclone": said.split()[1],
    "served": [path.name for path in pathlib.Path(webapp.__file__).parent.glob("static/vendor/*.min.*")],
}))
"""


@pytest.fixture(scope="module")
def holds(containers: Containers, image: str) -> dict[str, Any]:
    argv = ["run", "--rm", "--network", "none", "--read-only", "--entrypoint", "/app/bin/python", image, "-c", HOLDS]
    return json.loads(containers(*argv))


def test_the_layers_are_as_large_as_the_documentation_says(containers: Containers, image: str) -> None:
    """Within a tenth: versions of Debian's packages change."""
    said = re.findall(
        r"^\| .* \| ([\d.]+) MB \|", (ROOT / "webapp/help/install-kubernetes.md").read_text(), re.MULTILINE
    )
    sizes = json.loads(containers("history", image, "--human=false", "--format", "json"))
    found = sorted((one["size"] / 1e6 for one in sizes if one["size"] > 1e6), reverse=True)
    assert found == pytest.approx(sorted(map(float, said), reverse=True), rel=0.1)


def listed(bill: dict[str, Any], kind: str) -> list[list[str]]:
    """Return names and versions of one kind of package URL; ours, which no index of packages has, counts as Python."""
    found = [one for one in bill["components"] if one.get("purl", "pkg:pypi/").startswith(f"pkg:{kind}/")]
    return sorted([one["name"], one["version"]] for one in found)


def test_the_bill_of_materials_lists_what_is_there(holds: dict[str, Any]) -> None:
    """Every Python distribution and no other, rclone as it is, and what browsers get from npm packages.

    It was checked against CycloneDX' own schema when the image was built (deploy/image/materials.py).
    """
    bill, packages = holds["bill"], json.loads((ROOT / "package.json").read_text())["dependencies"]
    assert listed(bill, "pypi") == holds["python"]
    assert listed(bill, "golang") == [["github.com/rclone/rclone", holds["rclone"]]]
    assert listed(bill, "npm") == sorted(map(list, packages.items()))
    assert sorted(holds["served"]) == ["bootstrap.min.css", "htmx.min.js"]
    references = [one["bom-ref"] for one in bill["components"]]
    assert len(references) == len(set(references)) == len(bill["components"])

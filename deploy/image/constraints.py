"""Prints the pinned versions of pyproject.toml as a constraints file for pip.

Standard library only: it runs in the base image before anything is installed.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path


def main(path: str) -> None:
    """Print one line for each pinned package."""
    project = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    sys.stdout.write("\n".join(project["tool"]["uv"]["constraint-dependencies"]) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])

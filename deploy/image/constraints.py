"""Prints what pip needs from pyproject.toml: the pinned versions, or with --dependencies what the program depends on.

Standard library only: it runs in the base image before anything is installed.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path


def main(path: str, *, dependencies: bool) -> None:
    """Print one line for each package."""
    project = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    pinned = project["tool"]["uv"]["constraint-dependencies"]
    sys.stdout.write("\n".join(project["project"]["dependencies"] if dependencies else pinned) + "\n")


if __name__ == "__main__":
    main(sys.argv[-1], dependencies="--dependencies" in sys.argv)

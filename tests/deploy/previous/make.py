"""Packs the chart and the code of an older commit, for the test that upgrades from it.

`python tests/deploy/previous/make.py COMMIT` after each release, with that release's commit. A clone may have no history,
so the test cannot take it from there. What the browser gets and what the code needs is left to the image of these
sources: the test lays the older code over it.
"""

from __future__ import annotations

import lzma
import subprocess
import sys
from pathlib import Path

PACK = Path(__file__).with_name("previous.tar.xz")
PACKED = ("deploy/chart", "webapp", "operator")


def main(commit: str) -> None:
    """Write the pack."""
    made = subprocess.run(["git", "archive", commit, *PACKED], capture_output=True, check=True).stdout
    PACK.write_bytes(lzma.compress(made, preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    main(sys.argv[1])

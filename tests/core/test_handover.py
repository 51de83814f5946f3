"""The files of a running command, and what is done when it has ended."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

CHILD = """
import sys, time
from pathlib import Path
from webapp.core import handover

handover.TURN, handover.PAUSE = 50, 0.1
folder, tries = Path(sys.argv[1]), Path(sys.argv[2])


def fail():
    raise RuntimeError("the database is away")


def after():
    with tries.open("a") as file:
        file.write((folder / "renewed").read_text())
    if len(tries.read_text()) < 3:
        fail()


handover.watch(folder, meanwhile=fail, after=after)
time.sleep(0.5)
(folder / "renewed").write_text("x")
"""


def test_a_database_that_is_away_costs_no_file_and_no_renewed_token(tmp_path: Path) -> None:
    folder, tries = tmp_path / "files", tmp_path / "tries"
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(folder), str(tries)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    end = time.monotonic() + 30
    while folder.exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert tries.read_text() == "xxx"

"""Ends the servers of a test run when the run itself is gone, even by `kill -9`.

Run as a program: `python reaper.py PID FOLDER` waits until process PID is gone, then tidies FOLDER.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil


def tidy(folder: Path) -> None:
    """Kill every recorded server with its children, undo what was changed outside, remove the folder."""
    for record in folder.glob("*.pid"):
        end(*json.loads(record.read_text()))
    for record in sorted(folder.glob("*.undo"), reverse=True):
        subprocess.run(json.loads(record.read_text()), check=False, capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)


def end(pid: int, created: float) -> None:
    """Kill a process, its children and its process group, if the id still means the process that was recorded."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        if abs(process.create_time() - created) > 1:
            return
        family = [process, *process.children(recursive=True)]
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        for member in family:
            with contextlib.suppress(psutil.Error):
                member.kill()
        psutil.wait_procs(family, timeout=5)


def main() -> None:
    """Wait for the run to end, then tidy."""
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(int(sys.argv[1])).wait()
    tidy(Path(sys.argv[2]))


if __name__ == "__main__":
    main()

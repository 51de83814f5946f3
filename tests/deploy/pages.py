"""The commands that the install pages show, run as they stand there."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.charts import ROOT
from servers.runs import CLEAN

PAGES = ("install.md", "install-kubernetes.md")
SUDO = 'sudo() { "$@"; }'
"""Stands for sudo, where everything runs as root already."""
BLOCK = re.compile(r"^```.*?\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(page: str) -> list[str]:
    """Return every block of a page."""
    return BLOCK.findall((ROOT / "webapp/help" / page).read_text(encoding="utf-8"))


def block(beginning: str) -> str:
    """Return the one block of the pages that begins with these words."""
    (found,) = [text for page in PAGES for text in blocks(page) if text.startswith(beginning)]
    return found


def shell(script: str, folder: Path, *, before: str = "", environment: Mapping[str, str] | None = None) -> str:
    """Run lines of a shell and return what they printed.

    Args:
        script: As it stands in the page.
        folder: Where it runs.
        before: Functions that stand for programs, so that the lines need no change.
        environment: Added to a clean one.
    """
    argv = ["bash", "-euc", f"{before}\n{script}"]
    every = CLEAN | dict(environment or {})
    done = subprocess.run(argv, cwd=folder, env=every, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@contextmanager
def going_on(script: str, folder: Path, environment: Mapping[str, str]) -> Generator[subprocess.Popen[bytes]]:
    """Run lines of a shell whose last one goes on until it is told to stop."""
    log = (folder / "said").open("wb")
    with (
        log,
        subprocess.Popen(
            ["bash", "-euc", script], cwd=folder, env=dict(environment), stdout=log, stderr=log, start_new_session=True
        ) as process,
    ):
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)

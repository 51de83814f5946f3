"""Killed at any moment: a backup, a restore, a rotation, and its moving of what is stored.

Each of the four is killed 200 times on SQLite and 200 times on PostgreSQL: 1,600 processes.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from core.keys import killed

ROUNDS = 200
"""Kills of each kind of work on each database."""


@pytest.mark.parametrize("work", killed.WORK)
def test_all_is_whole_after_each_of_two_hundred_kills(work: str, database: str, tmp_path: Path) -> None:
    command = [sys.executable, killed.__file__, work, database, tmp_path, str(ROUNDS)]
    done = subprocess.run(command, capture_output=True, check=False, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]

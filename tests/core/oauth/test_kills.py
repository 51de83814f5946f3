"""No token is lost when a process is killed around a renewal, though each refresh token works once."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from core.oauth import killed
from servers.fake_internet.starting import Internet
from servers.fake_internet.tokens import CLIENT, CLIENT_SECRET

ROUNDS = 200
MEMORY = "/dev/shm"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: a kill is no power failure, and the disk would only cost time."""
    if not os.access(MEMORY, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder)


@pytest.mark.server
def test_two_hundred_kills_lose_no_token(internet: Internet, place: Path) -> None:
    family = f"killed{secrets.token_hex(4)}"
    token = {"access_token": "bad-old", "refresh_token": f"once-{family}-0", "expiry": "2020-01-01T00:00:00Z"}
    store = killed.opened(place)
    values = {"client_id": CLIENT, "client_secret": CLIENT_SECRET, "token": json.dumps(token)}
    made = store.credentials.add("Box", "BOX", values, by="me")
    store.close()
    environment = {**os.environ, **internet.environment, "PYTHONPATH": os.pathsep.join(sys.path)}
    arguments = [str(place), made.id, family, str(ROUNDS)]
    done = subprocess.run(
        [sys.executable, killed.__file__, *arguments],
        env=environment,
        capture_output=True,
        check=False,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert found["alive"] == ROUNDS
    # Else no kill fell between the vendor's answer and the disk, and the test has shown nothing.
    assert found["ahead"] > 0

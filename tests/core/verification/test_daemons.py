"""The pool of rclone processes when the machine is short of something, or kills one."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from webapp.core.verification.daemons import Daemon, DaemonPool


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder with a short name: that of a unix socket has 107 bytes at most (unix(7))."""
    with tempfile.TemporaryDirectory(prefix="bc-") as folder:
        yield Path(folder)


@pytest.fixture
def pool(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DaemonPool]:
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    started = DaemonPool(1)
    started.start()
    yield started
    started.stop()


def until_ready(pool: DaemonPool) -> None:
    until = time.monotonic() + 20
    while not pool.ready:
        assert time.monotonic() < until
        time.sleep(0.02)


def test_checks_go_on_when_there_is_room_again(pool: DaemonPool, place: Path, caplog: pytest.LogCaptureFixture) -> None:
    until_ready(pool)
    (folder,) = place.iterdir()
    folder.chmod(0o500)
    folder.rename(place / "away")
    with pool.take(5) as daemon:
        daemon.socket = place / "away" / daemon.folder.name / "rc"
        assert daemon.call("rc/noop", {}, seconds=5)[0] == 200
    until = time.monotonic() + 20
    while not caplog.messages:  # both starters have met it
        assert time.monotonic() < until
        time.sleep(0.02)
    time.sleep(1)
    (place / "away").rename(folder)
    folder.chmod(0o700)
    with pool.take(20) as daemon:
        assert daemon.call("rc/noop", {}, seconds=5)[0] == 200
    assert set(caplog.messages) == {"no rclone can be started: FileNotFoundError"}


def test_one_that_was_killed_while_it_waited_is_not_handed_out(pool: DaemonPool) -> None:
    until_ready(pool)
    for child in psutil.Process().children():
        if "rcd" in child.cmdline():
            child.kill()
            psutil.wait_procs([child], 0.2)
    with pool.take(20) as daemon:
        assert daemon.alive
        assert daemon.call("rc/noop", {}, seconds=5)[0] == 200


def test_a_second_kill_reaches_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    daemon = Daemon(tmp_path, {}, 0)
    daemon.kill()

    def refuse(*_given: int) -> None:
        pytest.fail("its number may be somebody else's by now")

    monkeypatch.setattr("os.killpg", refuse)
    daemon.kill()
    assert list(tmp_path.iterdir()) == []

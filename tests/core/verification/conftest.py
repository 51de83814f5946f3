"""rclone's own servers on loopback, and a pool."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from core.verification.proving import Proves

from webapp.core.rclone.metadata import binary
from webapp.core.verification.daemons import DaemonPool
from webapp.core.verification.verifier import Verifier


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def serve(kind: str, folder: Path, *flags: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start `rclone serve` and wait until it listens."""
    port = free_port()
    command = [str(binary()), "--config", "", "serve", kind, str(folder), "--addr", f"127.0.0.1:{port}", *flags]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 15
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process, port
        time.sleep(0.02)
    process.kill()
    raise RuntimeError(f"rclone serve {kind} did not start")


@pytest.fixture
def proves(request: pytest.FixtureRequest) -> Proves:
    """Checks an answer and notes what it proves."""
    return Proves(request.node)


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    (folder / "alpha").mkdir()
    (folder / "alpha" / "a.txt").write_text("a")
    return folder


@pytest.fixture(scope="session")
def addresses(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """Ports of the running servers by kind."""
    login = ("--user", "u", "--pass", "right-password")
    flags = {
        "s3": ("--auth-key", "test-key-id,test-secret-key"),
        "webdav": login,
        "sftp": login,
        "ftp": login,
        "http": login,
    }
    started = {kind: serve(kind, files, *more) for kind, more in flags.items()}
    yield {kind: port for kind, (_, port) in started.items()}
    for process, _ in started.values():
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def pool() -> Iterator[DaemonPool]:
    pool = DaemonPool(2, environment={})
    pool.start()
    yield pool
    pool.stop()


@pytest.fixture(scope="session")
def verifier(pool: DaemonPool) -> Verifier:
    return Verifier(pool)

"""rclone's own servers on loopback, and a pool."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from core.verification.proving import Proves
from servers.kinds import rclone

from webapp.core.verification.daemons import DaemonPool
from webapp.core.verification.verifier import Verifier


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
    with ExitStack() as ends:
        yield {kind: ends.enter_context(rclone.serving(kind, files, *more)) for kind, more in flags.items()}


@pytest.fixture(scope="session")
def pool() -> Iterator[DaemonPool]:
    pool = DaemonPool(2, environment={})
    pool.start()
    yield pool
    pool.stop()


@pytest.fixture(scope="session")
def verifier(pool: DaemonPool) -> Verifier:
    return Verifier(pool)

"""The use cases of SSH on a fresh store."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from servers.kinds.database import empty_database

from webapp.core.ssh.results import Tested
from webapp.core.ssh.service import SshService
from webapp.core.ssh.wire.running import SshCheck
from webapp.core.store import KeyRing, Store, open_store

BOTH_DATABASES = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
"""For tests of what is stored; the others speak with servers and would say the same on both."""


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, SQLite unless a test asks for both."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    return empty_database(request.getfixturevalue("postgres"))


@pytest.fixture
def store(database: str, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(database, KeyRing.from_file(tmp_path / "seed.json", create=True))
    yield opened
    opened.close()


@pytest.fixture
def service(store: Store) -> Iterator[SshService]:
    made = SshService(store)
    yield made
    made.stop()


@pytest.fixture
def ended() -> Callable[[SshCheck], Tested]:
    """Waits for the end of a test or a pairing."""

    def wait(check: SshCheck) -> Tested:
        result = check.wait(60)
        assert isinstance(result, Tested), result
        return result

    return wait


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def chatty() -> Iterator[int]:
    """The port of a server that speaks, but not SSH."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        thread = threading.Thread(target=_answer, args=(server,), daemon=True)
        thread.start()
        yield port
        socket.create_connection(("127.0.0.1", port)).close()
        thread.join()


def _answer(server: socket.socket) -> None:
    opened, _ = server.accept()
    with opened:
        opened.sendall(b"220 mail.example.com ESMTP\r\n" * 200)
    server.accept()[0].close()

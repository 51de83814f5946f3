"""The use cases of SSH on a fresh store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from webapp.core.ssh.results import Tested
from webapp.core.ssh.service import SshService
from webapp.core.ssh.wire.running import SshCheck
from webapp.core.store import KeyRing, Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/store.db", KeyRing.from_file(tmp_path / "seed.json", create=True))
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

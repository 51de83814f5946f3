"""The app, an sshd of the test's own, and a TrueNAS that hands its keys to that sshd."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pages.cloud_credentials.conftest import ACCOUNT, app, runtime, second, settings, visitor  # noqa: F401  fixtures
from servers.loopback import LoopbackSshd
from servers.truenas import Account, State, User

ADMIN_PASSWORD = "CANARY-admin-password"
API_KEY = "7-CANARYapikey0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdef"
CODE = "CANARY-424242"
OWN = {"own_password": ACCOUNT[1]}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LoopbackSshd]:
    with LoopbackSshd(tmp_path / "sshd") as running:
        yield running


@pytest.fixture
def nas(server: LoopbackSshd) -> State:
    """What a TrueNAS remembers whose SSH service is that sshd."""
    return State(
        accounts={"root": Account(ADMIN_PASSWORD, API_KEY)},
        users={"root": User("root", 1)},
        port=server.port,
        host_keys=server.host_keys,
        on_key=lambda _user, keys: server.authorize(keys),
    )

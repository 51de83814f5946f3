"""A TrueNAS to pair with."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from servers.authority import Authority
from servers.truenas import Account, FakeTrueNAS, State, User

from webapp.core.ssh.truenas.login import LogIn
from webapp.core.ssh.truenas.pairing import Paired, Wish, pair

PASSWORD = "CANARY-admin-password"
API_KEY = "7-CANARYapikey0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdef"
CODE = "424242"
OURS = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK0wmN/Cr3JXqmLW7u+g9pTh+wyqDHpSQEIQczXkVx9q Office Key"
OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ/8wHuS9xO2q6o4sZ0g0l8wPpTV3z4rP7cDXlJ3m4yA other@machine"
HOST_KEYS = {
    "rsa": "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7 root@truenas",
    "ecdsa": "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAI root@truenas",
    "ed25519": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHostKey root@truenas",
}
Start = Callable[..., FakeTrueNAS]


@pytest.fixture
def state() -> State:
    return State(
        accounts={"truenas_admin": Account(PASSWORD, API_KEY)},
        users={"root": User("root", 1), "backup": User("backup", 70, home="/mnt/tank/home/backup", sshpubkey=OTHER)},
        homes={"/root", "/mnt/tank/home/backup"},
        host_keys=dict(HOST_KEYS),
    )


@pytest.fixture
def start(state: State) -> Iterator[Start]:
    with ExitStack() as running:
        yield lambda **options: running.enter_context(FakeTrueNAS(state, **options))


@pytest.fixture
def trusted(own_authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The authority, known to this machine."""
    monkeypatch.setenv("SSL_CERT_FILE", str(own_authority.ca_file))
    return own_authority


def by_password(url: str, *, cancel: threading.Event | None = None, code: str = "", **more: object) -> Paired:
    login = LogIn("truenas_admin", password=PASSWORD, one_time=code)
    return pair(Wish(url, login, **more), OURS, cancel=cancel)  # pyright: ignore[reportArgumentType]


def by_key(url: str, **more: object) -> Paired:
    login = LogIn("truenas_admin", api_key=API_KEY)
    return pair(Wish(url, login, **more), OURS)  # pyright: ignore[reportArgumentType]

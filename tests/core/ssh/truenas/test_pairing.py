"""Pairing over both framings, with and without TLS: what the remote has afterwards, and what is asked of it."""

from __future__ import annotations

import pytest
from core.ssh.truenas.conftest import CODE, OTHER, OURS, PASSWORD, Start, by_key, by_password
from servers.authority import Authority
from servers.truenas import State

from webapp.core.ssh.truenas.pairing import PairingError

FRAMINGS = pytest.mark.parametrize("versions", [("v25.04.0", "v25.10.0"), ()], ids=["json-rpc", "legacy"])
KEYS = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHostKey\n"
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAI\n"
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7"
)


@FRAMINGS
@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
def test_pairs(start: Start, state: State, trusted: Authority, versions: tuple[str, ...], tls: bool) -> None:
    state.port, state.control = 2022, bool(versions)
    server = start(versions=versions, authority=trusted if tls else None)
    paired = by_password(server.url)
    assert (paired.host, paired.port, paired.username, paired.host_keys) == ("127.0.0.1", 2022, "root", KEYS)
    assert state.users["root"].sshpubkey == OURS
    assert (state.enabled, state.running) == (True, True)
    assert server.seen == ["/api/versions", "/api/current" if versions else "/websocket"]
    assert paired.changes == (
        "the public key was added to those of root",
        "the SSH service now starts with the machine",
        "the SSH service was started",
    )


@FRAMINGS
def test_a_second_pairing_adds_nothing(start: Start, state: State, versions: tuple[str, ...]) -> None:
    state.control = bool(versions)
    server = start(versions=versions)
    by_password(server.url)
    before = state.users["root"].sshpubkey
    assert by_password(server.url).changes == ()
    assert state.users["root"].sshpubkey == before
    assert (state.count("user.update"), state.count("service.update")) == (1, 1)


def test_keys_of_others_stay(start: Start, state: State) -> None:
    by_password(start().url, username="backup")
    assert state.users["backup"].sshpubkey == f"{OTHER}\n{OURS}"


@pytest.mark.parametrize("present", [f'from="10.0.0.0/8",no-pty {OURS}', OURS.rpartition(" ")[0] + " another-comment"])
def test_a_key_that_is_there_in_another_dress_is_not_added(start: Start, state: State, present: str) -> None:
    state.users["root"].sshpubkey = present
    by_password(start().url)
    assert state.users["root"].sshpubkey == present


@FRAMINGS
def test_one_time_password(start: Start, state: State, versions: tuple[str, ...]) -> None:
    state.accounts["truenas_admin"].otp, state.control = CODE, bool(versions)
    by_password(start(versions=versions).url, code=CODE)
    assert state.users["root"].sshpubkey == OURS


@FRAMINGS
def test_api_key(start: Start, state: State, trusted: Authority, versions: tuple[str, ...]) -> None:
    state.control = bool(versions)
    by_key(start(versions=versions, authority=trusted).url)
    assert state.users["root"].sshpubkey == OURS
    assert not state.accounts["truenas_admin"].revoked


@FRAMINGS
def test_an_api_key_never_goes_over_http(start: Start, state: State, versions: tuple[str, ...]) -> None:
    server = start(versions=versions)
    with pytest.raises(PairingError, match="never sent over http") as refused:
        by_key(server.url)
    assert refused.value.field == "url"
    assert (server.seen, state.calls) == ([], [])
    assert not state.accounts["truenas_admin"].revoked


def test_no_login_shell_home_and_sudo_are_mended_in_one_change(start: Start, state: State) -> None:
    user = state.users["backup"]
    user.shell, user.home, user.sudo_commands_nopasswd = "/usr/sbin/nologin", "/var/empty", ["/usr/bin/rsync"]
    paired = by_password(start().url, username="backup", home="/mnt/tank/home", sudo=True)
    assert (user.shell, user.home) == ("/usr/bin/bash", "/mnt/tank/home/backup")
    assert user.sudo_commands_nopasswd == ["/usr/bin/rsync", "/usr/sbin/zfs"]
    assert paired.changes[0] == (
        "backup got a home directory in /mnt/tank/home; backup got the shell /usr/bin/bash; "
        "backup may run /usr/sbin/zfs as root without a password"
    )


@pytest.mark.parametrize("present", [["ALL"], ["/usr/sbin/zfs"]])
def test_sudo_that_suffices_stays(start: Start, state: State, present: list[str]) -> None:
    state.users["backup"].sudo_commands_nopasswd = present
    by_password(start().url, username="backup", sudo=True)
    assert state.users["backup"].sudo_commands_nopasswd == present


def test_25_04_starts_the_service_by_the_older_call(start: Start, state: State) -> None:
    state.control = False
    by_password(start(versions=("v25.04.0",)).url)
    assert (state.running, state.count("service.control"), state.count("service.start")) == (True, 1, 1)


def test_a_remote_without_the_newer_log_in(start: Start, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """The JSON-RPC interface of 25.04's first builds."""
    monkeypatch.setattr("servers.truenas.session.PUBLIC", frozenset({"auth.login", *_public()} - {"auth.login_ex"}))
    by_password(start().url)
    assert state.count("auth.login") == 1


def _public() -> frozenset[str]:
    from servers.truenas.session import PUBLIC  # noqa: PLC0415  as it stands before the test changes it

    return PUBLIC


def test_ipv6(start: Start, state: State) -> None:
    server = start(host="::1")
    assert by_password(f"{server.url}/ui/dashboard").host == "::1"


def test_a_remote_that_repeats_the_password_is_redacted(start: Start, state: State) -> None:
    state.homes.clear()
    state.users["root"].home = f"/mnt/{PASSWORD}"
    with pytest.raises(PairingError) as refused:
        by_password(start().url)
    assert "•••" in refused.value.message
    assert PASSWORD not in repr(refused.value) + str(refused.value) + str(refused.value.__dict__)
    assert refused.value.__suppress_context__


def test_only_public_calls_are_made(start: Start, state: State, trusted: Authority) -> None:
    state.users["root"].shell = "/usr/sbin/nologin"
    by_password(start(authority=trusted).url)
    called = [method for method, _ in state.calls if method not in {"service.query", "core.get_jobs"}]
    assert called == [
        "auth.login_ex", "user.query", "user.update", "user.update", "service.update", "service.control", "ssh.config",
    ]  # fmt: skip

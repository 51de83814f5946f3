"""Every way in which a pairing ends otherwise: its own sentence, on its field, and what was changed by then."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import replace

import pytest
from core.ssh.truenas.conftest import API_KEY, CODE, OURS, PASSWORD, Start, by_key, by_password
from servers.authority import Authority
from servers.truenas import Account, State

from webapp.core.ssh.truenas.login import LogIn
from webapp.core.ssh.truenas.pairing import PairingError, Wish, pair

FRAMINGS = pytest.mark.parametrize("versions", [("v25.10.0",), ()], ids=["json-rpc", "legacy"])
UNTOUCHED = "Nothing was changed on the remote."


def refusal(url: str, **more: object) -> PairingError:
    with pytest.raises(PairingError) as caught:
        by_password(url, **more)  # pyright: ignore[reportArgumentType]
    return caught.value


@FRAMINGS
@pytest.mark.parametrize(("user", "password"), [("truenas_admin", "wrong"), ("nobody", PASSWORD)])
def test_wrong_log_in(start: Start, versions: tuple[str, ...], user: str, password: str) -> None:
    with pytest.raises(PairingError, match="rejected this user name or password") as caught:
        pair(Wish(start(versions=versions).url, LogIn(user, password)), OURS)
    assert caught.value.field == "password"
    assert UNTOUCHED in caught.value.message


def test_one_time_password_is_needed(start: Start, state: State) -> None:
    state.accounts["truenas_admin"].otp = CODE
    refused = refusal(start().url)
    assert (refused.field, "Enter the current code" in refused.message) == ("otp_token", True)


def test_one_time_password_is_wrong(start: Start, state: State) -> None:
    state.accounts["truenas_admin"].otp = CODE
    refused = refusal(start().url, code="000000")
    assert (refused.field, "Wait for the next code" in refused.message) == ("otp_token", True)


def test_one_time_password_on_an_older_one(start: Start, state: State) -> None:
    state.accounts["truenas_admin"].otp = CODE
    server = start(versions=())
    assert "second factor" in refusal(server.url).message
    assert "or the one-time password" in refusal(server.url, code="000000").message


@pytest.mark.parametrize(
    ("answer", "field", "sentence"),
    [
        ("EXPIRED", "password", "has expired"),
        ("DENIED", "admin_username", "full administrator rights"),
        ("SOMETHING_NEW", "", "not known here"),
    ],
)
def test_answers_to_a_right_password(start: Start, state: State, answer: str, field: str, sentence: str) -> None:
    state.accounts["truenas_admin"].answer = answer
    refused = refusal(start().url)
    assert refused.field == field
    assert sentence in refused.message


def test_standby_controller(start: Start) -> None:
    refused = refusal(start(standby=("https://10.0.0.2",)).url)
    assert (refused.field, "https://10.0.0.2" in refused.message) == ("url", True)


def test_passwords_are_forbidden(start: Start, state: State) -> None:
    refused = refusal(start(passwords=False).url)
    assert (refused.field, "Use an API key" in refused.message) == ("password", True)


@FRAMINGS
def test_wrong_api_key(start: Start, state: State, trusted: Authority, versions: tuple[str, ...]) -> None:
    state.accounts["truenas_admin"] = Account(PASSWORD, API_KEY[::-1])
    with pytest.raises(PairingError, match="rejected this API key") as caught:
        by_key(start(versions=versions, authority=trusted).url)
    assert caught.value.field == "api_key"


@FRAMINGS
def test_no_rights(start: Start, state: State, versions: tuple[str, ...]) -> None:
    state.accounts["truenas_admin"].admin = False
    refused = refusal(start(versions=versions).url)
    assert (refused.field, "may not change users" in refused.message) == ("admin_username", True)
    assert UNTOUCHED in refused.message


def test_neither_password_nor_key(start: Start, state: State) -> None:
    server = start()
    with pytest.raises(PairingError, match="or an API key") as caught:
        pair(Wish(server.url, LogIn("truenas_admin")), OURS)
    assert (caught.value.field, server.seen) == ("password", [])


@FRAMINGS
def test_no_such_user(start: Start, versions: tuple[str, ...]) -> None:
    refused = refusal(start(versions=versions).url, username="nobody")
    assert (refused.field, "no local user nobody" in refused.message) == ("username", True)


def test_user_of_a_directory(start: Start, state: State) -> None:
    state.users["backup"].local = False
    assert refusal(start().url, username="backup").field == "username"


@FRAMINGS
def test_home_is_missing(start: Start, state: State, versions: tuple[str, ...]) -> None:
    state.homes.clear()
    refused = refusal(start(versions=versions).url)
    assert (refused.field, "home directory of root does not exist" in refused.message) == ("username", True)


def test_no_home_at_all(start: Start, state: State) -> None:
    state.users["backup"].home = "/var/empty"
    refused = refusal(start().url, username="backup")
    assert (refused.field, "/mnt/tank/home" in refused.message) == ("home", True)


@FRAMINGS
def test_user_cannot_be_changed(start: Start, state: State, versions: tuple[str, ...]) -> None:
    state.users["backup"].immutable = True
    refused = refusal(start(versions=versions).url, username="backup")
    assert (refused.field, "does not let the user backup be changed" in refused.message) == ("username", True)


def test_too_old_for_single_sudo_commands(start: Start, state: State) -> None:
    state.users["backup"].sudo_commands_nopasswd = None
    assert refusal(start(versions=()).url, username="backup", sudo=True).field == "sudo"


def test_no_host_keys(start: Start, state: State) -> None:
    state.host_keys.clear()
    refused = refusal(start().url)
    assert "no SSH host keys yet" in refused.message
    assert "Changed on the remote until then: the public key was added to those of root" in refused.message


@FRAMINGS
def test_ssh_does_not_start(
    start: Start, state: State, versions: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.core.ssh.truenas.remote.RUNNING_SECONDS", 0.3)
    state.starts, state.control = False, bool(versions)
    refused = refusal(start(versions=versions).url)
    assert "did not start" in refused.message
    assert ("sshd: no hostkeys available" in refused.message) == bool(versions)
    assert "the SSH service now starts with the machine" in refused.message


@FRAMINGS
def test_our_address_is_not_allowed(start: Start, state: State, versions: tuple[str, ...]) -> None:
    refused = refusal(start(versions=versions, allowed=False).url)
    assert (refused.field, "Allowed IP Addresses" in refused.message) == ("url", True)


def test_only_https(start: Start) -> None:
    server = start(https_only=True)
    refused = refusal(server.url)
    assert (refused.field, "Use an https:// URL" in refused.message) == ("url", True)


def test_https_to_a_port_without_tls(start: Start) -> None:
    refused = refusal(start().url.replace("http:", "https:"))
    assert (refused.field, "TLS" in refused.message) == ("url", True)


def test_nothing_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        refused = refusal(f"http://127.0.0.1:{unused.getsockname()[1]}")
    assert (refused.field, "refuses connections" in refused.message) == ("url", True)


def test_no_such_name() -> None:
    assert "no machine named" in refusal("https://nas.invalid").message


def test_a_silent_server_ends_in_time() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        began = time.monotonic()
        refused = refusal(f"http://127.0.0.1:{silent.getsockname()[1]}", connect_timeout=0.5)
    assert (refused.field, time.monotonic() - began < 3) == ("url", True)


@pytest.mark.parametrize("url", ["ftp://nas", "https://", "https://nas:99999", "https://root:pw@nas", "http://[::1"])
def test_odd_addresses(url: str) -> None:
    assert refusal(url).field == "url"


def test_stopped_by_the_person(start: Start, state: State) -> None:
    state.hangs = True
    cancel = threading.Event()
    threading.Timer(0.3, cancel.set).start()
    began = time.monotonic()
    refused = refusal(start().url, cancel=cancel)
    assert (refused.cancelled, time.monotonic() - began < 3) == (True, True)
    assert "the public key was added" in refused.message


def test_unknown_certificate_is_shown_and_nothing_is_sent(start: Start, state: State, own_authority: Authority) -> None:
    server = start(authority=own_authority)
    refused = refusal(server.url)
    assert refused.field == "certificate"
    assert refused.untrusted
    assert refused.untrusted.fingerprint in refused.message
    assert (server.seen, state.calls) == ([], [])
    # The same after the person compared and pinned it, in any of the usual spellings.
    for pin in (refused.untrusted.fingerprint, f"sha256 Fingerprint={refused.untrusted.fingerprint.lower()}"):
        assert by_password(server.url, certificate=pin).host == "127.0.0.1"


def test_another_certificate_than_the_pinned_one(start: Start, state: State, own_authority: Authority) -> None:
    server = start(authority=own_authority)
    refused = refusal(server.url, certificate=":".join(["AB"] * 32))
    assert (refused.field, "another certificate than the trusted one" in refused.message) == ("certificate", True)
    assert (server.seen, state.calls) == ([], [])


def test_a_certificate_for_another_name(start: Start, trusted: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start(authority=trusted, host="127.0.0.2")
    refused = refusal(server.url)
    assert (refused.field, "IP address mismatch" in refused.message) == ("certificate", True)


def test_no_fingerprint_at_all(start: Start, own_authority: Authority) -> None:
    server = start(authority=own_authority)
    assert refusal(server.url, certificate="ABCD").field == "certificate"
    assert server.seen == []


def test_secrets_stay_out_of_reprs() -> None:
    login = LogIn("truenas_admin", PASSWORD, API_KEY, CODE)
    shown = repr(Wish("https://nas", login)) + repr(replace(login, user="x"))
    assert not any(secret in shown for secret in (PASSWORD, API_KEY, CODE))

"""Setting up a connection to a TrueNAS on its page, without JavaScript; its SSH service is a real sshd."""

from __future__ import annotations

import pytest
from pages.ssh.conftest import ADMIN_PASSWORD, API_KEY, CODE
from pages.visitor import Page, Visitor
from servers.authority import Authority
from servers.loopback import LoopbackSshd
from servers.truenas import FakeTrueNAS, State

from webapp.core.runtime import Runtime

FRAMINGS = pytest.mark.parametrize("versions", [("v25.10.0",), ()], ids=["json-rpc", "legacy"])


def set_up(visitor: Visitor, url: str, **more: str) -> Page:
    typed = {
        "name": "Other NAS",
        "value.url": url,
        "value.password": ADMIN_PASSWORD,
        "value.private_key": "new:ed25519",
        **{f"value.{key}": text for key, text in more.items()},
    }
    return visitor.press(visitor.get("/ssh-connections/add"), "Set up", typed)


@FRAMINGS
@pytest.mark.parametrize("code", ["", CODE], ids=["password", "with-one-time-password"])
def test_pairs(visitor: Visitor, runtime: Runtime, nas: State, versions: tuple[str, ...], code: str) -> None:
    nas.accounts["root"].otp, nas.control = code, bool(versions)
    with FakeTrueNAS(nas, versions=versions) as remote:
        page = set_up(visitor, remote.url, allow_http="true", otp_token=code)
    assert "Other NAS was set up and works" in page.text
    assert "the public key was added to those of root" in page.text
    stored = runtime.ssh.connections.get("Other NAS")
    assert stored.verification
    assert stored.verification.state == "valid"
    keypair = runtime.ssh.keypairs.get("Other NAS Key")
    assert nas.users["root"].sshpubkey == keypair.public_key
    assert runtime.ssh.connections.test_stored(stored.id).state == "valid"
    everything = "".join(visitor.seen)
    assert ADMIN_PASSWORD not in everything
    assert CODE not in everything


def test_certificate_is_compared_and_pinned(
    visitor: Visitor, runtime: Runtime, nas: State, own_authority: Authority
) -> None:
    with FakeTrueNAS(nas, authority=own_authority) as remote:
        page = set_up(visitor, remote.url)
        assert "Compare it before you trust it" in page.text
        assert nas.calls == []
        assert runtime.ssh.keypairs.all() == []
        page = visitor.press(page, "Trust this certificate")
        assert "was set up and works" in page.text
        # The next pairing with this host knows the certificate.
        again = set_up(visitor, remote.url, private_key=runtime.ssh.keypairs.get("Other NAS Key").id, name="")
        assert "has this name" in again.text
        page = visitor.press(again, "Set up", {"name": "Once more", "value.password": ADMIN_PASSWORD})
        assert "Once more was set up" in page.text
    assert nas.count("user.update") == 1


def test_api_key(
    visitor: Visitor, runtime: Runtime, nas: State, own_authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(own_authority.ca_file))
    with FakeTrueNAS(nas, authority=own_authority) as remote:
        page = set_up(visitor, remote.url, password="", api_key=API_KEY)
    assert "was set up and works" in page.text
    assert API_KEY not in "".join(visitor.seen)


def test_one_time_password_is_asked_for_and_the_rest_kept(visitor: Visitor, nas: State, runtime: Runtime) -> None:
    nas.accounts["root"].otp = CODE
    with FakeTrueNAS(nas) as remote:
        page = set_up(visitor, remote.url, allow_http="true")
        assert "Enter the current code" in page.text
        assert f'value="{remote.url}"' in page.text
        assert "Typed and kept" in page.text
        assert ADMIN_PASSWORD not in page.text
        page = visitor.press(page, "Set up", {"value.otp_token": CODE})
    assert "was set up and works" in page.text


def test_one_time_secrets_never_reach_the_disk(visitor: Visitor, nas: State, runtime: Runtime) -> None:
    nas.accounts["root"].otp = CODE
    with FakeTrueNAS(nas) as remote:
        page = set_up(visitor, remote.url, allow_http="true")
        kept = [row.id for row in runtime.store.values._rows.select() if row.id.startswith("draft:")]
        assert kept == []
        visitor.press(page, "Set up", {"value.otp_token": CODE})
    runtime.store.release()
    for file in runtime.options.data_dir.rglob("*"):
        if file.is_file():
            assert ADMIN_PASSWORD.encode() not in file.read_bytes()
            assert CODE.encode() not in file.read_bytes()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"password": "", "api_key": ""}, "Enter the admin password or an API key"),
        ({"password": "x", "api_key": API_KEY}, "not both"),
        ({"allow_http": ""}, "everyone on the way can read the password"),
        ({"password": "", "api_key": API_KEY, "allow_http": "true"}, "never sent over http"),
        ({"private_key": ""}, "Private Key"),
        ({"certificate": "AB"}, "64 hexadecimal digits"),
    ],
)
def test_refused_before_anything_is_sent(visitor: Visitor, nas: State, values: dict[str, str], sentence: str) -> None:
    with FakeTrueNAS(nas) as remote:
        page = set_up(visitor, remote.url, **values)
        assert (page.status, remote.seen) == (422, [])
    assert sentence in page.text
    assert API_KEY not in page.text


def test_a_failure_leaves_nothing_here_and_says_what_is_there(visitor: Visitor, runtime: Runtime, nas: State) -> None:
    nas.host_keys.clear()
    with FakeTrueNAS(nas) as remote:
        page = set_up(visitor, remote.url, allow_http="true")
    assert "no SSH host keys yet" in page.text
    assert "Changed on the remote until then: the public key was added to those of root" in page.text
    assert runtime.ssh.keypairs.all() == []
    assert runtime.ssh.connections.all() == []


def test_a_key_that_does_not_get_in_is_a_failure(
    visitor: Visitor, runtime: Runtime, nas: State, server: LoopbackSshd
) -> None:
    nas.on_key = None
    with FakeTrueNAS(nas) as remote:
        page = set_up(visitor, remote.url, allow_http="true")
    assert "logging in did not" in page.text
    assert "Changed on the remote until then" in page.text
    assert runtime.ssh.keypairs.all() == []


@FRAMINGS
def test_wrong_password(visitor: Visitor, runtime: Runtime, nas: State, versions: tuple[str, ...]) -> None:
    with FakeTrueNAS(nas, versions=versions) as remote:
        page = set_up(visitor, remote.url, allow_http="true", password="CANARY-wrong")
    assert 'id="field-password-answer">The remote rejected this user name or password' in page.text
    assert "CANARY-wrong" not in page.text
    assert runtime.ssh.keypairs.all() == []

"""Setting up a connection to any SSH server by a password used once, without JavaScript, against a real sshd."""

from __future__ import annotations

from pages.visitor import Page, Visitor
from servers.kinds.ssh_fleet import PASSWORD, Fleet

from webapp.core.runtime import Runtime


def typed(visitor: Visitor, fleet: Fleet, password: str = PASSWORD) -> Page:
    page = visitor.get("/ssh-connections/add?method=server")
    values = {
        "name": "Box",
        "value.host": "127.0.0.1",
        "value.port": str(fleet.port),
        "value.username": fleet.normal,
        "value.password": password,
        "value.private_key": "new:ed25519",
    }
    return visitor.press(page, "Set up", values)


def test_host_key_first_then_the_password_once(visitor: Visitor, runtime: Runtime, fleet: Fleet) -> None:
    page = typed(visitor, fleet)
    assert "This server is not known yet" in page.text
    assert runtime.ssh.keypairs.all() == []
    page = visitor.press(visitor.press(page, "Use these host keys"), "Set up")
    assert "Box was set up and works" in page.text
    assert runtime.ssh.keypairs.get("Box Key").public_key in fleet.authorized(fleet.normal)
    stored = runtime.ssh.connections.get("Box")
    assert runtime.ssh.connections.test_stored(stored.id).good
    assert PASSWORD not in "".join(visitor.seen)
    runtime.store.release()
    assert not any(
        PASSWORD.encode() in file.read_bytes() for file in runtime.options.data_dir.rglob("*") if file.is_file()
    )


def test_wrong_password_leaves_nothing(visitor: Visitor, runtime: Runtime, fleet: Fleet) -> None:
    page = visitor.press(visitor.press(typed(visitor, fleet, "CANARY-wrong"), "Use these host keys"), "Set up")
    assert 'id="field-password-answer">' in page.text
    assert "does not take this user name and password" in page.text
    assert runtime.ssh.keypairs.all() == []
    assert runtime.ssh.connections.all() == []
    assert "CANARY-wrong" not in "".join(visitor.seen)


def test_a_password_is_needed(visitor: Visitor, fleet: Fleet) -> None:
    page = typed(visitor, fleet, "")
    assert page.status == 422
    assert "field-password-error" in page.text

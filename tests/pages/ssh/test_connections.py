"""The pages of connections, visited without JavaScript, against a real sshd."""

from __future__ import annotations

import subprocess

import pytest
from pages.ssh.conftest import OWN
from pages.visitor import Page, Visitor
from servers.loopback import LoopbackSshd

from webapp.core.runtime import Runtime
from webapp.core.store import Keypair


@pytest.fixture
def keypair(runtime: Runtime, server: LoopbackSshd) -> Keypair:
    """A keypair that the server takes."""
    made = runtime.ssh.keypairs.generate("Office", "ed25519", by="admin")
    server.authorize(made.public_key)
    return made


def manual(visitor: Visitor, server: LoopbackSshd, keypair: Keypair, name: str = "To the NAS") -> Page:
    """Type a connection in and take its host keys over."""
    page = visitor.get("/ssh-connections/add?method=manual")
    typed = {
        "name": name,
        "value.host": "127.0.0.1",
        "value.port": str(server.port),
        "value.username": "root",
        "value.private_key": keypair.id,
    }
    page = visitor.press(page, "Discover Remote Host Key", typed)
    assert page.status == 200
    return page


def saved(visitor: Visitor, server: LoopbackSshd, keypair: Keypair) -> str:
    """Save a tested connection; gives its address."""
    page = visitor.press(manual(visitor, server, keypair), "Use these host keys")
    page = visitor.press(visitor.press(page, "Test Connection"), "Save")
    assert "To the NAS was saved" in page.text
    return page.address


def test_discover_test_save(visitor: Visitor, runtime: Runtime, server: LoopbackSshd, keypair: Keypair) -> None:
    page = manual(visitor, server, keypair)
    for kind, line in server.host_keys.items():
        known = subprocess.run(
            ["ssh-keygen", "-l", "-f", server.place / f"host_{kind}.pub"], capture_output=True, check=True, text=True
        ).stdout
        assert known.split()[1] in page.text
        assert line.split()[1] not in str(runtime.ssh.connections.all())
    assert "ssh-keygen -l -f" in page.text
    page = visitor.press(page, "Use these host keys")
    page = visitor.press(page, "Test Connection")
    for label in ("Reachable", "Host key", "Authentication", "Command", "SFTP"):
        assert f'<strong>{label}</strong> <span class="visually-hidden">(ok)</span>' in page.text
    page = visitor.press(page, "Save")
    assert "was saved" in page.text
    stored = runtime.ssh.connections.get("To the NAS")
    assert stored.verification
    assert stored.verification.state == "valid"
    assert len(stored.verification.steps) == 5
    assert len(str(stored.attributes["remote_host_key"]).splitlines()) == 3
    for address in ("/", "/ssh-connections/"):
        page = visitor.get(address)
        assert "To the NAS" in page.text
        assert f"root@127.0.0.1:{server.port}" in page.text
        assert "valid" in page.text


def test_untested_is_asked_about_once(
    visitor: Visitor, runtime: Runtime, server: LoopbackSshd, keypair: Keypair
) -> None:
    page = visitor.press(manual(visitor, server, keypair), "Use these host keys")
    asked = visitor.press(page, "Save")
    assert "was not tested" in asked.text
    assert runtime.ssh.connections.all() == []
    assert "was saved" in visitor.press(asked, "Save").text


def test_a_failed_test_says_which_step(visitor: Visitor, server: LoopbackSshd, keypair: Keypair) -> None:
    server.authorize("")
    page = visitor.press(manual(visitor, server, keypair), "Use these host keys")
    page = visitor.press(page, "Test Connection")
    assert '<strong>Authentication</strong> <span class="visually-hidden">(failed)</span>' in page.text
    assert '<strong>SFTP</strong> <span class="visually-hidden">(skipped)</span>' in page.text
    assert "The test said" in visitor.press(page, "Save").text


def test_unknown_host_key_is_shown_and_nothing_logs_in(
    visitor: Visitor, server: LoopbackSshd, keypair: Keypair
) -> None:
    page = visitor.get("/ssh-connections/add?method=manual")
    typed = {"name": "X", "value.host": "127.0.0.1", "value.port": str(server.port), "value.private_key": keypair.id}
    page = visitor.press(page, "Test Connection", typed)
    assert '<strong>Host key</strong> <span class="visually-hidden">(failed)</span>' in page.text
    assert "Accepted" not in (server.place / "log").read_text()


def test_nothing_answers(visitor: Visitor, keypair: Keypair) -> None:
    page = visitor.get("/ssh-connections/add?method=manual")
    page = visitor.press(page, "Discover Remote Host Key", {"value.host": "127.0.0.1", "value.port": "1"})
    assert page.status == 422
    assert 'class="error" role="alert"' in page.text
    assert 'value="127.0.0.1"' in page.text


def test_generate_new_is_named_after_the_connection(visitor: Visitor, runtime: Runtime, server: LoopbackSshd) -> None:
    page = visitor.get("/ssh-connections/add?method=manual")
    typed = {
        "name": "Fresh",
        "value.host": "127.0.0.1",
        "value.port": str(server.port),
        "value.private_key": "new:ed25519",
    }
    asked = visitor.press(visitor.press(page, "Save", typed), "Save")
    assert "was saved" in asked.text
    keypair = runtime.ssh.keypairs.get("Fresh Key")
    assert keypair.label == "Ed25519"
    assert runtime.ssh.connections.get("Fresh").keypair == keypair.id


def test_generate_new_is_undone_when_the_name_is_taken_meanwhile(
    visitor: Visitor, runtime: Runtime, keypair: Keypair
) -> None:
    page = visitor.get("/ssh-connections/add?method=manual")
    typed = {"name": "Fresh", "value.host": "127.0.0.1", "value.private_key": "new:ed25519"}
    asked = visitor.press(page, "Save", typed)
    runtime.ssh.keypairs.generate("Fresh", "ed25519", by="another")
    refused = visitor.press(asked, "Save")
    assert "has this name" in refused.text
    assert sorted(found.name for found in runtime.ssh.keypairs.all()) == ["Fresh", "Office"]


def test_changed_host_key_alarms_and_is_accepted_with_own_password(
    visitor: Visitor, runtime: Runtime, server: LoopbackSshd, keypair: Keypair
) -> None:
    address = saved(visitor, server, keypair)
    old = str(runtime.ssh.connections.get("To the NAS").attributes["remote_host_key"])
    server.set_up_anew()
    log = (server.place / "log").read_text()
    page = visitor.press(visitor.get("/ssh-connections/"), "Test")
    assert "shows another host key than the known one" in page.text
    assert "host key changed" in page.text
    assert "shows another host key" in visitor.get("/").text
    assert "Accepted" not in (server.place / "log").read_text().removeprefix(log)
    page = visitor.get(f"{address}/host-key")
    for kind in server.host_keys:
        line = subprocess.run(
            ["ssh-keygen", "-l", "-f", server.place / f"host_{kind}.pub"], capture_output=True, check=True, text=True
        ).stdout
        assert line.split()[1] in page.text
    refused = visitor.press(page, "accept the new keys")
    assert "Type your own password" in refused.text
    assert runtime.ssh.connections.get("To the NAS").attributes["remote_host_key"] == old
    accepted = visitor.press(page, "accept the new keys", OWN)
    assert "was accepted" in accepted.text
    tested = visitor.press(visitor.get("/ssh-connections/"), "Test")
    assert "The connection works" in tested.text
    assert "another host key" not in visitor.get("/").text
    history = visitor.get(f"{address}/host-key")
    assert "History" in history.text
    assert len(runtime.ssh.connections.host_key_changes(address.rpartition("/")[2])) == 1


def test_replacing_a_known_host_key_in_the_form_asks_for_own_password(
    visitor: Visitor, runtime: Runtime, server: LoopbackSshd, keypair: Keypair
) -> None:
    address = saved(visitor, server, keypair)
    server.set_up_anew()
    page = visitor.press(visitor.get(address), "Discover Remote Host Key")
    assert "None of them is among the known ones" in page.text
    page = visitor.press(page, "Use these host keys")
    refused = visitor.press(page, "Save")
    assert refused.status == 422
    assert "Type your own password" in refused.text
    tested = visitor.press(refused, "Test Connection", OWN)
    page = visitor.press(tested, "Save", OWN)
    assert "was saved" in page.text
    assert runtime.ssh.connections.test_stored(address.rpartition("/")[2]).state == "valid"


def test_edit_duplicate_delete(visitor: Visitor, runtime: Runtime, server: LoopbackSshd, keypair: Keypair) -> None:
    address = saved(visitor, server, keypair)
    renamed = visitor.press(visitor.get(address), "Save", {"name": "Renamed"})
    assert "Renamed was saved" in renamed.text
    stored = runtime.ssh.connections.get("Renamed")
    assert stored.verification  # the values are the same, so what is known of them stays
    copy = visitor.press(visitor.get(f"{address}/duplicate"), "Duplicate")
    assert "Renamed (2)" in copy.text
    taken = visitor.press(visitor.get(f"{address}/duplicate"), "Duplicate", {"name": "Office"})
    assert taken.status == 422
    assert "has this name" in taken.text
    visitor.press(visitor.get(f"{address}/delete"), "Delete Renamed")
    assert [found.name for found in runtime.ssh.connections.all()] == ["Renamed (2)"]


def test_two_people_at_once_lose_nothing(
    visitor: Visitor, second: Visitor, runtime: Runtime, server: LoopbackSshd, keypair: Keypair
) -> None:
    address = saved(visitor, server, keypair)
    mine, theirs = visitor.get(address), second.get(address)
    second.press(theirs, "Save", {"name": "Theirs"})
    refused = visitor.press(mine, "Save", {"name": "Mine"})
    assert refused.status == 409
    assert runtime.ssh.connections.all()[0].name == "Theirs"
    assert 'value="Mine"' in refused.text


def test_changing_the_method_keeps_what_fits(visitor: Visitor) -> None:
    page = visitor.get("/ssh-connections/add")
    assert "Admin Password" in page.text
    typed = {"name": "Kept", "method": "manual", "value.username": "backup"}
    page = visitor.press(page, "Continue with this method", typed)
    assert "Remote Host Key" in page.text
    assert 'value="Kept"' in page.text
    assert 'value="backup"' in page.text

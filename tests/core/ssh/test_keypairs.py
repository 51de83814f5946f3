"""The use cases of keypairs: names, edits, what uses them, replacing, deleting."""

from __future__ import annotations

import pytest
from core.ssh.conftest import BOTH_DATABASES

from webapp.core.errors import ConflictError, PermanentError
from webapp.core.ssh.keys import generate
from webapp.core.ssh.service import SshService
from webapp.core.store import EntryChangedError, Keypair, Store
from webapp.core.store.audit.reading import Filter

pytestmark = BOTH_DATABASES
PLACE = {"host": "nas.example.com", "username": "u"}


@pytest.fixture
def used(service: SshService, store: Store) -> Keypair:
    """A keypair with a connection and an SFTP credential."""
    made = service.keypairs.generate("Used", "ed25519", by="test")
    service.connections.add("NAS", {**PLACE, "private_key": "Used", "remote_host_key": made.public_key}, by="test")
    values = {"host": "nas.example.com", "user": "u", "private_key": made.id, "skip_host_key_check": True}
    store.credentials.add("Files", "SFTP", values, by="test")
    store.credentials.add("Others", "SFTP", {**values, "private_key": "another"}, by="test")
    return made


def test_it_is_not_deleted_while_it_is_used(service: SshService, store: Store, used: Keypair) -> None:
    with pytest.raises(PermanentError, match="SSH connection “NAS”, cloud credential “Files”"):
        service.keypairs.delete(used.id, by="test")
    effects = {user.name: user.effect for user in service.keypairs.used_by(used.id)}
    assert "deleted as well" in effects["NAS"]
    assert "loses its key" in effects["Files"]
    service.keypairs.delete(used.id, by="test", anyway=True)
    assert (service.keypairs.all(), service.connections.all()) == ([], [])
    left = store.credentials.find("Files")
    assert "private_key" not in left.attributes
    assert left.verification is not None
    assert "“Used” was deleted" in left.verification.message
    assert store.credentials.find("Others").attributes["private_key"] == "another"


def test_what_is_refused_stands_in_the_audit(service: SshService, store: Store, used: Keypair) -> None:
    (connection,) = service.connections.all()
    with pytest.raises(PermanentError):
        service.keypairs.delete(used.id, by="test")
    with pytest.raises(ConflictError):
        service.keypairs.edit(used.id, None, version=9, by="test", name="Late")
    with pytest.raises(ConflictError):
        service.connections.edit(connection.id, connection.attributes, version=9, by="test")
    with pytest.raises(ConflictError):
        service.connections.delete(connection.id, version=9, by="test")
    refused = store.audit_log.search(Filter(outcome="refused")).items
    assert [(entry.action, entry.kind, entry.name, entry.who) for entry in reversed(refused)] == [
        ("delete", "keypair", "Used", "test"),
        ("change", "keypair", "Used", "test"),
        ("change", "connection", "NAS", "test"),
        ("delete", "connection", "NAS", "test"),
    ]
    assert "SSH connection “NAS”" in refused[-1].detail["why"]


def test_another_keypair_takes_its_place_everywhere(service: SshService, store: Store, used: Keypair) -> None:
    other = service.keypairs.generate("Other", "ecdsa-p256", by="test")
    public = service.keypairs.add("Public", {"public_key": other.public_key}, by="test")
    for wrong in (public.id, used.id, "nothing"):
        with pytest.raises(PermanentError):
            service.keypairs.use_another(used.id, wrong, by="test")
    assert {user.name for user in service.keypairs.use_another(used.id, "other", by="test")} == {"NAS", "Files"}
    assert service.keypairs.used_by(used.id) == ()
    assert {user.name for user in service.keypairs.used_by(other.id)} == {"NAS", "Files"}
    service.keypairs.delete(used.id, by="test")
    assert store.credentials.find("Files").attributes["private_key"] == other.id


def test_names_have_numbers_when_they_are_taken(service: SshService) -> None:
    made = [service.keypairs.generate_for("NAS", "ed25519", by="test").name for _ in range(3)]
    assert made == ["NAS Key", "NAS Key (2)", "NAS Key (3)"]
    with pytest.raises(ConflictError):
        service.keypairs.generate("nas key", "ed25519", by="test")
    long = service.keypairs.generate_for("x" * 100, "ed25519", by="test")
    assert service.keypairs.generate_for("x" * 100, "ed25519", by="test").name != long.name


def test_a_set_up_that_fails_takes_its_keypair_along(service: SshService) -> None:
    def fail() -> None:
        with service.keypairs.for_set_up("NAS", "", "ed25519", by="test") as made:
            assert service.keypairs.get(made.name) == made
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert service.keypairs.all() == []


def test_an_edit_keeps_the_private_half_that_is_not_sent(service: SshService) -> None:
    made = service.keypairs.generate("NAS", "ed25519", by="test")
    renamed = service.keypairs.edit(made.id, {"public_key": made.public_key}, version=1, by="test", name="Office")
    assert (renamed.name, renamed.private_key) == ("Office", made.private_key)
    other = generate("rsa-3072", "x")
    with pytest.raises(PermanentError, match="does not belong"):
        service.keypairs.edit(made.id, {"public_key": other.public.text}, version=2, by="test")
    changed = {"private_key": other.private, "public_key": made.public_key}
    assert service.keypairs.edit(made.id, changed, version=2, by="test").public.line == other.public.line
    with pytest.raises(EntryChangedError):
        service.keypairs.edit(made.id, None, version=2, by="test", name="Late")


def test_a_locked_store_shows_names_and_keeps_everything(service: SshService, store: Store, used: Keypair) -> None:
    """With another master key nothing can be read, and nothing is lost or written over."""
    store.ssh.keypairs._envelope.ring._keys.clear()
    found = service.keypairs.get("Used")
    assert (found.locked, found.private_key, found.public) == (True, "", None)
    assert service.keypairs.choices() == []
    (connection,) = service.connections.all()
    assert connection.locked
    with pytest.raises(PermanentError):
        service.keypairs.edit(used.id, {"public_key": "ssh-ed25519 AAAA"}, version=1, by="test")


def test_every_change_stands_in_the_audit(service: SshService, store: Store, used: Keypair) -> None:
    service.keypairs.reveal("Used", by="Alice")
    noted = [(entry.action, entry.kind, entry.name, entry.who) for entry in store.audit_log.search(Filter()).items]
    assert ("read", "keypair", "Used", "Alice") in noted
    assert ("add", "connection", "NAS", "test") in noted
    text = repr(store.audit_log.search(Filter()).items)
    assert not any(line in text for line in used.private_key.splitlines() if len(line) > 40)

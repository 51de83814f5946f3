"""Pairing with real sshd by a password that is used once."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from core.ssh.conftest import BOTH_DATABASES
from servers.kinds.ssh_fleet import PASSWORD, Fleet

from webapp.core.ssh import results
from webapp.core.ssh.service import SshService
from webapp.core.ssh.wire.running import SshCheck
from webapp.core.store import Store
from webapp.core.validation import InvalidValuesError

Ended = Callable[[SshCheck], results.Tested]


def values(fleet: Fleet, user: str, **more: object) -> dict[str, object]:
    return fleet.values(user, password=PASSWORD, **more)


def states(result: results.Tested) -> list[str]:
    return [step.state for step in result.steps]


@pytest.mark.parametrize("role", ["normal", "sftp_only"])
def test_the_key_goes_there_once_with_the_right_modes(
    service: SshService, fleet: Fleet, ended: Ended, role: str
) -> None:
    user = str(getattr(fleet, role))
    folder = fleet.homes[user] / ".ssh"
    if folder.exists():
        folder.chmod(0o755)
    before = len(fleet.authorized(user))
    check = service.start_pairing("NAS", values(fleet, user), by="test", key_type="ed25519")
    result = ended(check)
    assert result.good, result
    made = service.connections.get(check.made)
    assert (made.name, service.keypairs.get(made.keypair).name) == ("NAS", "NAS Key")
    assert made.verification is not None
    assert "password" not in made.attributes
    assert fleet.authorized(user)[before:] == [service.keypairs.get("NAS Key").public_key]
    assert [oct(path.stat().st_mode & 0o777) for path in (folder, folder / "authorized_keys")] == ["0o700", "0o600"]
    assert (folder / "authorized_keys").stat().st_uid == fleet.homes[user].joinpath(".ssh").stat().st_uid
    again = ended(service.start_pairing("Again", values(fleet, user, private_key="NAS Key"), by="test"))
    assert again.good, again
    assert len(fleet.authorized(user)) == before + 1
    assert service.connections.test_stored(check.made).good


def test_a_file_without_a_final_line_end_keeps_its_last_key(service: SshService, fleet: Fleet, ended: Ended) -> None:
    path = fleet.homes[fleet.normal] / ".ssh/authorized_keys"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_text("# by hand\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ other@machine")
    subprocess.run(["chown", "-R", f"{fleet.normal}:", path.parent], check=True)
    assert ended(service.start_pairing("NAS", values(fleet, fleet.normal), by="test", key_type="ed25519")).good
    lines = fleet.authorized(fleet.normal)
    assert lines[:2] == ["# by hand", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ other@machine"]
    assert lines[2] == service.keypairs.get("NAS Key").public_key


@BOTH_DATABASES
def test_a_home_that_others_may_write_is_named_and_everything_is_undone(
    service: SshService, fleet: Fleet, ended: Ended
) -> None:
    check = service.start_pairing("NAS", values(fleet, fleet.open_home), by="test", key_type="ed25519")
    result = ended(check)
    assert (result.state, check.made) == ("invalid", "")
    assert "chmod go-w ~" in result.message
    assert "taken out of authorized_keys again" in result.message
    assert fleet.authorized(fleet.open_home) == []
    assert (service.keypairs.all(), service.connections.all()) == ([], [])


def test_a_wrong_password_leaves_nothing(service: SshService, fleet: Fleet, ended: Ended) -> None:
    wrong = values(fleet, fleet.normal) | {"password": "canary-wrong-password"}
    result = ended(service.start_pairing("NAS", wrong, by="test", key_type="ed25519"))
    assert (result.state, result.field) == ("invalid", "password")
    assert states(result)[2:4] == ["failed", "skipped"]
    assert "canary" not in repr(result)
    assert service.keypairs.all() == []


def test_a_server_that_takes_keys_only_says_so(service: SshService, fleet: Fleet, ended: Ended) -> None:
    result = ended(service.start_pairing("NAS", values(fleet, fleet.keys_only), by="test", key_type="ed25519"))
    assert (result.state, result.field) == ("invalid", "password")
    assert "publickey" in result.message


def test_the_password_is_sent_to_no_unknown_machine(service: SshService, fleet: Fleet, ended: Ended) -> None:
    unknown = values(fleet, fleet.normal) | {"remote_host_key": ""}
    with pytest.raises(InvalidValuesError, match="fingerprints") as caught:
        service.start_pairing("NAS", unknown, by="test")
    assert caught.value.field == "remote_host_key"
    other = service.keypairs.generate("Other", "ed25519", by="test").public_key
    result = ended(service.start_pairing("NAS", values(fleet, fleet.normal) | {"remote_host_key": other}, by="test"))
    assert (result.field, states(result)[1:3]) == ("remote_host_key", ["failed", "skipped"])


def test_names_are_looked_at_before_anything_happens(service: SshService, fleet: Fleet) -> None:
    service.keypairs.generate("NAS", "ed25519", by="test")
    with pytest.raises(InvalidValuesError) as caught:
        service.start_pairing("nas", values(fleet, fleet.normal), by="test")
    assert caught.value.field == "name"


def test_no_secret_is_left_anywhere(
    service: SshService, store: Store, fleet: Fleet, ended: Ended, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The canaries: the password, and every line of the private key."""
    check = service.start_pairing("NAS", values(fleet, fleet.normal), by="test", key_type="rsa-3072")
    assert ended(check).good
    private = service.keypairs.private_key("NAS Key")
    canaries = [PASSWORD, *(line for line in private.splitlines() if len(line) > 40)]
    store.close()
    told = [caplog.text, repr(check.result), repr(check.steps), repr(service.keypairs.get("NAS Key"))]
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    for canary in canaries:
        assert not any(canary in text for text in told)
        assert not any(canary.encode() in data for data in files)

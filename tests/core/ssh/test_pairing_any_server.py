"""Pairing with real sshd by a password that is used once."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path

import pytest
from core.ssh.conftest import BOTH_DATABASES
from servers.kinds import ssh_fleet
from servers.kinds.ssh_fleet import PASSWORD, Changing, Fleet
from servers.runs import Run

from webapp.core.ssh import results
from webapp.core.ssh.hostkeys import KnownHost
from webapp.core.ssh.keys import generate
from webapp.core.ssh.service import SshService
from webapp.core.ssh.wire.install import Installed, install, remove
from webapp.core.ssh.wire.running import SshCheck
from webapp.core.ssh.wire.transport import Deadline, Session, connect
from webapp.core.store import Store
from webapp.core.validation import InvalidValuesError

Ended = Callable[[SshCheck], results.Tested]
KEY, OTHER = (generate("ed25519", whose).public for whose in ("ours", "theirs"))


@pytest.fixture(scope="session")
def fleet(servers_run: Run) -> Fleet:
    """A fleet of this process alone: what these tests write into the homes would be in the way of others."""
    return servers_run.once(f"fleet-{os.getpid()}", partial(ssh_fleet.fleet, servers_run))


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


@pytest.fixture
def noisy(fleet: Fleet) -> Iterator[str]:
    """A user whose own start-up file prints a line before every command."""
    folder = fleet.homes[fleet.normal] / ".ssh"
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / "rc"
    file.write_text("echo added to the welcome\n")
    subprocess.run(["chown", "-R", f"{fleet.normal}:", folder], check=True)
    yield fleet.normal
    file.unlink()


@contextlib.contextmanager
def logged_in(fleet: Fleet, user: str) -> Generator[tuple[Session, Deadline]]:
    limit = Deadline(30)
    with contextlib.closing(Session(connect("127.0.0.1", fleet.port, limit), KnownHost(()).offered())) as session:
        session.shake_hands(limit)
        session.log_in_with_password(user, PASSWORD, limit)
        yield session, limit


def test_a_user_with_a_talkative_shell_gets_the_key_and_loses_it_again(fleet: Fleet, noisy: str) -> None:
    before = fleet.authorized(noisy)
    with logged_in(fleet, noisy) as (session, limit):
        found = install(session, KEY, limit)
        assert (found.added, found.by_shell) == (True, True)
        assert fleet.authorized(noisy) == [*before, KEY.text]
        assert not install(session, KEY, limit).added
        assert remove(session, KEY, found, limit)
    assert fleet.authorized(noisy) == before


def test_a_key_that_is_commented_out_is_added(fleet: Fleet) -> None:
    file = fleet.homes[fleet.normal] / ".ssh/authorized_keys"
    file.parent.mkdir(mode=0o700, exist_ok=True)
    file.write_text(f"# {KEY.text}\n")
    subprocess.run(["chown", "-R", f"{fleet.normal}:", file.parent], check=True)
    with logged_in(fleet, fleet.normal) as (session, limit):
        assert install(session, KEY, limit).added
    file.unlink()


def test_nothing_of_others_is_written_anew_over_sftp(fleet: Fleet) -> None:
    file = fleet.homes[fleet.sftp_only] / ".ssh/authorized_keys"
    strange = b"# M\xfcller\r\n" + OTHER.text.encode()  # neither UTF-8 nor a final line end
    file.write_bytes(strange)
    subprocess.run(["chown", f"{fleet.sftp_only}:", file], check=True)
    with logged_in(fleet, fleet.sftp_only) as (session, limit):
        found = install(session, KEY, limit)
        assert found == Installed(added=True, by_shell=False, home_open=False)
        assert remove(session, KEY, found, limit)
        assert file.read_bytes() == strange + b"\n"
        install(session, KEY, limit)
        with file.open("ab") as more:
            more.write(b"# somebody else's\n")
        assert not remove(session, KEY, found, limit), "it stays, and that is said"
        assert file.read_bytes() == strange + f"\n{KEY.text}\n# somebody else's\n".encode()
    file.unlink()


def test_a_server_that_wants_more_than_a_key_says_so(
    service: SshService, fleet: Fleet, changing_sshd: Changing, ended: Ended
) -> None:
    keypair = service.keypairs.generate("Works", "ed25519", by="test")
    user, folder = fleet.normal, fleet.homes[fleet.normal] / ".ssh"
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / "authorized_keys").open("a") as file:
        file.write(f"{keypair.public_key}\n")
    subprocess.run(["chown", "-R", f"{user}:", folder], check=True)
    keys = changing_sshd.serve(
        "ed25519", more=f"AllowUsers {user}\nAuthenticationMethods publickey,password password,publickey"
    )
    values = {"host": "127.0.0.1", "port": changing_sshd.port, "username": user, "remote_host_key": keys["ed25519"]}
    result = ended(service.connections.start_test({**values, "private_key": keypair.id}))
    assert (result.state, result.field) == ("invalid", "username"), result
    assert "asks for more (password)" in result.message
    paired = ended(service.start_pairing("Pair", {**values, "password": PASSWORD}, by="test"))
    assert "asks for more (publickey)" in paired.message, paired

"""Connections against real sshd: discovered, tested step by step, blocked when the host key changed."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from core.ssh.conftest import BOTH_DATABASES
from servers.kinds.ssh_fleet import Changing, Fleet
from servers.runs import Run, free_port, listens, need

from webapp.core.errors import ConflictError, TransientError
from webapp.core.rclone.metadata import binary
from webapp.core.ssh import results
from webapp.core.ssh.keys import fingerprint
from webapp.core.ssh.openssh import as_openssh
from webapp.core.ssh.results import HostKeyOutcome
from webapp.core.ssh.service import SshService
from webapp.core.ssh.wire.running import SshCheck
from webapp.core.store import Connection, Keypair, Store
from webapp.core.validation import InvalidValuesError
from webapp.core.verification.schedule import Reverification

Ended = Callable[[SshCheck], results.Tested]


@pytest.fixture
def keypair(service: SshService, fleet: Fleet) -> Keypair:
    """A keypair that the fleet's users let in."""
    made = service.keypairs.generate("Works", "ed25519", by="test")
    for user in (fleet.normal, fleet.sftp_only):
        folder = fleet.homes[user] / ".ssh"
        folder.mkdir(mode=0o700, exist_ok=True)
        with (folder / "authorized_keys").open("a") as file:
            file.write(f"{made.public_key}\n")
        subprocess.run(["chown", "-R", f"{user}:", folder], check=True)
    return made


def states(result: results.Tested) -> list[str]:
    return [step.state for step in result.steps]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_all_kinds_are_discovered_as_ssh_keyscan_does(service: SshService, fleet: Fleet, host: str) -> None:
    found = service.connections.discover(host, fleet.port)
    assert {key.line for key in found.keys} == set(fleet.host_keys.values())
    if host == "127.0.0.1":
        scanned = subprocess.run(
            [need("ssh-keyscan"), "-p", str(fleet.port), host], capture_output=True, text=True, check=True
        )
        known = {" ".join(line.split()[1:]) for line in scanned.stdout.splitlines()}
        assert known <= {key.line for key in found.keys}
        assert set(found.known_hosts.splitlines()) >= set(scanned.stdout.splitlines())


def test_one_kind_alone_is_discovered(service: SshService, changing_sshd: Changing) -> None:
    keys = changing_sshd.serve("ecdsa521")
    found = service.connections.discover("127.0.0.1", changing_sshd.port)
    assert found.text == keys["ecdsa521"]


def test_discovery_says_why_there_is_nothing(service: SshService, fleet: Fleet) -> None:
    with pytest.raises(TransientError, match="Nothing answers") as caught:
        service.connections.discover("127.0.0.1", free_port(), 2)
    assert caught.value.field == "port"
    with pytest.raises(TransientError, match="no host of this name"):
        service.connections.discover("nowhere.invalid", 22, 60)


def test_a_server_that_says_nothing_ends_at_the_timeout(service: SshService, silent: int) -> None:
    began = time.monotonic()
    with pytest.raises(TransientError, match="in time"):
        service.connections.discover("127.0.0.1", silent, 0.5)
    assert time.monotonic() - began < 3


def test_every_step_is_told_as_it_happens(service: SshService, fleet: Fleet, keypair: Keypair, ended: Ended) -> None:
    check = service.connections.start_test(fleet.values(fleet.normal, private_key="works"))
    result = ended(check)
    assert (result.state, states(result)) == ("valid", ["ok"] * 5), result
    assert result.host_key is HostKeyOutcome.MATCH
    assert [step.key for step in check.steps] == ["reachable", "host_key", "authentication", "command", "sftp"]
    assert all(step.seconds > 0 for step in result.steps)


def test_a_user_with_sftp_alone_may_be_used(service: SshService, fleet: Fleet, keypair: Keypair, ended: Ended) -> None:
    result = ended(service.connections.start_test(fleet.values(fleet.sftp_only, private_key=keypair.id)))
    assert (result.state, states(result)) == ("valid-limited", ["ok", "ok", "ok", "limited", "ok"]), result


def test_a_key_that_is_not_known_there(service: SshService, fleet: Fleet, ended: Ended) -> None:
    other = service.keypairs.generate("Other", "ecdsa-p256", by="test")
    result = ended(service.connections.start_test(fleet.values(fleet.normal, private_key=other.id)))
    assert (result.state, result.field) == ("invalid", "private_key")
    assert states(result) == ["ok", "ok", "failed", "skipped", "skipped"]


def test_an_unknown_host_key_is_shown_and_nothing_is_sent(
    service: SshService, fleet: Fleet, keypair: Keypair, ended: Ended
) -> None:
    values = fleet.values(fleet.normal, private_key=keypair.id) | {"remote_host_key": ""}
    assert "remote_host_key" in service.connections.examine(values).warnings
    result = ended(service.connections.start_test(values))
    assert (result.host_key, states(result)[1:3]) == (HostKeyOutcome.UNKNOWN, ["failed", "skipped"])
    assert set(result.found) == set(fleet.host_keys.values())


@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa384"])
def test_one_key_of_many_is_enough(
    service: SshService, fleet: Fleet, keypair: Keypair, ended: Ended, kind: str
) -> None:
    values = fleet.values(fleet.normal, private_key=keypair.id)
    assert ended(service.connections.start_test(values | {"remote_host_key": fleet.host_keys[kind]})).state == "valid"


def test_a_fingerprint_is_enough(service: SshService, fleet: Fleet, keypair: Keypair, ended: Ended) -> None:
    mark = fingerprint(fleet.host_keys["ed25519"].split()[1])
    values = fleet.values(fleet.normal, private_key=keypair.id) | {"remote_host_key": mark}
    assert ended(service.connections.start_test(values)).state == "valid"


def test_another_kind_of_host_key_is_no_alarm(
    service: SshService, changing_sshd: Changing, ended: Ended, keypair: Keypair
) -> None:
    keys = changing_sshd.serve("ed25519", "rsa")
    values = {"host": "127.0.0.1", "port": changing_sshd.port, "private_key": keypair.id}
    result = ended(service.connections.start_test(values | {"remote_host_key": keys["rsa"]}))
    assert result.host_key is HostKeyOutcome.MATCH


@BOTH_DATABASES
def test_a_changed_host_key_is_an_alarm_until_it_is_accepted(
    service: SshService, store: Store, changing_sshd: Changing, keypair: Keypair
) -> None:
    old = changing_sshd.serve("ed25519")["ed25519"]
    values = {"host": "127.0.0.1", "port": changing_sshd.port, "private_key": keypair.id, "remote_host_key": old}
    made = service.connections.add("NAS", values, by="test")
    service.connections.test_stored(made.id)
    assert not service.connections.get("nas").host_key_changed
    new = changing_sshd.serve("rsa")["rsa"]
    tested = service.connections.test_stored(made.id)
    assert (tested.field, tested.host_key, tested.found) == ("remote_host_key", HostKeyOutcome.CHANGED, (new,))
    assert states(tested)[2:] == ["skipped"] * 3
    assert [one.name for one in store.ssh.connections.alarms()] == ["NAS"]
    with pytest.raises(ConflictError):
        service.connections.accept_host_key(made.id, ["SHA256:other"], by="test")
    (shown,) = [key.fingerprint for key in service.connections.discover("127.0.0.1", changing_sshd.port).keys]
    service.connections.accept_host_key(made.id, [shown], by="Alice")
    assert service.connections.test_stored(made.id).host_key is HostKeyOutcome.MATCH
    assert store.ssh.connections.alarms() == []
    (change,) = service.connections.host_key_changes(made.id)
    assert (change.by, change.old, change.new) == ("Alice", (old,), (new,))


def test_a_certificate_of_a_known_authority(
    service: SshService, changing_sshd: Changing, keypair: Keypair, ended: Ended, tmp_path: Path
) -> None:
    """sshd shows a host certificate; the authority alone is known."""
    keygen = need("ssh-keygen")
    for name in ("authority", "other", "signed"):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
    sign = [keygen, "-q", "-s", tmp_path / "authority", "-I", "nas", "-h", "-n", "127.0.0.1", tmp_path / "signed.pub"]
    subprocess.run(sign, check=True)
    more = f"HostKey {tmp_path}/signed\nHostCertificate {tmp_path}/signed-cert.pub"
    changing_sshd.serve("rsa", more=more)
    for name, outcome in (("authority", HostKeyOutcome.MATCH), ("other", HostKeyOutcome.CHANGED)):
        line = " ".join((tmp_path / f"{name}.pub").read_text().split()[:2])
        values = {"host": "127.0.0.1", "port": changing_sshd.port, "private_key": keypair.id}
        known = {"remote_host_key": f"@cert-authority 127.0.0.* {line}"}
        assert ended(service.connections.start_test(values | known)).host_key is outcome


def test_a_test_can_be_cancelled(service: SshService, silent: int, keypair: Keypair) -> None:
    values = {"host": "127.0.0.1", "port": silent, "private_key": keypair.id, "connect_timeout": 60}
    check = service.connections.start_test(values)
    threading.Timer(0.3, check.cancel).start()
    began = time.monotonic()
    result = check.wait(10)
    assert result is not None
    assert (result.state, time.monotonic() - began < 5) == ("cancelled", True)


def test_what_is_no_ssh_server_says_so(service: SshService, keypair: Keypair, ended: Ended, chatty: int) -> None:
    values = {"host": "127.0.0.1", "port": chatty, "private_key": keypair.id}
    result = ended(service.connections.start_test(values))
    assert (result.state, result.field, states(result)[:2]) == ("unreachable", "port", ["ok", "failed"]), result


def test_ssh_reads_what_is_printed_for_it(service: SshService, fleet: Fleet, keypair: Keypair, tmp_path: Path) -> None:
    made = service.connections.add("My NAS", fleet.values(fleet.normal, private_key=keypair.id), by="test")
    written = as_openssh(made, keypair)
    (tmp_path / "key").write_text(keypair.private_key)
    (tmp_path / "key").chmod(0o600)
    (tmp_path / "known_hosts").write_text(written.known_hosts)
    (tmp_path / "config").write_text(
        written.ssh_config.replace(f"~/.ssh/{written.identity_file}", str(tmp_path / "key"))
        + f"  UserKnownHostsFile {tmp_path}/known_hosts\n"
    )
    said = subprocess.run(
        [need("ssh"), "-F", tmp_path / "config", "my-nas", "echo hello"], capture_output=True, text=True, check=False
    )
    assert said.stdout == "hello\n", said.stderr


@BOTH_DATABASES
def test_names_are_shared_and_edits_are_guarded(service: SshService, fleet: Fleet, keypair: Keypair) -> None:
    values = fleet.values(fleet.normal, private_key=keypair.id)
    with pytest.raises(ConflictError):
        service.connections.add("works", values, by="test")
    made = service.connections.add("NAS", values, by="test")
    copied = service.connections.duplicate(made.id, by="test")
    assert (copied.name, copied.attributes) == ("NAS (2)", made.attributes)
    changed = service.connections.edit(made.id, values | {"port": 2222}, version=1, by="test", name="Other")
    assert (changed.name, changed.version, changed.attributes["port"]) == ("Other", 2, 2222)
    with pytest.raises(ConflictError):
        service.connections.edit(made.id, values, version=1, by="test")
    service.connections.delete(made.id, by="test")
    assert names(service.connections.all()) == ["NAS (2)"]


@BOTH_DATABASES
def test_a_keypair_without_a_private_half_is_refused(service: SshService, fleet: Fleet, keypair: Keypair) -> None:
    public = service.keypairs.add("Public", {"public_key": keypair.public_key}, by="test")
    assert not public.has_private
    assert names(service.keypairs.choices()) == ["Works"]
    for reference in ("Public", "nothing"):
        with pytest.raises(InvalidValuesError) as caught:
            service.connections.add("NAS", fleet.values(fleet.normal, private_key=reference), by="test")
        assert caught.value.field == "private_key"


def names(found: list[Connection] | list[Keypair]) -> list[str]:
    return [one.name for one in found]


def test_rclone_serves_sftp(
    service: SshService, servers_run: Run, keypair: Keypair, ended: Ended, tmp_path: Path
) -> None:
    port, keys = free_port(), tmp_path / "authorized_keys"
    keys.write_text(keypair.public_key + "\n")
    serve = [binary(), "serve", "sftp", tmp_path, "--addr", f"127.0.0.1:{port}", "--authorized-keys", keys]
    pid = servers_run.start(
        serve, ready=partial(listens, port), log=tmp_path / "log", environment={"HOME": str(tmp_path)}
    )
    try:
        found = service.connections.discover("127.0.0.1", port)
        values = {"host": "127.0.0.1", "port": port, "username": "u", "private_key": keypair.id}
        result = ended(service.connections.start_test(values | {"remote_host_key": found.text}))
    finally:
        servers_run.stop(pid)
    assert result.good, result
    assert result.steps[4].state == "ok"


@BOTH_DATABASES
def test_stored_connections_are_tested_again(service: SshService, store: Store, fleet: Fleet, keypair: Keypair) -> None:
    made = service.connections.add("NAS", fleet.values(fleet.normal, private_key=keypair.id), by="test")
    again = Reverification(store, service.connections.test_stored, 3600, records=store.ssh.connections, lease="retests")
    assert (again.once(), again.once()) == (1, 0)
    tested = service.connections.get(made.id).verification
    assert tested is not None
    assert (tested.state, tested.host_key) == ("valid", HostKeyOutcome.MATCH)

"""What goes wrong on the wire: told for what it is, ended when somebody cancels, and never at the cost of other keys."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from servers.kinds.ssh_fleet import Changing

from webapp.core.ssh import results
from webapp.core.ssh.hostkeys import KnownHost, read_host_keys
from webapp.core.ssh.keys import PublicKey, generate
from webapp.core.ssh.service import SshService
from webapp.core.ssh.wire.install import UNDO
from webapp.core.ssh.wire.running import SshCheck
from webapp.core.store import Keypair, Store
from webapp.core.validation import check_fields

Ended = Callable[[SshCheck], results.Tested]
KEY = generate("ed25519", "ours").public
OTHER = generate("ed25519", "theirs").public.text


@pytest.fixture
def keypair(service: SshService) -> Keypair:
    return service.keypairs.generate("Works", "ed25519", by="test")


@pytest.fixture
def deaf() -> Iterator[int]:
    """The port of a server whose queue is full: whoever connects waits for an answer that never comes."""
    with contextlib.ExitStack() as held:
        server = held.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(2):
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        time.sleep(0.1)
        yield server.getsockname()[1]


def test_a_stored_test_that_is_cancelled_while_it_connects_says_nothing_of_the_server(
    service: SshService, store: Store, deaf: int, keypair: Keypair
) -> None:
    values = {"host": "127.0.0.1", "port": deaf, "private_key": keypair.id, "connect_timeout": 60}
    made = service.connections.add("NAS", {**values, "remote_host_key": KEY.line}, by="test")
    check = service.connections.start_stored_test(made.id)
    threading.Timer(0.5, check.cancel).start()
    result = check.wait(20)
    assert result
    assert result.state == "cancelled", result
    assert store.ssh.connections.get(made.id).verification is None


def test_a_host_key_that_is_too_short_does_not_hide_the_others(
    service: SshService, changing_sshd: Changing, tmp_path: Path
) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", tmp_path / "weak"], check=True)
    keys = changing_sshd.serve("ed25519", more=f"HostKey {tmp_path}/weak")
    assert service.connections.discover("127.0.0.1", changing_sshd.port).text == keys["ed25519"]


def test_a_full_disk_costs_no_key_when_ours_is_taken_out_again(tmp_path: Path) -> None:
    file = tmp_path / ".ssh/authorized_keys"
    file.parent.mkdir()
    file.write_text(f"{OTHER}\n{KEY.text}\n")
    full = f"trap '' XFSZ; ulimit -f 0; {UNDO}"
    done = subprocess.run(["sh", "-c", full], input=f"{KEY.data}\n", text=True, env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]}, capture_output=True, check=False)  # fmt: skip
    assert "removed" not in done.stdout
    assert file.read_text() == f"{OTHER}\n{KEY.text}\n"


def test_an_alias_that_begins_like_a_kind_of_key_is_a_name() -> None:
    assert read_host_keys(f"192.0.2.7,ssh-gw.example.com {KEY.line}", "192.0.2.7") == KEY.line


def test_a_port_of_thousands_of_digits_is_a_sentence() -> None:
    from webapp.core.ssh.fields import CONNECTION  # noqa: PLC0415

    values = {"host": "nas", "port": "9" * 5000, "private_key": "k", "remote_host_key": KEY.line}
    assert list(check_fields(CONNECTION, values).errors) == ["port"]


@pytest.mark.parametrize(("pattern", "port"), [("*.example.com", 2222), ("[*.example.com]:2222", 2222), ("nas.*", 22)])
def test_an_authority_speaks_for_a_host_with_its_port_and_without(pattern: str, port: int) -> None:
    known = KnownHost.of(f"@cert-authority {pattern} {KEY.line}", "nas.example.com", port)
    assert list(known._authorities()) == [PublicKey(KEY.kind, KEY.data)]  # pyright: ignore[reportPrivateUsage]


def test_a_private_half_that_is_taken_away_does_not_come_back(service: SshService, keypair: Keypair) -> None:
    other = generate("ed25519", "").public.text
    found = service.keypairs.examine({"private_key": "", "public_key": other}, "Works", keypair=keypair)
    assert found.attributes == {"public_key": f"{other} Works"}
    kept = service.keypairs.examine({"public_key": keypair.public_key}, "Works", keypair=keypair)
    assert kept.attributes["private_key"] == keypair.private_key

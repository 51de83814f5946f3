"""SSH beside what others take: generating keys, discovering host keys, testing a connection."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from servers.kinds.ssh import SshServer
from servers.kinds.ssh_fleet import Fleet
from servers.runs import need

from webapp.core.ssh.keys import generate
from webapp.core.ssh.wire.probe import probe_connection
from webapp.core.ssh.wire.scan import discover

pytestmark = [pytest.mark.benchmark, pytest.mark.server]

BARE: dict[str, Callable[[], object]] = {
    "rsa-3072": lambda: generate_rsa(65537, 3072),
    "rsa-4096": lambda: generate_rsa(65537, 4096),
    "ed25519": Ed25519PrivateKey.generate,
    "ecdsa-p256": lambda: generate_ec(SECP256R1()),
}


def paired(ours: Callable[[], object], theirs: Callable[[], object], times: int) -> tuple[float, float]:
    """Return the medians of two things that are done in turns, so that a busy machine slows both."""
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(times):
        for which, call in enumerate((ours, theirs)):
            began = time.perf_counter()
            call()
            found[which].append(time.perf_counter() - began)
    return statistics.median(found[0]), statistics.median(found[1])


def show(capsys: pytest.CaptureFixture[str], what: str, ours: float, theirs: float) -> None:
    with capsys.disabled():
        print(f"\n{what}: {ours * 1e3:.1f} ms, beside it {theirs * 1e3:.1f} ms, ratio {ours / theirs:.2f}")  # noqa: T201


@pytest.mark.parametrize("key_type", BARE)
def test_generating_beside_bare_cryptography(key_type: str, capsys: pytest.CaptureFixture[str]) -> None:
    ours, bare = paired(lambda: generate(key_type, "x"), BARE[key_type], 9 if "rsa" in key_type else 200)
    show(capsys, f"generate {key_type}", ours, bare)


def test_discovering_beside_ssh_keyscan(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> None:
    scan = [need("ssh-keyscan"), "-p", str(fleet.port), "-T", "10", "127.0.0.1"]
    ours, theirs = paired(
        lambda: discover("127.0.0.1", fleet.port, 10), lambda: subprocess.run(scan, capture_output=True, check=True), 9
    )
    show(capsys, "discover five host keys beside ssh-keyscan", ours, theirs)


def test_a_test_of_a_connection_beside_ssh_true(
    sshd: SshServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "key").write_text(sshd.key)
    (tmp_path / "key").chmod(0o600)
    (tmp_path / "known").write_text(f"[127.0.0.1]:{sshd.port} {sshd.host_key}\n")
    options = ("BatchMode=yes", f"UserKnownHostsFile={tmp_path}/known", "IdentitiesOnly=yes", f"User={sshd.user}")
    command = [
        need("ssh"),
        "-F",
        "none",
        "-p",
        str(sshd.port),
        "-i",
        tmp_path / "key",
        *(f"-o{one}" for one in options),
    ]
    values = {"host": "127.0.0.1", "port": sshd.port, "username": sshd.user, "remote_host_key": sshd.host_key}
    ours, theirs = paired(
        lambda: probe_connection(values, sshd.key),
        lambda: subprocess.run([*command, "127.0.0.1", "true"], capture_output=True, check=True),
        15,
    )
    show(capsys, "Test connection (command and SFTP) beside ssh host true", ours, theirs)
    assert probe_connection(values, sshd.key).good

"""Host keys as people paste them, compared with what ssh-keygen says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from servers.runs import need

from webapp.core.errors import PermanentError
from webapp.core.ssh.hostkeys import KnownHost, known_hosts_lines, read_host_keys
from webapp.core.ssh.keys import generate

ED, EC, RSA = (generate(kind, "").public for kind in ("ed25519", "ecdsa-p256", "rsa-3072"))
BOTH = f"{ED.line}\n{EC.line}"


@pytest.mark.parametrize(
    ("pasted", "kept"),
    [
        (f"{ED.line} root@nas\r\n# comment\r\n\r\n{EC.line}", BOTH),
        (f"nas.example.com {ED.line}\nnas.example.com,192.0.2.7 {EC.line}", BOTH),
        (f"[nas.example.com]:22 {ED.line}", ED.line),
        (f"other.example.com {EC.line}\nnas.example.com {ED.line}", ED.line),
        (f"*.example.com,!nas.example.com {EC.line}\nnas.example.com {ED.line}", ED.line),
        (f"alias {ED.line}", ED.line),
        (f"{ED.line},{EC.line}", BOTH),
        (f"{ED.line}\n{ED.line}", ED.line),
        (ED.fingerprint, ED.fingerprint),
        (f"256 {ED.fingerprint} root@nas (ED25519)", ED.fingerprint),
        (f"@cert-authority *.example.com {ED.line} comment", f"@cert-authority *.example.com {ED.line}"),
    ],
    ids=[
        "two lines of .pub",
        "known_hosts",
        "with a port",
        "another host",
        "pattern",
        "one alias",
        "by commas",
        "twice",
        "fingerprint",
        "as ssh-keygen prints it",
        "authority",
    ],  # the keys are new in every process
)
def test_pasted_lines(pasted: str, kept: str) -> None:
    assert read_host_keys(pasted, "nas.example.com") == kept
    assert read_host_keys(kept, "nas.example.com") == kept


@pytest.mark.parametrize(
    "pasted",
    ["hello", "ssh-ed25519 AAAA", f"@revoked nas {ED.line}", "nas.example.com ssh-dss AAAA"],
    ids=["words", "cut", "revoked", "DSA"],
)
def test_what_is_no_host_key_is_refused(pasted: str) -> None:
    with pytest.raises(PermanentError):
        read_host_keys(pasted, "nas.example.com")


def test_lines_of_other_hosts_alone_are_refused() -> None:
    with pytest.raises(PermanentError, match="several hosts"):
        read_host_keys(f"a.example.com {ED.line}\nb.example.com {EC.line}", "nas.example.com")


@pytest.mark.parametrize("port", [22, 2222])
def test_hashed_names_are_found_as_ssh_keygen_hashes_them(tmp_path: Path, port: int) -> None:
    name = "nas.example.com" if port == 22 else f"[nas.example.com]:{port}"
    path = tmp_path / "known_hosts"
    path.write_text(f"other.example.com {EC.line}\n{name} {ED.line}\n")
    subprocess.run([need("ssh-keygen"), "-q", "-H", "-f", path], check=True, capture_output=True)
    assert path.read_text().startswith("|1|")
    assert read_host_keys(path.read_text(), "nas.example.com", port) == ED.line


@pytest.mark.parametrize(("host", "port"), [("nas.example.com", 22), ("192.0.2.7", 2222), ("[2001:db8::7]", 22)])
def test_ssh_keygen_finds_what_is_written(tmp_path: Path, host: str, port: int) -> None:
    path = tmp_path / "known_hosts"
    path.write_text("".join(f"{line}\n" for line in known_hosts_lines(f"{BOTH}\n{RSA.fingerprint}", host, port)))
    name = host.strip("[]") if port == 22 else f"[{host}]:{port}"
    found = subprocess.run([need("ssh-keygen"), "-F", name, "-f", path], check=True, capture_output=True, text=True)
    assert ED.data in found.stdout
    assert EC.data in found.stdout


def test_only_known_kinds_are_asked_for() -> None:
    assert KnownHost.of(ED.line).offered() == ("ssh-ed25519",)
    assert KnownHost.of(RSA.line).offered() == ("rsa-sha2-512", "rsa-sha2-256")
    assert len(KnownHost.of(ED.fingerprint).offered()) == len(KnownHost.of("").offered()) == 6
    assert "ssh-ed25519-cert-v01@openssh.com" in KnownHost.of(f"@cert-authority * {RSA.line}").offered()

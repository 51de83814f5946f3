"""Keys as people have them: under ciphers and in forms that one tool knows and another does not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from webapp.core.errors import PermanentError
from webapp.core.providers import PROVIDERS
from webapp.core.ssh.keys import read_private, read_public
from webapp.core.validation import check

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA4Qkxt4n9qvcdBRSWawRx3SjJFQ/99stAspV4Oy41Nn"
WORD = "canary-passphrase"


def made(folder: Path, *options: str, word: str = WORD) -> str:
    """Return a private key that ssh-keygen made."""
    file = folder / "key"
    subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", word, "-f", file, *options), check=True)
    return file.read_text()


def errors(key: str, word: str) -> dict[str, list[str]]:
    values = {"host": "nas", "user": "anna", "host_keys": HOST_KEY, "key_pem": key, "key_file_pass": word}
    return check(PROVIDERS["SFTP"], values).errors


def test_a_cipher_that_is_not_known_is_not_called_a_security_key(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="ssh-keygen -p -Z aes256-ctr"):
        read_private(made(tmp_path, "-Z", "aes128-ctr"), WORD)


def test_what_rclone_cannot_open_is_said_before_it_is_asked(tmp_path: Path) -> None:
    assert "rclone cannot open" in errors(made(tmp_path, "-Z", "aes256-gcm@openssh.com"), WORD)["key_pem"][0]
    pkcs8 = ("openssl", "genpkey", "-algorithm", "ed25519", "-aes256", "-pass", f"pass:{WORD}")
    text = subprocess.run(pkcs8, check=True, capture_output=True, text=True).stdout
    assert "rclone cannot open" in errors(text, WORD)["key_pem"][0]
    assert read_private(text, WORD)[1], "a keypair is opened here and kept without its passphrase"


def test_what_rclone_can_open_passes(tmp_path: Path) -> None:
    assert errors(made(tmp_path), WORD) == {}
    old = ("openssl", "genrsa", "-traditional", "-aes128", "-passout", f"pass:{WORD}", "2048")
    assert errors(subprocess.run(old, check=True, capture_output=True, text=True).stdout, WORD) == {}


def test_a_passphrase_for_a_key_without_one_is_refused_on_its_field(tmp_path: Path) -> None:
    assert list(errors(made(tmp_path, word=""), WORD)) == ["key_file_pass"]
    values = {"host": "nas", "user": "anna", "host_keys": HOST_KEY, "private_key": "nas", "key_file_pass": WORD}
    assert list(check(PROVIDERS["SFTP"], values).errors) == ["key_file_pass"]


def test_a_byte_order_mark_before_a_key_does_no_harm(tmp_path: Path) -> None:
    key = made(tmp_path, word="")
    assert read_private(f"\ufeff{key}".replace("\n", "\r\n"))[0]
    assert read_public(f"\ufeff{HOST_KEY}\r\n").line == HOST_KEY


def test_a_letter_that_does_not_belong_in_a_key_is_not_kept() -> None:
    with pytest.raises(PermanentError):
        read_public(HOST_KEY.replace("AAAAI", "!AAAAI"))

"""Keys against ssh-keygen: what we make it reads, what it makes we read."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_ssh_private_key
from servers.runs import need

from webapp.core.errors import PermanentError
from webapp.core.ssh.keyfiles import with_comment
from webapp.core.ssh.keys import KEY_TYPES, file_names, generate, read_keypair, read_public

PASSPHRASE = "canary-passphrase é"
FORMS = ("openssh", "PEM", "PKCS8")
KINDS = [
    (kind, bits, form)
    for kind, bits in (("rsa", "2048"), ("ed25519", "256"), ("ecdsa", "256"), ("ecdsa", "521"))
    for form in FORMS
    if kind != "ed25519" or form == "openssh"  # ssh-keygen writes Ed25519 in its own form whatever is asked
]


def keygen(*arguments: str | Path, given: str = "") -> str:
    done = subprocess.run([need("ssh-keygen"), *arguments], input=given, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def made(folder: Path, kind: str, bits: str, form: str, passphrase: str = "") -> tuple[str, str]:
    """Let ssh-keygen make a key, and return both halves as it wrote them."""
    path = folder / f"{kind}-{bits}-{form}"
    shape = () if form == "openssh" else ("-m", form)
    keygen("-q", "-t", kind, "-b", bits, *shape, "-N", passphrase, "-C", "who@where", "-f", path)
    return path.read_text(), path.with_suffix(path.suffix + ".pub").read_text()


@pytest.mark.parametrize("key_type", KEY_TYPES)
def test_ssh_keygen_reads_what_is_generated(tmp_path: Path, key_type: str) -> None:
    key = generate(key_type, "Büro NAS")
    path = tmp_path / "key"
    path.write_text(key.private)
    path.chmod(0o600)
    assert keygen("-y", "-f", path).split()[:2] == key.public.line.split()
    (tmp_path / "key.pub").write_text(key.public.text + "\n")
    bits, mark, *rest = keygen("-l", "-f", tmp_path / "key.pub").split()
    assert mark == key.public.fingerprint
    assert " ".join(rest).startswith("Büro NAS (")
    assert key_type.startswith("ed25519") or bits in {"3072", "4096", "256"}
    assert key.private not in repr(key)
    path.with_suffix(".pub").unlink()
    assert keygen("-l", "-f", path).split(" ", 2)[2].startswith("Büro NAS (")  # the comment inside the private file


@pytest.mark.parametrize("key_type", KEY_TYPES)
def test_the_file_is_as_ssh_keygen_writes_it_whatever_the_length_of_the_comment(tmp_path: Path, key_type: str) -> None:
    """Every length of the padding; ssh-keygen writes the same bytes but for its two check numbers."""
    bare = KEY_TYPES[key_type].make()
    pem = bare.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    path = tmp_path / "key"
    for length in range(9):
        path.write_text(with_comment(pem, "x" * length))
        path.chmod(0o600)
        read = load_ssh_private_key(path.read_bytes(), None)
        assert read.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()) == bare.private_bytes(
            Encoding.DER, PrivateFormat.PKCS8, NoEncryption()
        )
        ours = path.read_text()
        keygen("-q", "-c", "-C", "x" * length, "-f", path)
        theirs = path.read_text()
        assert [len(line) for line in ours.splitlines()] == [len(line) for line in theirs.splitlines()]
        assert without_checks(ours) == without_checks(theirs)


def without_checks(pem: str) -> bytes:
    """Return the bytes of a key file without the two equal random numbers in it."""
    data = base64.b64decode("".join(pem.splitlines()[1:-1]))
    at = len(b"openssh-key-v1\0")
    for number in range(4):  # cipher, its key, its options; behind the number of keys, the public key
        at += 4 * (number == 3) + 4 + int.from_bytes(data[at + 4 * (number == 3) :][:4], "big")
    at += 4  # the length of the private part
    assert data[at : at + 4] == data[at + 4 : at + 8], pem[:40]
    return data[:at] + data[at + 8 :]


@pytest.mark.parametrize("broken", ["", "-----BEGIN", "b3BlbnNzaC1rZXktdjEA", "c29tZXRoaW5nIGVsc2U="])
def test_a_comment_goes_into_nothing_else(broken: str, tmp_path: Path) -> None:
    with pytest.raises((ValueError, IndexError)):
        with_comment(broken, "x")
    private, _ = made(tmp_path, "ed25519", "256", "openssh")
    with pytest.raises(ValueError, match="comment already"):
        with_comment(private, "x")
    locked, _ = made(tmp_path, "rsa", "2048", "openssh", "passphrase")
    with pytest.raises(ValueError, match="without a passphrase"):
        with_comment(locked, "x")


@pytest.mark.parametrize(("kind", "bits", "form"), KINDS)
def test_every_form_is_read_and_ssh_keygen_reads_what_is_kept(tmp_path: Path, kind: str, bits: str, form: str) -> None:
    private, public = made(tmp_path, kind, bits, form)
    for given in (private, private.replace("\n", "\r\n"), private.rstrip("\n"), f"\n  {private}\n\n"):
        kept = read_keypair(given, "", comment="Named")
        assert kept.public.text == f"{' '.join(public.split()[:2])} Named"
    (tmp_path / "kept").write_text(kept.private)
    (tmp_path / "kept").chmod(0o600)
    assert keygen("-y", "-f", tmp_path / "kept").split()[:2] == public.split()[:2]
    assert read_keypair(private, public).public.comment == "who@where"


@pytest.mark.parametrize("form", FORMS)
def test_a_passphrase_opens_the_key_and_is_gone(tmp_path: Path, form: str) -> None:
    private, public = made(tmp_path, "rsa", "2048", form, PASSPHRASE)
    kept = read_keypair(private, public, PASSPHRASE)
    assert kept.decrypted
    assert kept.public.line == " ".join(public.split()[:2])
    (tmp_path / "kept").write_text(kept.private)
    (tmp_path / "kept").chmod(0o600)
    assert keygen("-y", "-P", "", "-f", tmp_path / "kept").split()[1] == public.split()[1]
    for wrong in ("", "wrong"):
        with pytest.raises(PermanentError) as caught:
            read_keypair(private, public, wrong)
        assert caught.value.field == "passphrase"
        assert PASSPHRASE not in caught.value.message


def test_what_is_refused_says_what_to_do(tmp_path: Path) -> None:
    private, public = made(tmp_path, "ed25519", "256", "openssh")
    other = generate("ed25519", "x").public.text
    small = rsa.generate_private_key(65537, 1024).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    old = dsa.generate_private_key(2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for given, field, words in (
        (("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", ""), "private_key", "PuTTYgen"),
        ((public, ""), "private_key", "public half"),
        (("", private), "public_key", "private key"),
        (("hello", ""), "private_key", "begins with"),
        ((private[:120] + "\n-----END OPENSSH PRIVATE KEY-----", ""), "private_key", "damaged"),
        ((small.decode(), ""), "private_key", "1024 bits"),
        ((old.decode(), ""), "private_key", "DSA"),
        (("", "ssh-dss AAAAB3NzaC1kc3M= old"), "public_key", "DSA"),
        ((private, other), "public_key", "does not belong"),
        (("", "ssh-ed25519 AAAA"), "public_key", "no public key"),
        (("", ""), "private_key", "generate"),
    ):
        with pytest.raises(PermanentError, match=words) as caught:
            read_keypair(*given)
        assert caught.value.field == field
        assert private[60:100] not in caught.value.message


def test_public_keys_come_in_every_form_that_tools_write(tmp_path: Path) -> None:
    _, public = made(tmp_path, "rsa", "2048", "openssh")
    path = tmp_path / "rsa-2048-openssh.pub"
    wanted = " ".join(public.split()[:2])
    for text in (
        public,
        f'restrict,from="10.0.0.0/8" {public}',
        keygen("-e", "-f", path),
        keygen("-e", "-m", "PKCS8", "-f", path),
    ):
        assert read_public(text).line == wanted


def test_file_names_are_safe() -> None:
    public = generate("ecdsa-p256", "x").public
    assert file_names("../Büro NAS", public) == ("B_ro_NAS_private_key_ecdsa", "B_ro_NAS_public_key_ecdsa.pub")
    assert file_names("é", public)[0] == "keypair_private_key_ecdsa"

"""Kinds of keys: made here, read from what people paste, told apart by their fingerprints.

Whatever comes in, a private half is kept in OpenSSH's own form without a passphrase: every tool that takes a key reads
it, and the store encrypts it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
    load_ssh_private_key,
    load_ssh_public_key,
)

from webapp.core.errors import PermanentError
from webapp.core.ssh.keyfiles import cipher, with_comment

PrivateKey = RSAPrivateKey | Ed25519PrivateKey | EllipticCurvePrivateKey

BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
"""What stands in a public key's line; the cryptography library skips letters that do not belong there."""

EXPONENT = 65537
SHORTEST_RSA = 2048
"""Bits below which an RSA key is refused, as current OpenSSH does by default."""

SSH2_PUBLIC = "---- BEGIN SSH2 PUBLIC KEY"
"""How a public key in the form of RFC 4716 begins."""

PRIVATE, PUBLIC, PASSPHRASE = "private_key", "public_key", "passphrase"
"""The fields of a keypair, as TrueNAS names the first two."""


class WeakKeyError(PermanentError):
    """A key that is one, and that no server should take any more."""


@dataclass(frozen=True, slots=True)
class KeyType:
    """A kind of key that can be generated.

    Attributes:
        key: Its name in the command line and in forms.
        label: Its name for people.
        note: When to choose it.
        make: Makes a new one.
    """

    key: str
    label: str
    note: str
    make: Callable[[], PrivateKey]


KEY_TYPES: Mapping[str, KeyType] = {
    kind.key: kind
    for kind in (
        KeyType("rsa-3072", "RSA 3072", "Every server takes it.", lambda: generate_rsa(EXPONENT, 3072)),
        KeyType("rsa-4096", "RSA 4096", "Longer, and slower to log in with.", lambda: generate_rsa(EXPONENT, 4096)),
        KeyType("ed25519", "Ed25519", "Short and quick; servers since 2014 take it.", Ed25519PrivateKey.generate),
        KeyType("ecdsa-p256", "ECDSA P-256", "Where a rule asks for a NIST curve.", lambda: generate_ec(SECP256R1())),
    )
}
"""What can be generated, in the order of the form; the first is the default."""

DEFAULT_TYPE = next(iter(KEY_TYPES))

PUBLIC_LABELS: Mapping[str, str] = {
    "ssh-rsa": "RSA",
    "ssh-ed25519": "Ed25519",
    "ecdsa-sha2-nistp256": "ECDSA P-256",
    "ecdsa-sha2-nistp384": "ECDSA P-384",
    "ecdsa-sha2-nistp521": "ECDSA P-521",
}
"""The kinds of keys that are understood, by OpenSSH's name."""

FAMILIES: Mapping[str, str] = {"ssh-rsa": "rsa", "ssh-ed25519": "ed25519"}
"""The short name of a kind, as in `id_ed25519`; all others are `ecdsa`."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key.

    Attributes:
        kind: OpenSSH's name of its kind, such as `ssh-ed25519`.
        data: The key itself in base64.
        comment: What stands behind it, usually whose it is.
    """

    kind: str
    data: str
    comment: str = ""

    @property
    def line(self) -> str:
        """Kind and key, without the comment."""
        return f"{self.kind} {self.data}"

    @property
    def text(self) -> str:
        """The line of a `.pub` file or of `authorized_keys`, without a line end."""
        return f"{self.line} {self.comment}".rstrip()

    @property
    def fingerprint(self) -> str:
        """`SHA256:` and the hash, as `ssh-keygen -l` prints it."""
        return fingerprint(self.data)

    @property
    def family(self) -> str:
        """`rsa`, `ed25519` or `ecdsa`."""
        return FAMILIES.get(self.kind, "ecdsa")

    @property
    def label(self) -> str:
        """The kind for people, such as `RSA 3072`."""
        label = PUBLIC_LABELS.get(self.kind, self.kind)
        return f"{label} {rsa_bits(self.data)}" if self.kind == "ssh-rsa" else label


def fingerprint(data: str) -> str:
    """Return `SHA256:` and the hash of a public key in base64, as `ssh-keygen -l` prints it."""
    digest = hashlib.sha256(base64.b64decode(data)).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def rsa_bits(data: str) -> int:
    """Return the length of an RSA key's modulus; 0 when it is none (RFC 4253, 6.6)."""
    rest, parts = base64.b64decode(data), list[bytes]()
    while rest:
        length = int.from_bytes(rest[:4], "big")
        parts.append(rest[4 : 4 + length])
        rest = rest[4 + length :]
    return int.from_bytes(parts[-1], "big").bit_length() if parts else 0


@dataclass(frozen=True, slots=True)
class KeyMaterial:
    """Both halves of a keypair as they are kept; its repr shows no private half.

    Attributes:
        public: The public half.
        private: The private half in OpenSSH's form, empty when there is none.
        decrypted: Whether it came with a passphrase, which is gone now.
    """

    public: PublicKey
    private: str = ""
    decrypted: bool = False

    def __repr__(self) -> str:
        return f"KeyMaterial({self.public.text!r}, private={'…' if self.private else ''!r})"


def generate(key_type: str, comment: str) -> KeyMaterial:
    """Make a new keypair.

    Raises:
        PermanentError: There is no such type.
    """
    kind = KEY_TYPES.get(key_type)
    if kind is None:
        raise PermanentError(f"Choose one of {', '.join(KEY_TYPES)}.", field="type")
    return _material(kind.make(), comment)


def read_keypair(private: str, public: str, passphrase: str = "", *, comment: str = "") -> KeyMaterial:
    """Return both halves of what a person gave; a missing public half is derived, a given one is compared.

    Args:
        private: The private half in OpenSSH's form, PKCS#1 or PKCS#8; may be empty.
        public: The public half; may be empty.
        passphrase: What opens the private half; it is not kept.
        comment: The comment of a public half that brings none.

    Raises:
        PermanentError: There is no key, it cannot be used, or the halves do not belong together.
    """
    if not private.strip() and not public.strip():
        raise PermanentError("Enter a private key, a public key, or generate a keypair.", field=PRIVATE)
    given = read_public(public) if public.strip() else None
    if not private.strip():
        return KeyMaterial(_commented(cast("PublicKey", given), comment))
    key, decrypted = read_private(private, passphrase)
    made = _material(key, (given.comment if given else "") or comment, decrypted=decrypted)
    if given and given.line != made.public.line:
        raise PermanentError(
            "The public key does not belong to this private key. Leave it empty to derive it.", field=PUBLIC
        )
    return made


def _material(key: PrivateKey, comment: str, *, decrypted: bool = False) -> KeyMaterial:
    kind, data = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode().split()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    return KeyMaterial(PublicKey(kind, data, comment), with_comment(private, comment), decrypted)


def _commented(key: PublicKey, comment: str) -> PublicKey:
    return PublicKey(key.kind, key.data, key.comment or comment)


def with_line_ends(text: str) -> str:
    """Return a pasted key with Unix line ends and a final one; OpenSSH reads no other (measured with 9.2).

    The byte order mark that editors of Windows put before a file is taken away.
    """
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").strip() + "\n"


def refuse_other_texts(text: str) -> None:
    """Refuse what is no private key, and say what it is.

    Raises:
        PermanentError: It is a public key, a PuTTY key or no key at all.
    """
    if text.startswith("PuTTY-User-Key-File"):
        raise PermanentError(
            "This is a PuTTY key (.ppk). In PuTTYgen choose Conversions > Export OpenSSH key.", field=PRIVATE
        )
    if text.split(maxsplit=1)[0] in PUBLIC_LABELS or text.startswith(("ssh-", "ecdsa-", "sk-", SSH2_PUBLIC)):
        raise PermanentError(
            "This is the public half. Paste the private key: it begins with -----BEGIN.", field=PRIVATE
        )
    if not text.startswith("-----BEGIN ") or "PRIVATE KEY-----" not in text:
        raise PermanentError(
            "This is no private key. It begins with -----BEGIN OPENSSH PRIVATE KEY----- or the like.", field=PRIVATE
        )


def read_private(text: str, passphrase: str = "") -> tuple[PrivateKey, bool]:
    """Return a private key, and whether a passphrase opened it.

    Raises:
        PermanentError: It is none, it is of a kind that is refused, or the passphrase is missing or wrong.
    """
    text = with_line_ends(text)
    refuse_other_texts(text)
    load = load_ssh_private_key if "OPENSSH" in text.splitlines()[0] else load_pem_private_key
    try:
        return _accepted(load(text.encode(), None)), False
    except TypeError:  # what cryptography raises for a key under a passphrase, in every form
        return _opened(load, text, passphrase), True
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _unreadable(text, error) from None


def _opened(load: Callable[..., object], text: str, passphrase: str) -> PrivateKey:
    if not passphrase:
        raise PermanentError(
            "The private key is protected by a passphrase. Enter it: the key is then kept without it, encrypted by the "
            "store. Or take the passphrase off first: ssh-keygen -p -f FILE.",
            field=PASSPHRASE,
        )
    try:
        return _accepted(load(text.encode(), passphrase.encode()))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise PermanentError(
            "The passphrase does not open this key, or the key is damaged.", field=PASSPHRASE
        ) from None


def _unreadable(text: str, error: Exception) -> PermanentError:
    if "DSA PRIVATE KEY" in text.splitlines()[0] or "dss" in str(error).lower() or "dsa" in str(error).lower().split():
        return _refused("DSA")
    if isinstance(error, UnsupportedAlgorithm) and cipher(text) not in {"", "none"}:
        return PermanentError(
            "The cipher of this key's passphrase is not known here. Write it anew: ssh-keygen -p -Z aes256-ctr -f FILE.",
            field=PRIVATE,
        )
    if "sk-" in str(error) or isinstance(error, UnsupportedAlgorithm):
        return PermanentError(
            "This kind of key cannot be used here: a backup has nobody to touch a security key. Generate another keypair.",
            field=PRIVATE,
        )
    return PermanentError("This private key is damaged or incomplete. Paste the whole file.", field=PRIVATE)


def _refused(kind: str) -> PermanentError:
    return PermanentError(
        f"{kind} keys are no longer safe and servers refuse them. Generate another keypair.", field=PRIVATE
    )


def _accepted(key: object) -> PrivateKey:
    """Refuse kinds that no server should take any more."""
    if isinstance(key, RSAPrivateKey):
        if key.key_size < SHORTEST_RSA:
            raise PermanentError(
                f"This RSA key has {key.key_size} bits; fewer than {SHORTEST_RSA} are not safe. Generate another keypair.",
                field=PRIVATE,
            )
        return key
    if isinstance(key, Ed25519PrivateKey):
        return key
    if isinstance(key, EllipticCurvePrivateKey) and key.curve.name in {"secp256r1", "secp384r1", "secp521r1"}:
        return key
    name = type(key).__name__
    if "DSA" in name:
        raise _refused("DSA")
    raise PermanentError("SSH has no use for a key of this kind. Generate another keypair.", field=PRIVATE)


def read_public(text: str) -> PublicKey:
    """Return a public key: a line of a `.pub` file or of authorized_keys, PEM, or the form of RFC 4716.

    Raises:
        PermanentError: It is a private key, no key, or of a kind that is refused.
    """
    text = with_line_ends(text)
    if "PRIVATE KEY-----" in text or text.startswith("PuTTY-User-Key-File"):
        raise PermanentError("This is a private key. It belongs into the field above.", field=PUBLIC)
    kind, data, comment = _public_parts(text)
    try:
        key = load_ssh_public_key(f"{kind} {data}".encode()) if BASE64.fullmatch(data) else None
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if kind in {"ssh-dss", "ssh-dsa"}:
        raise WeakKeyError("DSA keys are no longer safe and servers refuse them.", field=PUBLIC)
    if kind not in PUBLIC_LABELS or key is None:
        raise PermanentError("This is no public key. It looks like ssh-ed25519 AAAA…, on one line.", field=PUBLIC)
    if kind == "ssh-rsa" and rsa_bits(data) < SHORTEST_RSA:
        raise WeakKeyError(f"This RSA key has fewer than {SHORTEST_RSA} bits, which is not safe.", field=PUBLIC)
    return PublicKey(kind, data, comment)


def _public_parts(text: str) -> tuple[str, str, str]:
    """Return kind, key and comment of a public key's text; empty ones when there is none."""
    if text.startswith("-----BEGIN "):
        return _from_pem(text)
    if text.startswith(SSH2_PUBLIC):
        return _from_rfc4716(text)
    words = text.strip().splitlines()[0].split() if len(text.strip().splitlines()) == 1 else []
    at = next((number for number, word in enumerate(words) if word in PUBLIC_LABELS or word == "ssh-dss"), None)
    if at is None or len(words) < at + 2:
        return "", "", ""
    return words[at], words[at + 1], " ".join(words[at + 2 :])


def _from_pem(text: str) -> tuple[str, str, str]:
    try:
        key = load_pem_public_key(text.encode())
        kind, data = cast("PrivateKey", key).public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode().split()  # type: ignore[union-attr]
    except (ValueError, UnsupportedAlgorithm, AttributeError):
        return "", "", ""
    return kind, data, ""


def _from_rfc4716(text: str) -> tuple[str, str, str]:
    lines = [line for line in text.splitlines() if not line.startswith("----") and ":" not in line]
    data = "".join(line.strip() for line in lines if not line.endswith("\\"))
    try:
        packed = base64.b64decode(data, validate=True)
    except ValueError:
        return "", "", ""
    return packed[4 : 4 + int.from_bytes(packed[:4], "big")].decode("ascii", "replace"), data, ""


def file_names(name: str, public: PublicKey) -> tuple[str, str]:
    """Return file names for both halves: letters, digits, `.`, `-` and `_` only, so that no system stumbles."""
    safe = "".join(letter if letter.isascii() and (letter.isalnum() or letter in ".-_") else "_" for letter in name)
    stem = safe.strip("._") or "keypair"
    return f"{stem}_private_key_{public.family}", f"{stem}_public_key_{public.family}.pub"

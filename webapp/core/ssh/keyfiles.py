"""The file of a private key in OpenSSH's own form, with its comment inside (PROTOCOL.key of OpenSSH).

The cryptography library writes such a file but leaves its comment empty, so that `ssh-keygen -l` and an agent show no
name. Nothing is encrypted here: the file comes without a passphrase, and the store seals it.
"""

from __future__ import annotations

import base64
import hashlib
import textwrap

MAGIC = b"openssh-key-v1\0"
BEGIN, END = "-----BEGIN OPENSSH PRIVATE KEY-----", "-----END OPENSSH PRIVATE KEY-----"
WIDTH = 70
"""Characters in a line, as ssh-keygen writes them."""

BLOCK = 8
"""Bytes that the padding fills up to in a file without a cipher."""


def with_comment(pem: str, comment: str) -> str:
    """Return a key file with this comment inside.

    Args:
        pem: A file of one key that is under no passphrase and has no comment, as `cryptography` writes it.
        comment: What it says; may be empty.

    Raises:
        ValueError: It is no such file.
    """
    before, inner = _parted(_read(pem))
    said = comment.encode()
    inner = _unpadded(inner)[:-4] + len(said).to_bytes(4, "big") + said
    return _written(before, inner + bytes(range(1, 1 + -len(inner) % BLOCK)))


def always_alike(pem: str) -> str:
    """Return a key file whose check numbers follow from its public key.

    `cryptography` draws them anew each time; they tell a wrong passphrase, of which there is none here. So the same key
    makes the same file, and nobody takes it for a change.

    Args:
        pem: A file of one key that is under no passphrase.

    Raises:
        ValueError: It is no such file.
    """
    before, inner = _parted(_read(pem))
    number = hashlib.sha256(before).digest()[:4]
    return _written(before, number * 2 + inner[8:])


def _read(pem: str) -> bytes:
    return base64.b64decode("".join(line for line in pem.split("\n") if not line.startswith("-----")))


def _written(before: bytes, inner: bytes) -> str:
    whole = before + len(inner).to_bytes(4, "big") + inner
    return "\n".join((BEGIN, *textwrap.wrap(base64.b64encode(whole).decode(), WIDTH), END)) + "\n"


def cipher(pem: str) -> str:
    """Return the cipher of a key file in OpenSSH's form, such as `aes256-ctr` or `none`; empty for any other file."""
    if not pem.startswith(BEGIN):
        return ""
    return _string(_read(pem), len(MAGIC))[1].decode("ascii", "replace")


def _parted(data: bytes) -> tuple[bytes, bytes]:
    """Return what stands before the private part, and the private part.

    The order is: strings for cipher, its key and its options, the number of keys, the public key, the private part.
    """
    if not data.startswith(MAGIC):
        raise ValueError("this is no key in the form of OpenSSH")
    at = len(MAGIC)
    names: list[bytes] = []
    for _ in range(3):
        at, found = _string(data, at)
        names.append(found)
    number, at = int.from_bytes(data[at : at + 4], "big"), at + 4
    at, _ = _string(data, at)
    end, inner = _string(data, at)
    if names != [b"none", b"none", b""] or number != 1 or end != len(data):
        raise ValueError("this is not one key without a passphrase")
    return data[:at], inner


def _string(data: bytes, at: int) -> tuple[int, bytes]:
    """Return where a string ends, and what it holds."""
    end = at + 4 + int.from_bytes(data[at : at + 4], "big")
    return end, data[at + 4 : end]


def _unpadded(inner: bytes) -> bytes:
    """Return the private part without its padding 1, 2, 3 …; it ends with the length of an empty comment."""
    count = inner[-1] if 0 < inner[-1] <= BLOCK else 0
    rest = inner[: len(inner) - count]
    if inner[len(rest) :] != bytes(range(1, count + 1)) or rest[-4:] != bytes(4):
        raise ValueError("this key has a comment already")
    return rest

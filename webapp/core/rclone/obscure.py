"""rclone's obscured passwords.

Obscuring hides a password from a glance and is no encryption: the key stands in rclone's public source
(rclone/rclone, fs/config/obscure/obscure.go). rclone insists on it for options whose metadata says `IsPassword`.
"""

from __future__ import annotations

import base64
import binascii
import os

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_KEY = bytes.fromhex("9c935b48730a554d6bfd7c63c886a92bd390198eb8128afbf4de162b8b95f638")
_BLOCK = 16


def obscure(text: str) -> str:
    """Return the text as rclone wants a password: URL-safe base64 of a random block and AES-CTR output."""
    start = os.urandom(_BLOCK)
    return base64.urlsafe_b64encode(start + _apply(start, text.encode())).decode().rstrip("=")


def reveal(obscured: str) -> str:
    """Return what was obscured.

    Raises:
        ValueError: The text was never obscured.
    """
    try:
        raw = base64.b64decode(obscured + "=" * (-len(obscured) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not an obscured text") from error
    if len(raw) < _BLOCK:
        raise ValueError("not an obscured text")
    return _apply(raw[:_BLOCK], raw[_BLOCK:]).decode()


def _apply(start: bytes, data: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(_KEY), modes.CTR(start)).encryptor()
    return encryptor.update(data) + encryptor.finalize()

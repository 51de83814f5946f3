"""MEGA: the log-in of its accounts of version 2, and an empty drive (the protocol as the client go-mega speaks it)."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from servers.fake_internet.wire import Reply, Request

USER, PASSWORD = "canary@example.com", "canary mega pass'word"
NOT_FOUND, BLOCKED = -9, -16
SESSION_BYTES = 43
SALT = b"made up salt 16b"


def encoded(data: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def mpi(number: int) -> bytes:
    """Return a number as MEGA writes it: its length in bits, then its bytes."""
    return number.bit_length().to_bytes(2, "big") + number.to_bytes((number.bit_length() + 7) // 8, "big")


def sealed(key: bytes, data: bytes) -> bytes:
    """Encrypt block by block, as MEGA does."""
    padded = data + b"\0" * (-len(data) % 16)
    return Cipher(AES(key), ECB()).encryptor().update(padded)


class Mega:
    """One account."""

    def __init__(self) -> None:
        self._key: RSAPrivateKey = generate_private_key(65537, 1024)
        derived = hashlib.pbkdf2_hmac("sha512", PASSWORD.encode(), SALT, 100_000, 32)
        self._password_key, self._proof = derived[:16], encoded(derived[16:])
        self._master = secrets.token_bytes(16)
        self._session = b"\1" + secrets.token_bytes(SESSION_BYTES - 1)

    def answer(self, request: Request) -> Reply:
        """Answer the commands of one request."""
        if request.path == "/sc":
            return Reply(200, {"w": "https://w.api.mega.co.nz/wait", "sn": "n"})
        if request.path != "/cs":
            return Reply(200, b"0")
        return Reply(200, [self._command(command, request) for command in json.loads(request.body)])

    def _command(self, command: dict[str, str], request: Request) -> object:
        if command["a"] == "us0":
            return {"v": 2, "s": encoded(SALT)}
        if command["a"] == "us":
            return self._logged_in(command)
        if request.query.get("sid") != encoded(self._session):
            return -15
        if command["a"] == "f":
            roots = [
                {"h": f"root{kind}", "p": "", "u": "u", "t": kind, "a": "", "k": "", "ts": 0} for kind in (2, 3, 4)
            ]
            return {"f": roots, "ok": [], "s": [], "u": [], "sn": "n"}
        return {"mstrg": 1000, "cstrg": 10}

    def _logged_in(self, command: dict[str, str]) -> object:
        if command.get("user") != USER or command.get("uh") != self._proof:
            return NOT_FOUND
        numbers = self._key.private_numbers()
        public = numbers.public_numbers
        message = int.from_bytes(self._session + secrets.token_bytes(84), "big")  # below the modulus of 128 bytes
        parts = b"".join(map(mpi, (numbers.p, numbers.q, numbers.d, numbers.iqmp)))
        return {
            "csid": encoded(mpi(pow(message, public.e, public.n))),
            "privk": encoded(sealed(self._master, parts)),
            "k": encoded(sealed(self._password_key, self._master)),
            "u": "u",
        }

"""The answers of SCRAM-SHA-512 (RFC 5802) by which an API key proves itself without being sent, as in TrueNAS 26.

TrueNAS departs from the RFC in two places, so that no general library fits: the user's name carries the number of the
key, and nonces are joined as bytes and not as the texts that were sent.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, field

from webapp.core.errors import PermanentError

KEY = re.compile(r"(?P<number>\d+)-(?P<secret>[A-Za-z0-9]+)")
"""An API key as TrueNAS prints it: its number and the key itself."""

UNBOUND = "n,,"
"""The header of RFC 5802 that says: not bound to the TLS connection, whose certificate was verified before."""

NONCE_BYTES = 32
FEWEST_ROUNDS, MOST_ROUNDS = 50_000, 5_000_000
"""Rounds of PBKDF2 that TrueNAS uses at least and at most; more would only keep this machine busy."""

NOT_A_KEY = "This is no API key of a TrueNAS. It has a number, a hyphen, and letters and digits, such as 7-Ab12…"
NO_PROOF = "The remote did not prove that it knows this API key. Someone may stand between. Nothing more was sent."


def _keyed(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha512")


@dataclass(slots=True)
class Scram:
    """One log-in by API key.

    Args:
        user: Whose key it is.
        api_key: The key, with its number.

    Raises:
        PermanentError: It does not look like a key.
    """

    user: str
    api_key: str = field(repr=False)
    _nonce: bytes = field(default_factory=lambda: secrets.token_bytes(NONCE_BYTES), repr=False)
    _secret: bytes = field(default=b"", repr=False)
    _bare: str = field(default="", repr=False)
    _expected: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        """Take the key apart."""
        found = KEY.fullmatch(self.api_key.strip())
        if found is None:
            raise PermanentError(NOT_A_KEY, field="api_key")
        self._secret = found["secret"].encode()
        name = self.user.replace("=", "=3D").replace(",", "=2C")
        self._bare = f"n={name}:{found['number']},r={b64encode(self._nonce).decode()}"

    def first(self) -> str:
        """Return the first message: who logs in, with which of his keys."""
        return UNBOUND + self._bare

    def final(self, server_first: str) -> str:
        """Return the proof that goes with the first answer.

        Raises:
            PermanentError: The answer does not belong to what was sent, or cannot be read.
        """
        nonce, salt, rounds = self._read(server_first)
        salted = hashlib.pbkdf2_hmac("sha512", self._secret, salt, rounds)
        without_proof = f"c={b64encode(UNBOUND.encode()).decode()},r={nonce}"
        exchange = f"{self._bare},{server_first},{without_proof}".encode()
        client_key = _keyed(salted, b"Client Key")
        signature = _keyed(hashlib.sha512(client_key).digest(), exchange)
        self._expected = _keyed(_keyed(salted, b"Server Key"), exchange)
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        return f"{without_proof},p={b64encode(proof).decode()}"

    def check(self, server_final: str) -> None:
        """See that the remote knows the key, too.

        Raises:
            PermanentError: It does not.
        """
        try:
            shown = b64decode(_attributes(server_final)["v"], validate=True)
        except (KeyError, ValueError):
            shown = b""
        if not self._expected or not hmac.compare_digest(shown, self._expected):
            raise PermanentError(NO_PROOF, field="url")

    def _read(self, server_first: str) -> tuple[str, bytes, int]:
        """Return nonce, salt and rounds."""
        try:
            found = _attributes(server_first)
            nonce, salt, rounds = found["r"], b64decode(found["s"], validate=True), int(found["i"])
            ours = b64decode(nonce, validate=True).startswith(self._nonce)
        except (KeyError, ValueError):
            raise PermanentError(NO_PROOF, field="url") from None
        if not (ours and salt and FEWEST_ROUNDS <= rounds <= MOST_ROUNDS):
            raise PermanentError(NO_PROOF, field="url")
        return nonce, salt, rounds


def _attributes(message: str) -> dict[str, str]:
    """Return the parts of a message by their letters; base64 ends with `=`, so only the first one parts them."""
    return {letter: value for letter, _, value in (part.partition("=") for part in message.split(","))}

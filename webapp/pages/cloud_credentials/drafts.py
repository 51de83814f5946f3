"""What was typed into a form and is not saved yet: kept on the server, so that nothing typed is lost.

A page never gets a secret back, not even one that was typed a moment ago. What was typed waits here instead: in the
memory of this process, for an hour, encrypted with a key that only the form in the browser has. Neither a look into the
memory nor a copy of the page alone tells a secret, and the draft of one log-in is of no use to another.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from webapp.core.fields import Attributes

LIFETIME = 3600.0
"""Seconds since its last use after which a draft is forgotten."""

ROOM = 32 * 1024 * 1024
"""Bytes that all drafts together may take; the oldest go first."""

NONCE = 12
"""Bytes that AES-GCM wants (NIST SP 800-38D)."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(slots=True)
class Draft:
    """What one form holds.

    Attributes:
        values: Typed values that are no secret, by provider type and field key.
        secrets: Typed secrets in the same way; an empty text is one that is to be removed.
        check: Id of the check that was started last.
        checked: Fingerprint of the values that it checks.
        asked: Fingerprint of the values for which "save without a good check?" was asked.
    """

    values: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict[str, dict[str, str]], repr=False)
    secrets: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict[str, dict[str, str]], repr=False)
    check: str = ""
    checked: str = ""
    asked: str = ""


@dataclass(frozen=True, slots=True)
class _Kept:
    sealed: bytes
    until: float


class Drafts:
    """Keeps drafts by the token that stands in their form.

    Args:
        lifetime: Seconds since its last use after which a draft is forgotten.
        room: Bytes that all drafts together may take.
    """

    def __init__(self, *, lifetime: float = LIFETIME, room: int = ROOM) -> None:
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._lifetime, self._room = lifetime, room
        self._lock = threading.Lock()

    def open(self, token: str, owner: str) -> Draft:
        """Return what is kept for a form; an empty draft when there is nothing, or it belongs to another log-in."""
        with self._lock:
            kept = self._kept.get(_place(token))
        if kept is None or kept.until < time.monotonic():
            return Draft()
        try:
            text = AESGCM(_key(token)).decrypt(kept.sealed[:NONCE], kept.sealed[NONCE:], owner.encode())
        except InvalidTag:
            return Draft()
        return Draft(**json.loads(text))

    def keep(self, token: str, owner: str, draft: Draft) -> None:
        """Keep a draft in the place of the former one."""
        nonce = os.urandom(NONCE)
        text = json.dumps(dataclasses.asdict(draft)).encode()
        sealed = nonce + AESGCM(_key(token)).encrypt(nonce, text, owner.encode())
        with self._lock:
            self._kept.pop(_place(token), None)
            self._kept[_place(token)] = _Kept(sealed, time.monotonic() + self._lifetime)
            self._forget_old()

    def drop(self, token: str) -> None:
        """Forget a draft: what it held is saved, or was given up."""
        with self._lock:
            self._kept.pop(_place(token), None)

    def _forget_old(self) -> None:
        now, taken = time.monotonic(), sum(len(kept.sealed) for kept in self._kept.values())
        for place, kept in list(self._kept.items()):  # the least recently used come first
            if kept.until >= now and taken <= self._room:
                return
            taken -= len(self._kept.pop(place).sealed)


def new_token() -> str:
    """Return a token for a new form: 256 random bits."""
    return secrets.token_urlsafe(32)


def token_of(text: str | None) -> str:
    """Return the token that a form sent, or a new one when it is none."""
    return text if text and _TOKEN.fullmatch(text) else new_token()


def fingerprint(provider_type: str, attributes: Mapping[str, object] | Attributes) -> str:
    """Return what tells two sets of values apart. It stays inside the encrypted draft."""
    text = json.dumps([provider_type, sorted(attributes.items())], default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _place(token: str) -> bytes:
    return hashlib.sha256(b"place:" + token.encode()).digest()


def _key(token: str) -> bytes:
    return hashlib.sha256(b"key:" + token.encode()).digest()

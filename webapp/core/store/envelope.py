"""Envelope encryption: a random data key per value, wrapped by a master key; AES-256-GCM for both.

A sealed value is `v1.KEY-ID.WRAPPED.PAYLOAD` in URL-safe base64 parts; each part begins with its 96-bit nonce and ends
with the 128-bit tag. Both are bound, as additional authenticated data, to where the value stands: kind of record,
record id, field and version. A value that was moved, swapped or put back in an older version does not open.
"""

from __future__ import annotations

import binascii
import json
import os
from collections.abc import Callable
from json.encoder import encode_basestring_ascii
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from webapp.core.store.faults import DamagedError, LockedError
from webapp.core.store.keyring import KEY_BYTES, KeyRing

FORMAT = "v1"
NONCE = 12
PARTS = 4
DAMAGED = "This value is damaged. Enter it again or delete it."
TO_URL, TO_PLAIN = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")
"""Between base64 as the library has it and the alphabet for URLs (RFC 4648, section 5), which `base64` does slower."""

Decrypt = Callable[[bytes, bytes, bytes | None], bytes]


class Place(NamedTuple):
    """Where a sealed value stands: `credential`, its id, `attributes`, version 3."""

    kind: str
    record: str
    field: str
    version: int

    def bound(self) -> bytes:
        """Return the additional authenticated data; JSON keeps the parts apart whatever they hold."""
        kind, record, field = map(encode_basestring_ascii, (self.kind, self.record, self.field))
        return f'["{FORMAT}", {kind}, {record}, {field}, {self.version}]'.encode()


class Envelope:
    """Seals and opens values with the keys of a ring; while `frozen`, it opens what it can and seals nothing.

    Args:
        ring: Has the keys.
        look: Called when the ring's file has become another one, before anything is sealed with what stands in it.
    """

    def __init__(self, ring: KeyRing, look: Callable[[], None] = lambda: None) -> None:
        self.ring = ring
        self.frozen = False
        self._look = look

    def follow(self) -> bool:
        """Take what the ring's file has by now; tells whether it was another file."""
        if not self.ring.follow():
            return False
        self._look()
        return True

    def seal(self, place: Place, value: Any) -> str:
        """Seal a value that JSON can hold.

        Raises:
            LockedError: There is no master key.
        """
        primary, master = self.leading()
        data_key, bound = os.urandom(KEY_BYTES), place.bound()
        wrapped = _encrypt(master, data_key, bound + primary.encode())
        payload = _encrypt(data_key, json.dumps(value, separators=(",", ":")).encode(), bound)
        return ".".join((FORMAT, primary, _text(wrapped), _text(payload)))

    def leading(self) -> tuple[str, bytes]:
        """Return the primary key and its id.

        Raises:
            LockedError: There is none, or the store is locked.
        """
        self.follow()
        primary = self.ring.primary_id
        master = self.ring.key(primary)
        if master is None or self.frozen:
            raise LockedError("The store is locked: its secret seed is missing.")
        return primary, master

    def rewrap(self, place: Place, sealed: str) -> str:
        """Return the same value with its data key wrapped by the primary key; the payload is not touched.

        Raises:
            LockedError: Its master key or the primary one is missing.
            DamagedError: It was changed or does not belong here.
        """
        return Rewrapper(self).rewrap(place, sealed)

    def master(self, identifier: str) -> bytes:
        """Return a master key by its id.

        Raises:
            LockedError: It is missing.
        """
        master = self.ring.key(identifier)
        if master is None:
            self.follow()  # another process may have added it
            master = self.ring.key(identifier)
        if master is None:
            raise LockedError(f"This needs the secret seed with the key {identifier}.")
        return master

    def open(self, place: Place, sealed: str) -> Any:
        """Return the value.

        Raises:
            LockedError: Its master key is missing; the sentence names the key's id.
            DamagedError: It was changed or does not belong here.
        """
        identifier, wrapped, payload = _parts(sealed)
        bound = place.bound()
        data_key = _decrypt(self.master(identifier), _bytes(wrapped), bound + identifier.encode())
        return json.loads(_decrypt(data_key, _bytes(payload), bound))


class Rewrapper:
    """Wraps the data keys of many values anew with the primary key that leads when it is made.

    It holds what many values have in common, as that is most of the work otherwise.

    Raises:
        LockedError: There is no primary key, or the store is locked.
    """

    def __init__(self, envelope: Envelope) -> None:
        self._envelope = envelope
        self._primary, master = envelope.leading()
        self._wrap = AESGCM(master).encrypt
        self._ending = self._primary.encode()
        self._unwrap: dict[str, tuple[Decrypt, bytes]] = {}

    def rewrap(self, place: Place, sealed: str) -> str:
        """Do one, as `Envelope.rewrap`."""
        identifier, wrapped, payload = _parts(sealed)
        unwrap, ending = self._unwrap.get(identifier) or self._opening(identifier)
        bound, data, nonce = place.bound(), _bytes(wrapped), os.urandom(NONCE)
        try:
            data_key = unwrap(data[:NONCE], data[NONCE:], bound + ending)
        except (InvalidTag, ValueError):
            raise DamagedError(DAMAGED) from None
        fresh = nonce + self._wrap(nonce, data_key, bound + self._ending)
        return f"{FORMAT}.{self._primary}.{_text(fresh)}.{payload}"

    def _opening(self, identifier: str) -> tuple[Decrypt, bytes]:
        found = AESGCM(self._envelope.master(identifier)).decrypt, identifier.encode()
        self._unwrap[identifier] = found
        return found


def sealed_key_id(sealed: str) -> str:
    """Return the id of the master key that a sealed value needs."""
    return _parts(sealed)[0]


def _parts(sealed: str) -> tuple[str, str, str]:
    parts = sealed.split(".")
    if len(parts) != PARTS or parts[0] != FORMAT:
        raise DamagedError(DAMAGED)
    return parts[1], parts[2], parts[3]


def _bytes(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text.encode("ascii").translate(TO_PLAIN))
    except ValueError:
        raise DamagedError(DAMAGED) from None


def _encrypt(key: bytes, data: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, data, bound)


def _decrypt(key: bytes, data: bytes, bound: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(data[:NONCE], data[NONCE:], bound)
    except (InvalidTag, ValueError):
        raise DamagedError(DAMAGED) from None


def _text(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).translate(TO_URL).decode()

"""Sealed values: secrets that are safe in git, because only this server can read them.

A sealed value is an age file (age-encryption.org/v1, armored) for the server's public key. In it stands JSON,
`{"namespace": …, "name": …, "field": …, "value": …}`: the namespace and the name of the resource that it was made for
and the field as the resource has it (`secretAccessKey`; an option of an output is `OUTPUT/OPTION`, such as
`nightly-restic/password`). Whoever copies it to another namespace, resource or field gets nothing. Nothing here is more
than plain `age` can do: `webapp/help/cluster-credentials.md` shows how.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyrage

from webapp.core.errors import PermanentError
from webapp.core.fields import LONG_LIMIT

if TYPE_CHECKING:
    from webapp.core.store.locks import Locks
    from webapp.core.store.sealing import SealingKey, SealingKeys

PARTS: tuple[str, ...] = ("namespace", "name", "field", "value")
"""What stands in a sealed value; every one is a text."""

LOCK, LOCK_SECONDS = "sealing-key", 30.0
"""The lock under which the first key is made, and how long it holds at most."""

LONGEST = 6 * LONG_LIMIT
"""Characters that a sealed value may have: the longest secret in UTF-8, four bytes a letter, in base64, age's header."""


class SealedError(PermanentError):
    """A sealed value that gives nothing; `reason` is the word for a status condition."""

    reason = "SealedUnreadable"


class SealedForAnotherError(SealedError):
    """It was made for another namespace, resource or field."""

    reason = "SealedForAnother"


class Sealing:
    """Seals values for resources and opens them.

    Args:
        keys: The server's keys.
        locks: Hold between processes, so that two that ask for the first key make one.
    """

    def __init__(self, keys: SealingKeys, locks: Locks) -> None:
        self._keys = keys
        self._locks = locks

    def recipient(self, *, by: str) -> str:
        """Return the public key, as age takes it; the first call makes it.

        Raises:
            LockedError: There is no master key to keep it with.
        """
        known = self._keys.all()
        if not known:
            with self._locks.hold(LOCK, LOCK_SECONDS):
                known = self._keys.all() or [self._made(by)]
        return known[0].recipient

    def rotate(self, *, by: str) -> str:
        """Make a new key for what is sealed from now on and return its public half; old ones still open.

        Raises:
            LockedError: There is no master key to keep it with.
        """
        return self._made(by).recipient

    def seal(self, namespace: str, name: str, field: str, value: str, *, by: str) -> str:
        """Return a value sealed for one field of one resource.

        Raises:
            LockedError: There is no key yet, and no master key to keep one with.
        """
        return seal_to(self.recipient(by=by), namespace, name, field, value)

    def open(self, namespace: str, name: str, field: str, sealed: str) -> str:
        """Return what was sealed for this field of this resource.

        Raises:
            SealedForAnotherError: It was sealed for another one.
            SealedError: It is no sealed value, or none for this server.
            LockedError, DamagedError: The server's own key cannot be read.
        """
        found = _content(self._decrypted(field, sealed), field)
        wanted = (namespace, name, field)
        made_for = tuple(found[part] for part in PARTS[:3])
        if made_for != wanted:
            raise SealedForAnotherError(_another(made_for, wanted), field=field)
        return found["value"]

    def _made(self, by: str) -> SealingKey:
        identity = pyrage.x25519.Identity.generate()
        recipient = str(identity.to_public())
        self._keys.add(recipient, str(identity), by=by)
        return next(key for key in self._keys.all() if key.recipient == recipient)

    def _decrypted(self, field: str, sealed: str) -> bytes:
        if len(sealed) > LONGEST:
            raise SealedError("This sealed value is too long. Seal a shorter secret.", field=field)
        identities = [pyrage.x25519.Identity.from_str(key.identity) for key in self._keys.all()]
        try:
            return pyrage.decrypt(_unfolded(sealed), identities)
        except pyrage.DecryptError:
            self._keys.refuse_unreadable()
            raise SealedError(
                "This sealed value cannot be opened here: it was made for another server's key, or it is not whole. "
                "Seal the secret again with the key of this server.",
                field=field,
            ) from None


def seal_to(recipient: str, namespace: str, name: str, field: str, value: str) -> str:
    """Return a value sealed to a public key.

    Raises:
        PermanentError: The public key is none.
    """
    try:
        to = pyrage.x25519.Recipient.from_str(recipient.strip())
    except pyrage.RecipientError:
        raise PermanentError("This is no public key. One begins with age1.", field="recipient") from None
    content = dict(zip(PARTS, (namespace, name, field, value), strict=True))
    return pyrage.encrypt(_json(content), [to], armored=True).decode()


def _json(content: dict[str, str]) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _unfolded(sealed: str) -> bytes:
    """Return the armor line by line: YAML and people indent it."""
    return "\n".join(line.strip() for line in sealed.strip().splitlines()).encode()


def _content(opened: bytes, field: str) -> dict[str, str]:
    try:
        found = json.loads(opened)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or set(found) != set(PARTS) or not all(isinstance(found[p], str) for p in PARTS):
        raise SealedError(
            "In this sealed value does not stand what should: JSON with namespace, name, field and value, all of them "
            "texts. Make it with backup-credentials seal.",
            field=field,
        )
    return found  # pyright: ignore[reportUnknownVariableType]  checked above


def _another(made_for: tuple[str, ...], wanted: tuple[str, ...]) -> str:
    """Say which part differs; what it was made for is not told to whoever copied it."""
    kinds = ("namespace", "resource", "field")
    differing = [kind for kind, one, other in zip(kinds, made_for, wanted, strict=True) if one != other]
    return (
        f"This value was sealed for another {' and another '.join(differing)}. Seal the secret again for "
        f"{wanted[2]} of {wanted[0]}/{wanted[1]}."
    )

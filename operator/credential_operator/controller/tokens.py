"""OAuth tokens of resources: renewed by us alone and kept in the store, as the Secret that one came from is not ours.

A renewed token is kept under its resource, sealed, together with a digest of the token that it came from. When a person
puts another token into the Secret, that one counts from then on.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol

from credential_operator.reasons import Reason, TroubleError
from credential_operator.wanted.values import Place
from webapp.core.errors import CredentialError, TransientError
from webapp.core.fields import Attributes
from webapp.core.providers.base import Provider
from webapp.core.tokens import EARLY, SPARE, Token
from webapp.core.verification.verifier import Tokens

LOCKS = 16
"""Locks that resources share by their hash, so that their number does not grow."""

MOMENT = 2.0
"""Seconds after which a token that may be renewed certainly counts as one."""

AGAIN = 60.0
"""Seconds after which a token that could not be renewed early is tried again."""


class Values(Protocol):
    """Small sealed values by key."""

    def get(self, key: str, default: object = None) -> object:
        """Return one."""
        ...

    def put(self, key: str, value: object, *, secret: bool = False) -> None:
        """Keep one."""
        ...


class ResourceTokens:
    """Gives the values of a resource with a token that can be used as it is.

    Args:
        values: Keeps renewed tokens.
        door: Renews them.
        key: Key of the digests.
    """

    def __init__(self, values: Values, door: Callable[[], Tokens], key: bytes) -> None:
        self._values, self._door, self._key = values, door, key
        self._alone = tuple(threading.Lock() for _ in range(LOCKS))

    def whole(self, place: Place, attributes: Attributes) -> Attributes:
        """Return the values with the token as it is now, renewed or as it was given."""
        given = str(attributes.get("token", ""))
        kept = self._values.get(_name(place)) if given else None
        if not isinstance(kept, Mapping) or kept.get("from") != self._digest(given):  # pyright: ignore[reportUnknownMemberType]  any JSON
            return attributes
        return {**attributes, "token": str(kept["token"])}

    def fresh(self, place: Place, provider: Provider, attributes: Attributes) -> Attributes:
        """Return the values with an access token alone, renewed first when it ends soon.

        A look and a verification may ask at once: whoever comes second takes what the first has kept, since a refresh
        token may work once only.

        Raises:
            TroubleError: It cannot be renewed.
        """
        with self._alone[hash(place) % LOCKS]:
            return self._fresh(place, provider, attributes)

    def _fresh(self, place: Place, provider: Provider, attributes: Attributes) -> Attributes:
        try:
            found = self._door().fresh(provider, self.whole(place, attributes), spare=SPARE)
        except CredentialError as error:
            retry = isinstance(error, TransientError)
            raise TroubleError(Reason.TOKEN_ENDED, error.message, retry=retry) from None
        if "token" in found.replaced:
            kept = {"from": self._digest(str(attributes["token"])), "token": found.replaced["token"]}
            self._values.put(_name(place), kept, secret=True)
        return found.attributes

    def _digest(self, token: str) -> str:
        return hmac.new(self._key, token.encode(), hashlib.sha256).hexdigest()


def seconds_left(attributes: Attributes) -> float:
    """Return the seconds until the token is to be renewed; 0 for one that does not end.

    One that could not be renewed early is tried again every minute, until it counts as ended.
    """
    expiry = _expiry(attributes)
    if expiry is None:
        return 0.0
    left = expiry - datetime.now(UTC)
    if left > SPARE:
        return (left - SPARE).total_seconds() + MOMENT
    return min(AGAIN, max(MOMENT, (left - EARLY).total_seconds() + MOMENT))


def end_of(attributes: Attributes) -> float:
    """Return when the token ends, in seconds since 1970; 0 for one that does not, and for values without one."""
    expiry = _expiry(attributes)
    return expiry.timestamp() if expiry else 0.0


def _expiry(attributes: Attributes) -> datetime | None:
    try:
        return Token.from_json(str(attributes["token"])).expiry
    except (CredentialError, KeyError):
        return None


def _name(place: Place) -> str:
    return f"cluster-token:{place}"


def lasting(token: str) -> str:
    """Return the part of an OAuth token that stays when it is renewed; a text that is none comes back as it is."""
    try:
        found = json.loads(token) if token else {}
        return str(found.get("refresh_token") or token)
    except (ValueError, AttributeError):
        return token

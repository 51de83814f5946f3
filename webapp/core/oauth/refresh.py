"""The one door to a usable access token.

rclone never renews a token of ours: it would keep the new one for itself, and with vendors whose refresh tokens work
once the credential would be lost. Here a token is renewed under a lock, stored, and only then used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import cast

import requests
from requests.auth import HTTPBasicAuth

from webapp.core.errors import PermanentError, TransientError
from webapp.core.fields import Attributes
from webapp.core.oauth.endpoints import token_endpoint
from webapp.core.providers.base import Provider
from webapp.core.store import ChangedError, Store
from webapp.core.tokens import Token
from webapp.core.verification.verifier import Fresh

TIMEOUT = (5.0, 10.0)
"""Seconds to connect and to wait for an answer."""

LOCK_SECONDS = 40.0
LONGEST_REPLY = 64 * 1024
TRIES = 5
NO_REFRESH = "not-a-refresh-token"
"""Yandex's backend wants some refresh token before it asks anything; this one renews nothing."""

AGAIN = "Log in at the provider again and paste a new token."


class TokenDoor:
    """Gives attributes whose token rclone can use as it is.

    Args:
        store: Keeps renewed tokens and holds the locks.
        by: Who changed the credential, as its history says.
    """

    def __init__(self, store: Store, *, by: str) -> None:
        self._store = store
        self._by = by

    def fresh(self, provider: Provider, attributes: Attributes, *, credential_id: str | None = None) -> Fresh:
        """Return the attributes with a bare access token, renewed first when it has ended.

        A stored credential keeps its new token; for unsaved values it is handed back in `replaced`.

        Raises:
            PermanentError: The token has ended and cannot be renewed.
            TransientError: The provider's log-in is out of reach.
        """
        endpoint = token_endpoint(provider.type, attributes)
        if not endpoint or "token" not in attributes:
            return Fresh(attributes, {})
        token = Token.from_json(str(attributes["token"]))
        if not token.expired():
            return Fresh(_with_bare(provider, attributes, token), {})
        with self._store.locks.hold(f"token:{credential_id or token_id(token)}", LOCK_SECONDS):
            return self._renewed(provider, attributes, endpoint, credential_id)

    def _renewed(self, provider: Provider, attributes: Attributes, endpoint: str, credential_id: str | None) -> Fresh:
        if credential_id:
            attributes = self._store.credentials.get(credential_id).attributes
        token = Token.from_json(str(attributes["token"]))
        if not token.expired():  # someone else renewed it while we waited for the lock
            return Fresh(_with_bare(provider, attributes, token), {})
        new = renew(endpoint, token, attributes)
        if credential_id:
            self._keep(credential_id, new)
        return Fresh(_with_bare(provider, attributes, new), {"token": new.to_json()})

    def _keep(self, credential_id: str, token: Token) -> None:
        """Store a new token; another change meanwhile is kept as well."""
        for _ in range(TRIES):
            current = self._store.credentials.get(credential_id)
            attributes = {**current.attributes, "token": token.to_json()}
            try:
                self._store.credentials.change(
                    credential_id, version=current.version, by=self._by, attributes=attributes
                )
            except ChangedError:
                continue
            return
        raise TransientError("The credential is being changed by others. Try again in a moment.", field="token")


def token_id(token: Token) -> str:
    """Return a name for the lock of an unsaved token that tells nothing about it."""
    return hashlib.sha256((token.refresh_token or token.access_token).encode()).hexdigest()[:32]


def _with_bare(provider: Provider, attributes: Attributes, token: Token) -> Attributes:
    """Replace the token by one that rclone cannot renew."""
    bare = {"access_token": token.access_token, "token_type": token.token_type}
    if provider.type == "YANDEX":
        bare["refresh_token"] = NO_REFRESH
    return {**attributes, "token": json.dumps(bare)}


def renew(endpoint: str, token: Token, attributes: Attributes) -> Token:
    """Ask for a new token: the client in the header first, then once in the form (RFC 6749 section 2.3.1).

    Raises:
        PermanentError: It cannot be renewed.
        TransientError: The provider's log-in is out of reach.
    """
    client, secret = str(attributes.get("client_id", "")), str(attributes.get("client_secret", ""))
    if not token.refresh_token:
        raise PermanentError(f"The token has ended and has no refresh_token. {AGAIN}", field="token")
    if not client:
        message = "The token has ended. Only the app that made it can renew it: enter your own client ID and secret"
        raise PermanentError(f"{message}, or paste a new token.", field="client_id")
    form = {"grant_type": "refresh_token", "refresh_token": token.refresh_token}
    status, reply = _post(endpoint, form, HTTPBasicAuth(client.encode(), secret.encode()))
    if status in {400, 401} and reply.get("error") in {"invalid_client", "invalid_request", None}:
        status, reply = _post(endpoint, form | {"client_id": client, "client_secret": secret}, None)
    if status != HTTPStatus.OK or "access_token" not in reply:
        raise _refusal(status, str(reply.get("error", "")))
    kept = {"refresh_token": token.refresh_token, "token_type": token.token_type}
    return Token.from_mapping({**kept, **reply}, now=datetime.now(UTC))


def _post(endpoint: str, form: Mapping[str, str], auth: HTTPBasicAuth | None) -> tuple[int, dict[str, object]]:
    try:
        response = requests.post(endpoint, data=form, auth=auth, timeout=TIMEOUT, allow_redirects=False, stream=True)
        with response:
            body = response.raw.read(LONGEST_REPLY, decode_content=True)
    except (requests.RequestException, OSError):
        raise TransientError("The provider's log-in cannot be reached to renew the token. Try again later.") from None
    try:
        reply = json.loads(body)
    except ValueError:
        reply = {}
    return response.status_code, cast("dict[str, object]", reply) if isinstance(reply, dict) else {}


def _refusal(status: int, error: str) -> PermanentError | TransientError:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        return TransientError("The provider's log-in has a fault or asks to wait. Try again later.")
    if error in {"invalid_client", "unauthorized_client"}:
        return PermanentError("The provider does not know this client. Check client ID and secret.", field="client_id")
    return PermanentError(f"The token can no longer be renewed. {AGAIN}", field="token")

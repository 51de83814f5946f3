"""The one door to a usable access token.

rclone never renews a token of ours: it would keep the new one for itself, and with vendors whose refresh tokens work
once the credential would be lost. Here a token is renewed under a lock that holds between threads, processes and
replicas, stored, and only then used. The old one is kept until the new one has been renewed in its turn. A process that
dies before the new one is stored loses nothing: vendors with tokens that work once give the same pair again until the
new one is used (Box says so in its support community, "OAuth refresh token usage").
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from requests.auth import HTTPBasicAuth

from webapp.core.errors import CredentialError, PermanentError, TransientError
from webapp.core.fields import Attributes
from webapp.core.oauth.endpoints import token_endpoint
from webapp.core.oauth.flows import client_form
from webapp.core.oauth.refusals import refusal
from webapp.core.oauth.schedule import failed, scheduled
from webapp.core.oauth.vendors import VENDORS
from webapp.core.oauth.web import WHOLE, Answer, ask, token_in
from webapp.core.providers.base import Provider
from webapp.core.store import ChangedError, Credential, Store
from webapp.core.store.audit import Action, Outcome
from webapp.core.store.logins import Login
from webapp.core.tokens import EARLY, Token
from webapp.core.verification.verifier import Fresh

LEASE = WHOLE + 5
"""Seconds that the lock is held at most without a word; longer than one request may take."""

FRESH = 2.0
"""Seconds after which a lock is prolonged before a request: what is left of it is more than the request may take."""

WAIT = LEASE + 5
"""Seconds to wait for somebody else's renewal; longer than the lock of a process that died."""

POLL = 0.05
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

    def fresh(
        self,
        provider: Provider,
        attributes: Attributes,
        *,
        credential_id: str | None = None,
        spare: timedelta = EARLY,
    ) -> Fresh:
        """Return the attributes with a bare access token, renewed first when it ends within `spare`.

        A stored credential keeps its new token; for unsaved values it is handed back in `replaced`. When a token that
        has not ended yet cannot be renewed early, it is good enough.

        Raises:
            PermanentError: The token has ended and cannot be renewed.
            TransientError: The provider's log-in is out of reach.
        """
        if not token_endpoint(provider.type, attributes) or "token" not in attributes:
            return Fresh(attributes, {})
        token = Token.from_json(str(attributes["token"]))
        as_it_is = Fresh(bare(provider.type, attributes, token), {})
        if not token.expired(spare=spare):
            return as_it_is
        try:
            if credential_id:
                return self._stored(credential_id, spare)
            return self._unsaved(provider.type, attributes, token)
        except CredentialError:
            if token.expired():
                raise
            return as_it_is

    def _unsaved(self, provider_type: str, attributes: Attributes, token: Token) -> Fresh:
        with self._alone(token_id(token)) as lock:
            new = renew(provider_type, token, self._with_app(provider_type, attributes), lock)
        return Fresh(bare(provider_type, attributes, new), {"token": new.to_json()})

    def renew_now(self, credential_id: str) -> None:
        """Renew a stored credential's token whether or not it has ended.

        Raises:
            CredentialError: It cannot be renewed; that stands with the credential as well.
        """
        self._stored(credential_id, None)

    def _stored(self, credential_id: str, spare: timedelta | None) -> Fresh:
        """Renew under the lock, from what is stored by then: somebody else may have done it while we waited."""
        with self._alone(credential_id) as lock:
            credential = self._store.credentials.get(credential_id)
            login = self._store.logins.find(credential_id) or Login(credential_id)
            token = self._readable(credential, login)
            if spare is not None and not token.expired(spare=spare):
                return Fresh(bare(credential.provider, credential.attributes, token), {})
            new = self._renewed(credential, login, token, lock)
            kept = self._keep(credential, login, token, new)
        return Fresh(bare(credential.provider, kept.attributes, _token(kept)), {"token": str(kept.attributes["token"])})

    def _readable(self, credential: Credential, login: Login) -> Token:
        """Return the stored token; that it cannot be read is noted, so that it is not tried again at once."""
        try:
            return _token(credential)
        except PermanentError as error:
            found = PermanentError(credential.damaged or error.message, field="token")
            self._failed(credential, failed(login, found.message, datetime.now(UTC), for_good=False), before=login)
            raise found from None

    def _renewed(self, credential: Credential, login: Login, token: Token, lock: Lock) -> Token:
        """Renew; when this token is refused, the one before it may still be good. What fails is noted."""
        attributes = self._with_app(credential.provider, credential.attributes)
        try:
            try:
                return renew(credential.provider, token, attributes, lock)
            except PermanentError as error:
                if error.field != "token" or not login.previous:
                    raise
                try:
                    return renew(credential.provider, Token.from_json(login.previous), attributes, lock)
                except PermanentError:
                    raise error from None
        except CredentialError as error:
            for_good = isinstance(error, PermanentError) and error.field == "token"
            self._failed(credential, failed(login, error.message, datetime.now(UTC), for_good=for_good), before=login)
            raise

    def _failed(self, credential: Credential, login: Login, *, before: Login) -> None:
        """Keep what went wrong; that a log-in is over for good stands in the audit, once.

        Of a token that was replaced meanwhile, as by a person who logged in anew, nothing is noted.
        """
        with self._store.together():
            if self._store.credentials.get(credential.id).attributes.get("token") != credential.attributes.get("token"):
                return
            self._store.logins.put(login)
            if login.needs_login and not before.needs_login:
                detail = {"what": "needs re-login", "why": login.error}
                self._store.audit.note(
                    Action.FAILURE,
                    kind="credential",
                    subject=credential.id,
                    name=credential.name,
                    outcome=Outcome.FAILED,
                    who=self._by,
                    detail=detail,
                )

    def _keep(self, credential: Credential, login: Login, old: Token, new: Token) -> Credential:
        """Store a new token together with the old one; another change meanwhile is kept, and a newer log-in wins."""
        for _ in range(TRIES):
            current = self._store.credentials.get(credential.id)
            if _token(current) != old:
                return current
            try:
                with self._store.together():
                    return self._put(current, login, old, new)
            except ChangedError:
                continue
        raise TransientError("The credential is being changed by others. Try again in a moment.", field="token")

    def _put(self, current: Credential, login: Login, old: Token, new: Token) -> Credential:
        attributes = {**current.attributes, "token": new.to_json()}
        changed = self._store.credentials.change(
            current.id, version=current.version, by=self._by, attributes=attributes
        )
        first = login.chain[0] if login.chain[1] == current.version else current.version
        login = scheduled(VENDORS[current.provider], login, new, datetime.now(UTC))
        self._store.logins.put(replace(login, previous=old.to_json(), chain=(first, changed.version)))
        return changed

    def _with_app(self, provider_type: str, attributes: Attributes) -> Attributes:
        """Take the secret of the settings' app when it is the same app: theirs may be newer."""
        app = self._store.apps.find(provider_type)
        if app and app.values.get("client_id") == attributes.get("client_id") and app.values.get("client_secret"):
            return {**attributes, "client_secret": app.values["client_secret"]}
        return attributes

    @contextmanager
    def _alone(self, name: str) -> Generator[Lock]:
        lock = Lock(self._store, f"token:{name}")
        lock.wait()
        try:
            yield lock
        finally:
            lock.release()


class Lock:
    """A lock in the store that is taken anew before each request, so that it is short and still never runs out."""

    def __init__(self, store: Store, name: str) -> None:
        self._locks, self._name, self._owner = store.locks, name, secrets.token_hex(16)
        self._taken = float("-inf")

    def wait(self) -> None:
        """Wait for the lock.

        Raises:
            TransientError: Somebody else has held it all the time.
        """
        until = time.monotonic() + WAIT
        while not self._locks.try_hold(self._name, self._owner, LEASE):
            if time.monotonic() > until:
                raise TransientError("Someone else is busy with this. Try again in a moment.")
            time.sleep(POLL)
        self._taken = time.monotonic()

    def prolong(self) -> None:
        """Hold the lock for one more request; one that was just taken lasts long enough.

        Raises:
            TransientError: It was lost: this process stood still for too long.
        """
        if time.monotonic() - self._taken < FRESH:
            return
        if not self._locks.try_hold(self._name, self._owner, LEASE):
            raise TransientError("Someone else renews this token. Try again in a moment.")

    def release(self) -> None:
        """Give it back."""
        self._locks.release(self._name, self._owner)


def token_id(token: Token) -> str:
    """Return a name for the lock of an unsaved token that tells nothing about it."""
    return hashlib.sha256((token.refresh_token or token.access_token).encode()).hexdigest()[:32]


def _token(credential: Credential) -> Token:
    return Token.from_json(str(credential.attributes.get("token", "{}")))


def bare(provider_type: str, attributes: Attributes, token: Token) -> Attributes:
    """Replace the token by one that rclone cannot renew."""
    values = {"access_token": token.access_token, "token_type": token.token_type}
    if provider_type == "YANDEX":
        values["refresh_token"] = NO_REFRESH
    return {**attributes, "token": json.dumps(values)}


def renew(provider_type: str, token: Token, attributes: Attributes, lock: Lock | None = None) -> Token:
    """Ask for a new token: the client in the form, then once in the header (RFC 6749 section 2.3.1).

    Raises:
        PermanentError: It cannot be renewed.
        TransientError: The provider's log-in is out of reach.
    """
    if not token.refresh_token:
        raise PermanentError(f"The token has ended and has no refresh_token. {AGAIN}", field="token")
    client = client_form(attributes)
    if "client_id" not in client:
        message = "The token has ended. Only the app that made it can renew it: enter your own client ID and secret"
        raise PermanentError(f"{message}, or paste a new token.", field="client_id")
    endpoint = token_endpoint(provider_type, attributes)
    form = {"grant_type": "refresh_token", "refresh_token": token.refresh_token}
    answer = _asked(endpoint, form | client, None, lock)
    if not answer.ok and answer.values.get("error") == "invalid_client" and "client_secret" in client:
        header = HTTPBasicAuth(client["client_id"].encode(), client["client_secret"].encode())
        answer = _asked(endpoint, form, header, lock)
    found = token_in(answer)
    if not found:
        raise _refused(provider_type, answer)
    kept = {"refresh_token": token.refresh_token, "token_type": token.token_type}
    return Token.from_mapping({**kept, **found}, now=datetime.now(UTC))


def _asked(endpoint: str, form: Mapping[str, str], auth: HTTPBasicAuth | None, lock: Lock | None) -> Answer:
    if lock:
        lock.prolong()
    return ask("POST", endpoint, form=form, auth=auth)


def _refused(provider_type: str, answer: Answer) -> CredentialError:
    """Return the sentence; whatever is not said to be the client's fault or the vendor's is the token's."""
    if answer.ok or (not answer.values and not answer.busy):
        label = VENDORS[provider_type].label
        return TransientError(f"{label}'s log-in sent something that is no answer. Is a proxy or a page in between?")
    found = refusal(VENDORS[provider_type], answer)
    if isinstance(found, TransientError) or found.field in {"client_id", "client_secret", "tenant"}:
        return found
    code = found.message.rpartition(" (")[2] if found.message.endswith(").") else ""
    said = f" ({code[:-2]})" if code else ""
    return PermanentError(f"The token can no longer be renewed{said}. {AGAIN}", field="token")

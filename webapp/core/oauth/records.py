"""Notes who is logged in with a stored credential, and when its token is renewed next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from webapp.core.oauth.schedule import scheduled
from webapp.core.oauth.vendors import VENDORS
from webapp.core.store import Credential, Store
from webapp.core.store.logins import Login
from webapp.core.tokens import Token


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Who logged in, and what the token may do."""

    account: str
    scopes: str


def watch(store: Store, credential: Credential, logged_in: LoggedIn | None = None) -> None:
    """Begin to keep a credential's token alive.

    One that was pasted or imported is renewed soon, since its age is not known; a log-in just made counts from now.
    """
    text = str(credential.attributes.get("token", ""))
    if credential.provider not in VENDORS or not text:
        store.logins.remove(credential.id)
        return
    token = Token.from_json(text)
    login = store.logins.find(credential.id) or Login(credential.id)
    login = replace(login, previous="", chain=(0, 0))
    if logged_in:
        login = replace(login, account=logged_in.account, scopes=logged_in.scopes)
    at = datetime.now(UTC)
    store.logins.put(scheduled(VENDORS[credential.provider], login, token, at, known=logged_in is not None))


def meant(store: Store, credential: Credential, version: int) -> int:
    """Return the version to save over: a form that is older by renewals of the token alone is still good."""
    login = store.logins.find(credential.id)
    first, last = login.chain if login else (0, 0)
    return credential.version if last == credential.version and first <= version < last else version

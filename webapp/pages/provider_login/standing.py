"""How each log-in stands: who, what it may do, when it is renewed and when it ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from webapp.core.errors import CredentialError
from webapp.core.oauth.revoke import can_revoke
from webapp.core.oauth.schedule import WARN
from webapp.core.oauth.vendors import VENDORS, Vendor
from webapp.core.store import Credential
from webapp.core.store.logins import Login
from webapp.core.tokens import Token
from webapp.pages.access import runtime
from webapp.pages.drafts import Draft


@dataclass(frozen=True, slots=True)
class Standing:
    """What a page shows of a log-in.

    Attributes:
        vendor: Where it is.
        login: What is known of a stored one.
        access_ends: When the present access token ends; it is renewed by itself when there is a refresh token.
        renewed: Whether it can be renewed.
        revocable: Whether it can be revoked from here.
        account: Who is logged in: the form's own log-in before the stored one.
        other: Who was logged in before, when it is somebody else in this form.
        scopes: What it may do.
        new: Whether it was made in this form and is not saved yet.
    """

    vendor: Vendor
    login: Login | None = None
    access_ends: datetime | None = None
    renewed: bool = False
    revocable: bool = False
    account: str = ""
    other: str = ""
    scopes: str = ""
    new: bool = False

    @property
    def connected(self) -> bool:
        """Tell whether there is a log-in at all."""
        return self.new or self.login is not None


def login_of(provider_type: str, credential: Credential | None, draft: Draft | None = None) -> Standing | None:
    """Return how a credential's log-in stands; nothing for providers without one."""
    vendor = VENDORS.get(provider_type)
    if vendor is None:
        return None
    mine = draft.login if draft and draft.secrets.get("token") else {}
    login = runtime().store.logins.find(credential.id) if credential else None
    token = _token(
        draft.secrets["token"] if draft and mine else str((credential and credential.attributes.get("token")) or "")
    )
    return Standing(
        vendor,
        login,
        token.expiry if token else None,
        bool(token and token.refresh_token),
        can_revoke(provider_type),
        mine.get("account", "") or (login.account if login else ""),
        mine.get("other", ""),
        mine.get("scopes", "") or (login.scopes if login else ""),
        bool(mine),
    )


def _token(text: str) -> Token | None:
    try:
        return Token.from_json(text) if text else None
    except CredentialError:
        return None


@dataclass(frozen=True, slots=True)
class AtRisk:
    """A credential whose log-in needs a person, or ends soon."""

    credential: Credential
    login: Login


def at_risk() -> list[AtRisk]:
    """Return the log-ins that are broken, and those that end within a week."""
    logins = runtime().store.logins
    found = [*logins.broken(), *logins.ending(datetime.now(UTC) + WARN)]
    shown: list[AtRisk] = []
    for login in found:
        try:
            shown.append(AtRisk(runtime().store.credentials.get(login.credential), login))
        except CredentialError:
            continue  # deleted meanwhile
    return shown

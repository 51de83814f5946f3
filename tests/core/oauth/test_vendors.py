"""What each vendor is asked for, when its tokens are renewed, and what its refusals say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from core.oauth.clicking import APP, HERE, ME, begin, logged_in, sent, sign_in
from servers.fake_internet.starting import Internet

from webapp.core.errors import PermanentError
from webapp.core.oauth.accounts import account_name
from webapp.core.oauth.flows import Way, challenge
from webapp.core.oauth.refresh import TokenDoor
from webapp.core.oauth.refusals import REFUSALS, spoken
from webapp.core.oauth.schedule import scheduled
from webapp.core.oauth.service import LoginService
from webapp.core.oauth.vendors import VENDORS
from webapp.core.providers import PROVIDERS
from webapp.core.store import Store
from webapp.core.store.logins import Login
from webapp.core.tokens import Token
from webapp.core.validation import check

PKCE = {"DROPBOX", "GOOGLE_DRIVE", "GOOGLE_PHOTOS", "ONEDRIVE", "YANDEX"}
"""Vendors whose documentation names S256 challenges."""

LASTING: dict[str, dict[str, str]] = {
    "DROPBOX": {"token_access_type": "offline"},
    "GOOGLE_DRIVE": {"access_type": "offline", "prompt": "consent"},
    "GOOGLE_PHOTOS": {"access_type": "offline", "prompt": "consent"},
    "ONEDRIVE": {"prompt": "select_account", "response_mode": "query"},
    "YANDEX": {"force_confirm": "yes"},
}
"""Without these the first log-in, or the second, gives a token that cannot be renewed, or the wrong account's."""

READ_ONLY = {
    "DROPBOX": "account_info.read files.metadata.read files.content.read",
    "GOOGLE_DRIVE": "https://www.googleapis.com/auth/drive.readonly",
    "GOOGLE_PHOTOS": "photoslibrary.readonly.appcreateddata",
    "ONEDRIVE": "User.Read Files.Read Files.Read.All Sites.Read.All offline_access",
    "YANDEX": "cloud_api:disk.read cloud_api:disk.info",
}


def asked(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


@pytest.mark.parametrize("provider", VENDORS)
def test_what_the_vendor_is_asked_for(logins: LoginService, provider: str) -> None:
    started = begin(logins, provider)
    query = asked(started.address)
    assert (query["response_type"], query["redirect_uri"]) == ("code", HERE)
    assert len(query["state"]) >= 43  # 256 random bits
    assert LASTING.get(provider, {}).items() <= query.items()
    assert ("code_challenge" in query) is (provider in PKCE)
    if provider in PKCE:
        assert query["code_challenge_method"] == "S256"
        assert query["code_challenge"] == challenge(started.flow.values["verifier"])
    assert provider != "ONEDRIVE" or "offline_access" in query["scope"].split()
    assert provider != "YANDEX" or 6 <= len(query["device_id"]) <= 50  # else the token cannot be revoked
    assert "client_secret" not in query
    assert started.flow.values["verifier"] not in started.address


@pytest.mark.parametrize("provider", READ_ONLY)
def test_read_only_asks_for_less(logins: LoginService, internet: Internet, provider: str) -> None:
    started = logins.begin(ME, provider, APP, way=Way.REDIRECT, access="read", redirect=HERE)
    scope = asked(started.address)["scope"]
    assert READ_ONLY[provider] in scope
    assert "write" not in scope.lower()
    assert logins.come_back(ME, sent(sign_in(internet, started.address))).scopes == scope


@pytest.mark.parametrize("provider", sorted(PKCE))
@pytest.mark.parametrize("verifier", ["", "another-verifier-that-is-long-enough-for-rfc-7636"])
def test_a_code_without_its_verifier(
    logins: LoginService, store: Store, internet: Internet, provider: str, verifier: str
) -> None:
    """Whoever steals a code can do nothing with it: the vendor wants what only this log-in knows."""
    started = begin(logins, provider)
    returned = sent(sign_in(internet, started.address))
    store.flows.put(started.flow, ME, {**started.flow.values, "verifier": verifier})
    with pytest.raises(PermanentError, match="not good any more"):
        logins.come_back(ME, returned)


def test_a_redirect_address_that_is_left_out(logins: LoginService, store: Store, internet: Internet) -> None:
    started = begin(logins, "BOX")
    returned = sent(sign_in(internet, started.address))
    store.flows.put(started.flow, ME, {**started.flow.values, "redirect": ""})
    with pytest.raises(PermanentError, match="not good any more"):
        logins.come_back(ME, returned)


def test_a_code_of_box_that_came_after_thirty_seconds(logins: LoginService, internet: Internet) -> None:
    with pytest.raises(PermanentError, match="not good any more"):
        logged_in(logins, internet, "BOX", "late")
    assert logged_in(logins, internet, "BOX", "ada").account  # ours is exchanged at once


@pytest.mark.parametrize("provider", VENDORS)
def test_tokens_of_four_kilobytes(logins: LoginService, store: Store, internet: Internet, provider: str) -> None:
    """Microsoft's are that long; account and token go the whole way."""
    finished = logged_in(logins, internet, provider, "a" * 4096)
    token = Token.from_json(finished.values["token"])
    assert len(token.access_token) > 4096
    made = store.credentials.add("Long", provider, finished.values, by="me")
    if token.refresh_token:
        TokenDoor(store, by="tests").renew_now(made.id)
    kept = Token.from_json(str(store.credentials.get(made.id).attributes["token"]))
    assert len(kept.access_token) > 4096
    assert account_name(provider, kept, finished.values).startswith("aaaa")


AT_LATEST = {"BOX": 30, "ONEDRIVE": 60, "YANDEX": 90, "GOOGLE_DRIVE": 90, "GOOGLE_PHOTOS": 90}
"""Days; each well before the log-in ends."""


@pytest.mark.parametrize("provider", VENDORS)
def test_when_a_token_is_renewed_that_nobody_uses(provider: str) -> None:
    at, token = datetime(2026, 1, 1, tzinfo=UTC), Token("a", "r", expiry=datetime(2026, 1, 1, 1, tzinfo=UTC))
    found = [scheduled(VENDORS[provider], Login("c"), token, at) for _ in range(20)]
    if provider not in AT_LATEST:
        assert {login.due for login in found} == {None}
        return
    dues = {login.due for login in found if login.due}
    assert all(at + timedelta(days=AT_LATEST[provider]) >= due > at + timedelta(days=20) for due in dues)
    assert len(dues) == 20  # those of one day do not stay together
    assert all(login.ends and login.due and login.due < login.ends for login in found)


SAID = {
    "AADSTS7000222": ("client_secret", "has ended"),
    "AADSTS7000218": ("client_secret", "needs its client secret"),
    "AADSTS700082": ("token", "Log in at the provider again"),
    "AADSTS50173": ("token", "Log in at the provider again"),
    "AADSTS50011": ("", "not registered"),
    "redirect_uri_mismatch": ("", "not registered"),
    "AADSTS90002": ("tenant", "no such tenant"),
    "AADSTS50020": ("tenant", "not open to this account"),
    "AADSTS700016": ("client_id", "no app with this client ID"),
    "AADSTS65001": ("", "has not been allowed"),
    "admin_policy_enforced": ("", "has not been allowed"),
    "AADSTS53003": ("token", "rules do not allow"),
    "AADSTS7000215": ("client_id", "does not know this client"),
    "invalid_client": ("client_id", "does not know this client"),
    "access_denied": ("", "was refused"),
    "expired_token": ("", "time for this log-in is over"),
    "invalid_scope": ("", "may not ask for these rights"),
    "invalid_grant": ("", "not good any more"),
    "slow_down": ("", "asks to wait"),
}
"""A vendor's code, the field that its sentence belongs to, and words of the sentence."""


@pytest.mark.parametrize("code", SAID)
def test_a_refusal_says_what_to_do_with_the_vendors_code(code: str) -> None:
    error = "invalid_request" if code.startswith("AADSTS") else code
    refused = spoken(VENDORS["ONEDRIVE"], error, f"{code}: Trace ID: CANARY, user ada@example.com")
    field, words = SAID[code]
    assert (refused.field, words in refused.message) == (field, True), refused.message
    assert f"(Microsoft says {code})" in refused.message
    assert "CANARY" not in refused.message
    assert "@" not in refused.message


def test_every_refusal_is_tried() -> None:
    met = [spoken(VENDORS["ONEDRIVE"], code).message.partition(" (")[0] for code in SAID]
    assert {refusal.message.rstrip(".") for refusal in REFUSALS} == set(met)


def test_the_client_that_google_retires_is_warned_of() -> None:
    token = Token("ya29.made-up", "1//made-up").to_json()
    said = [problem.message for problem in check(PROVIDERS["GOOGLE_DRIVE"], {"token": token}).problems]
    assert any("Google retires the client that rclone shares" in message for message in said)

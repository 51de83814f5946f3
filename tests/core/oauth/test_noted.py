"""What the audit says of log-ins: who logged in where, how it ended, and never a value or an account."""

from __future__ import annotations

import json

import pytest
from core.oauth.clicking import APP, ME, OTHER, begin, logged_in, sent, sign_in
from servers.fake_internet.starting import Internet
from servers.fake_internet.tokens import CLIENT_SECRET

from webapp.core.errors import PermanentError
from webapp.core.oauth.records import LoggedIn
from webapp.core.oauth.refresh import TokenDoor
from webapp.core.oauth.revoke import revoke_stored
from webapp.core.oauth.service import LoginService
from webapp.core.service import CredentialService
from webapp.core.store import Store
from webapp.core.store.audit import Action
from webapp.core.store.audit.acting import acting
from webapp.core.store.audit.reading import AuditLog


def entries(store: Store, *actions: str) -> list[tuple[str, str, dict[str, str]]]:
    """Return kind, outcome and detail of what was noted, the oldest first."""
    found = [entry for entry in AuditLog(store.audit).walk() if entry.action in actions]
    return [(entry.kind, str(entry.outcome), dict(entry.detail)) for entry in found]


def no_checks() -> object:
    raise AssertionError("nothing is verified here")


def test_who_logged_in_where(logins: LoginService, store: Store, internet: Internet) -> None:
    with acting("ada", "192.0.2.7"):
        finished = logged_in(logins, internet, "BOX", "grace")
    (entry,) = [one for one in AuditLog(store.audit).walk() if one.action == Action.CONNECT]
    assert (entry.who, entry.origin, entry.subject, entry.outcome) == ("ada", "192.0.2.7", "BOX", "ok")
    token = json.loads(finished.values["token"])
    for secret in (finished.account, token["access_token"], token["refresh_token"], CLIENT_SECRET):
        assert secret not in repr(entry)


def test_what_came_to_nothing(logins: LoginService, store: Store, internet: Internet) -> None:
    returned = sent(sign_in(internet, begin(logins, "BOX").address, answer="refuse"))
    with pytest.raises(PermanentError):
        logins.come_back(OTHER, returned)
    with pytest.raises(PermanentError):
        logins.come_back(ME, returned)
    (foreign, refused) = entries(store, Action.CONNECT)
    assert foreign[1] == refused[1] == "refused"
    assert "was not begun in this browser" in foreign[2]["why"]
    assert "was refused at the provider" in refused[2]["why"]


def test_a_credential_is_connected_reconnected_and_revoked(
    logins: LoginService, store: Store, internet: Internet
) -> None:
    service = CredentialService(store, no_checks)  # pyright: ignore[reportArgumentType]  none is asked for
    made = service.add("Box", "BOX", logged_in(logins, internet, "BOX").values, by="me", logged_in=LoggedIn("ada", ""))
    again = logged_in(logins, internet, "BOX").values
    service.edit(made.id, again, version=made.version, by="me", logged_in=LoggedIn("ada", ""))
    revoke_stored(store, made.id, TokenDoor(store, by="tests"))
    noted = [(kind, detail.get("what", "revoked")) for kind, _, detail in entries(store, Action.CONNECT, Action.REVOKE)]
    assert [what for kind, what in noted if kind == "credential"] == ["connected", "reconnected", "revoked"]


def test_what_the_vendor_would_not_revoke(logins: LoginService, store: Store, internet: Internet) -> None:
    values = logged_in(logins, internet, "PCLOUD").values
    made = store.credentials.add("pCloud", "PCLOUD", values, by="me")
    with pytest.raises(PermanentError):
        revoke_stored(store, made.id, TokenDoor(store, by="tests"))
    assert [(kind, outcome) for kind, outcome, _ in entries(store, Action.REVOKE)] == [("credential", "failed")]


def test_a_log_in_that_is_over_is_noted_once(store: Store, internet: Internet) -> None:
    token = {"access_token": "bad", "refresh_token": "gone-noted-0", "expiry": "2020-01-01T00:00:00Z"}
    made = store.credentials.add("Box", "BOX", {**APP, "token": json.dumps(token)}, by="me")
    for _ in range(3):
        with pytest.raises(PermanentError):
            TokenDoor(store, by="tests").renew_now(made.id)
    (noted,) = entries(store, Action.FAILURE)
    assert noted[2]["what"] == "needs re-login"
    assert "can no longer be renewed" in noted[2]["why"]

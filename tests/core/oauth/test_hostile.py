"""Vendors that answer with anything but an answer: a sentence, soon, and nothing kept of it."""

from __future__ import annotations

import json
import threading
import time

import pytest
import trustme
from core.oauth.clicking import APP, ME, begin, sent, sign_in
from servers.fake_internet.starting import Internet
from servers.fake_internet.tokens import HOSTILE

from webapp.core.errors import CredentialError, TransientError
from webapp.core.oauth import web
from webapp.core.oauth.refresh import TokenDoor
from webapp.core.oauth.service import LoginService
from webapp.core.store import Store
from webapp.core.tokens import Token

WHOLE = 1.0
SLOW = ("drip", "dripbody")
"""Replies that would take minutes: the time for a whole answer ends them, headers or body."""


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "WHOLE", WHOLE)
    monkeypatch.setattr(web, "TIMEOUT", (5.0, 5.0))


@pytest.mark.parametrize("account", HOSTILE)
def test_at_the_log_in(logins: LoginService, internet: Internet, account: str) -> None:
    returned = sent(sign_in(internet, begin(logins, "GOOGLE_PHOTOS").address, account))
    began = time.monotonic()
    with pytest.raises(CredentialError) as refused:
        logins.come_back(ME, returned)
    assert time.monotonic() - began < 5  # each part of the answer has five seconds, all of it has one
    assert "<" not in refused.value.message
    assert "xxxx" not in refused.value.message
    assert len(refused.value.message) < 300
    assert ("too slowly" in refused.value.message) is (account in {*SLOW, "hang", "stall"})
    assert internet.ask("strangers") == []
    assert not [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]


@pytest.mark.parametrize("kind", HOSTILE)
def test_at_a_renewal_the_token_stays_and_is_tried_again(store: Store, internet: Internet, kind: str) -> None:
    token = Token("good-old", f"{kind}-hostile-0").to_json()
    made = store.credentials.add("Box", "BOX", {**APP, "token": token}, by="me")
    with pytest.raises(TransientError):
        TokenDoor(store, by="tests").renew_now(made.id)
    assert json.loads(str(store.credentials.get(made.id).attributes["token"])) == json.loads(token)
    login = store.logins.find(made.id)
    assert login
    assert not login.needs_login  # nobody has said that the token is over
    assert login.due
    assert internet.ask("strangers") == []


def test_a_file_of_authorities_that_is_changed_is_read_again(
    logins: LoginService, internet: Internet, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = tmp_path_factory.mktemp("trust") / "ca.pem"
    trusted.write_bytes(internet.ca_file.read_bytes())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trusted))
    returned = sent(sign_in(internet, begin(logins, "BOX").address))
    assert logins.come_back(ME, returned).account
    trusted.write_bytes(trustme.CA().cert_pem.bytes())
    returned = sent(sign_in(internet, begin(logins, "BOX").address))
    with pytest.raises(TransientError):
        logins.come_back(ME, returned)

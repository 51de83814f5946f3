"""A token that a check renews is saved with the form: the one that was typed no longer works."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from pages.visitor import Visitor
from servers.fake_internet.starting import Internet
from servers.fake_internet.tokens import CLIENT, CLIENT_SECRET

from webapp.core.runtime import Runtime
from webapp.settings import Settings


@pytest.fixture
def runtime(settings: Settings, internet: Internet, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    """An app whose providers are those of the fake internet."""
    for name, value in internet.environment.items():
        monkeypatch.setenv(name, value)
    made = Runtime(settings)
    yield made
    made.stop()


def test_verify_renews_and_save_keeps_the_new_one(visitor: Visitor, runtime: Runtime, internet: Internet) -> None:
    old = {
        "access_token": "bad",
        "token_type": "bearer",
        "refresh_token": "once-draft-0",
        "expiry": "2020-01-01T00:00:00Z",
    }
    typed = {
        "name": "My Box",
        "value.client_id": CLIENT,
        "value.client_secret": CLIENT_SECRET,
        "value.token": json.dumps(old),
    }
    verified = visitor.press(visitor.get("/cloud-credentials/add?provider=BOX"), "Verify", typed)
    assert "accepted" in verified.text, verified.text
    visitor.press(verified, "Save")
    saved = runtime.store.credentials.find("My Box")
    assert json.loads(str(saved.attributes["token"]))["refresh_token"] == "once-draft-1"
    assert saved.verification.state == "valid"
    again = runtime.service.verify_stored(saved.id)
    assert again.good
    assert internet.ask("renewals")["draft"] == 1
    assert not [seen for seen in visitor.seen if "good-draft" in seen or "once-draft" in seen]

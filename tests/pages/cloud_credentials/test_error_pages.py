"""What goes wrong is said on a page that helps, in whole and in part, and never repeats a value."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from flask import Flask
from pages.cloud_credentials.conftest import logged_in
from pages.visitor import Visitor

from webapp.app import create_app
from webapp.core.runtime import Runtime
from webapp.core.store.credentials import Credentials
from webapp.settings import Settings

VALUES = {"provider": "AWS", "access_key_id": "a", "secret_access_key": "CANARY-secret"}


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/nowhere", 404, "There is no such page"),
        ("/cloud-credentials/no-such-id", 404, "no such credential"),
        ("/logout", 405, "Go back and use the buttons"),
        ("/cloud-credentials/fields?provider=NOPE", 404, "provider"),
    ],
)
def test_a_page_that_is_not_there(visitor: Visitor, address: str, status: int, words: str) -> None:
    page = visitor.get(address)
    assert page.status == status
    assert words in page.text
    assert 'href="/"' in page.text


def test_a_form_without_its_token(visitor: Visitor, app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    answer = visitor.client.post("/cloud-credentials/add", data={"value.pass": "CANARY-secret"})
    assert answer.status_code == 400
    assert "Reload it and try again" in answer.text
    assert "CANARY" not in answer.text


def test_a_fault_has_a_number_that_stands_in_the_log(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("CANARY-secret in a text of someone else")

    monkeypatch.setattr(Credentials, "search", broken)
    with caplog.at_level(logging.ERROR):
        page = visitor.get("/cloud-credentials/")
    assert page.status == 500
    number = page.text.partition("Its number is ")[2][:8]
    assert number in caplog.text
    assert "RuntimeError" in caplog.text
    assert "CANARY" not in page.text + caplog.text
    assert "Traceback" not in page.text
    part = visitor.get("/cloud-credentials/", **{"HX-Request": "true", "HX-Request-Type": "partial"})
    assert part.status == 500
    assert "<html" not in part.text
    assert "Its number is " in part.text


@pytest.fixture
def locked(settings: Settings, runtime: Runtime, visitor: Visitor) -> Iterator[tuple[Visitor, Runtime, str]]:
    """The app started again without its seed: a log-in, what runs, the seed's text."""
    runtime.service.add("Nightly", "S3", VALUES, by="me")
    seed = settings.data_dir / "secret-seed.json"
    text = seed.read_text()
    seed.unlink()
    again = Runtime(settings)
    yield logged_in(create_app(settings, again), again), again, text
    again.stop()


def test_a_locked_start_keeps_all_and_takes_the_seed(locked: tuple[Visitor, Runtime, str]) -> None:
    visitor, again, text = locked
    assert again.store.locked
    page = visitor.get("/")
    assert again.store.locked.missing[0] in page.text
    assert "Nothing is lost" in page.text
    refused = visitor.press(page, "Unlock", {"seed": text.replace(again.store.locked.missing[0], "0" * 16)})
    assert refused.status == 422
    assert again.store.credentials.count() == 1
    nonsense = visitor.press(refused, "Unlock", {"seed": "no seed"})
    assert nonsense.status == 422
    visitor.press(nonsense, "Unlock", {"seed": text})
    assert again.store.locked is None
    assert again.store.credentials.find("Nightly").attributes["secret_access_key"] == "CANARY-secret"
    assert "Nightly" in visitor.get("/").text


def test_nothing_is_written_while_locked(locked: tuple[Visitor, Runtime, str]) -> None:
    visitor, again, _ = locked
    for address in ("/cloud-credentials/", "/cloud-credentials/add", "/cloud-credentials/import"):
        assert "locked" in visitor.get(address).text
    assert again.store.credentials.find("Nightly").locked

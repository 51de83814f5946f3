"""Everything works as a plain form, without JavaScript, and nothing typed is lost."""

from __future__ import annotations

from pages.visitor import Page, Visitor

from webapp.core.runtime import Runtime
from webapp.core.store import Credential

START = "/cloud-credentials/add?provider="


def typed(values: dict[str, str], name: str = "Nightly") -> dict[str, str]:
    return {"name": name, **{f"value.{key}": value for key, value in values.items()}}


def stored(runtime: Runtime, name: str = "Nightly") -> Credential:
    return runtime.store.credentials.find(name)


def add(visitor: Visitor, provider: str, values: dict[str, str], name: str = "Nightly") -> Page:
    """Add a credential without verifying it."""
    asked = visitor.press(visitor.get(START + provider), "Save", typed(values, name))
    return visitor.press(asked, "Save")


def test_add_verify_save_find_again(visitor: Visitor, runtime: Runtime, s3: dict[str, str]) -> None:
    verified = visitor.press(visitor.get(START + "S3"), "Verify", typed(s3))
    assert verified.status == 200
    assert "The provider accepted this credential" in verified.text
    assert runtime.store.credentials.count() == 0
    assert s3["secret_access_key"] not in verified.text
    listed = visitor.press(verified, "Save")
    assert "Nightly" in listed.text
    assert dict(stored(runtime).attributes) == {**s3, "max_upload_parts": 10_000}
    assert stored(runtime).verification.state == "valid"


def test_a_wrong_secret_is_said_at_its_field(visitor: Visitor, webdav: dict[str, str]) -> None:
    page = visitor.press(visitor.get(START + "WEBDAV"), "Verify", typed({**webdav, "pass": "wrong-canary"}))
    assert "invalid" in page.text
    assert "wrong-canary" not in page.text
    assert "#field-pass" in page.text


def test_saving_without_a_check_asks_once_then_obeys(
    visitor: Visitor, runtime: Runtime, webdav: dict[str, str]
) -> None:
    asked = visitor.press(visitor.get(START + "WEBDAV"), "Save", typed(webdav))
    assert "not verified" in asked.text
    assert runtime.store.credentials.count() == 0
    visitor.press(asked, "Save")
    assert dict(stored(runtime).attributes) == webdav
    assert stored(runtime).verification is None


def test_the_answer_holds_for_the_asked_values_only(visitor: Visitor, runtime: Runtime, webdav: dict[str, str]) -> None:
    asked = visitor.press(visitor.get(START + "WEBDAV"), "Save", typed(webdav))
    again = visitor.press(asked, "Save", {"value.user": "another"})
    assert runtime.store.credentials.count() == 0
    visitor.press(again, "Save")
    assert stored(runtime).attributes["user"] == "another"


def test_saying_yes_in_advance_is_not_obeyed(visitor: Visitor, runtime: Runtime, webdav: dict[str, str]) -> None:
    page = visitor.get(START + "WEBDAV")
    visitor.press(page, "Save", {**typed(webdav), "confirm": "yes", "action": "save-anyway"})
    assert runtime.store.credentials.count() == 0


def test_a_failed_check_asks_as_well(visitor: Visitor, runtime: Runtime, webdav: dict[str, str]) -> None:
    failed = visitor.press(visitor.get(START + "WEBDAV"), "Verify", typed({**webdav, "pass": "wrong-canary"}))
    asked = visitor.press(failed, "Save")
    assert runtime.store.credentials.count() == 0
    visitor.press(asked, "Save")
    assert stored(runtime).attributes["pass"] == "wrong-canary"
    assert stored(runtime).verification.state == "invalid"


def test_a_good_check_does_not_vouch_for_other_values(
    visitor: Visitor, runtime: Runtime, webdav: dict[str, str]
) -> None:
    verified = visitor.press(visitor.get(START + "WEBDAV"), "Verify", typed(webdav))
    visitor.press(verified, "Save", {"value.pass": "another-canary"})
    assert runtime.store.credentials.count() == 0


def test_an_error_keeps_what_was_typed(visitor: Visitor, runtime: Runtime, webdav: dict[str, str]) -> None:
    wrong = visitor.press(visitor.get(START + "WEBDAV"), "Save", typed({**webdav, "url": "ftp://nas/x"}))
    assert wrong.status == 422
    assert 'value="ftp://nas/x"' in wrong.text
    assert 'value="u"' in wrong.text
    assert webdav["pass"] not in wrong.text
    assert 'href="#field-url"' in wrong.text
    asked = visitor.press(wrong, "Save", {"value.url": webdav["url"]})
    visitor.press(asked, "Save")
    assert dict(stored(runtime).attributes) == webdav


def test_a_wrong_name_is_told_before_the_question(visitor: Visitor, webdav: dict[str, str]) -> None:
    add(visitor, "WEBDAV", webdav)
    page = visitor.press(visitor.get(START + "WEBDAV"), "Save", typed(webdav, " nightLY  "))
    assert page.status == 422
    assert "has this name" in page.text


def test_changing_the_provider_keeps_what_both_have(visitor: Visitor) -> None:
    page = visitor.get(START + "FTP")
    values = {
        "name": "Mine",
        "provider": "SFTP",
        "value.host": "nas.example.com",
        "value.user": "u",
        "value.pass": "pw-canary",
    }
    page = visitor.press(page, "Continue", values)
    assert 'value="nas.example.com"' in page.text
    assert 'value="Mine"' in page.text
    assert "field-key_pem" in page.text
    assert "pw-canary" not in page.text


def test_a_provider_that_was_not_loaded_yet_saves_nothing(visitor: Visitor, runtime: Runtime) -> None:
    page = visitor.press(visitor.get(START + "FTP"), "Save", {"name": "X", "provider": "SFTP", "value.host": "h"})
    assert page.status in {200, 422}
    assert runtime.store.credentials.count() == 0
    assert "field-key_pem" in page.text


def test_a_secret_never_stands_in_an_address(visitor: Visitor) -> None:
    page = visitor.get(START + "S3")
    assert "hx-include" not in page.text
    answer = visitor.get("/cloud-credentials/fields?provider=S3&value.secret_access_key=canary-in-address")
    assert not [control for control in answer.read.inputs if control.get("value") == "canary-in-address"]


def test_hubic_is_not_offered(visitor: Visitor) -> None:
    assert 'value="HUBIC"' not in visitor.get(START + "S3").text


def test_unknown_provider_and_field(visitor: Visitor, runtime: Runtime, webdav: dict[str, str]) -> None:
    assert visitor.get(START + "NOPE").status == 404
    page = visitor.press(visitor.get(START + "WEBDAV"), "Save", typed({**webdav, "config_file": "/etc/passwd"}))
    assert page.status == 422
    assert "has no field" in page.text
    assert runtime.store.credentials.count() == 0


def test_a_draft_is_of_no_use_to_another_log_in(
    visitor: Visitor, second: Visitor, runtime: Runtime, webdav: dict[str, str]
) -> None:
    page = visitor.press(visitor.get(START + "WEBDAV"), "Save", typed({**webdav, "url": ""}))
    foreign = second.press(second.get(START + "WEBDAV"), "Save", {"draft": page.form("Save").values["draft"]})
    assert "Typed" not in foreign.text
    assert runtime.store.credentials.count() == 0

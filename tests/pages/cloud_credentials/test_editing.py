"""Changing what is stored: secrets stay where they are, nobody's work is lost, nothing is vouched for wrongly."""

from __future__ import annotations

import html
import logging
import re
import sqlite3
import time

import pytest
from pages.visitor import Page, Visitor
from servers.waiting import eventually
from werkzeug.datastructures import MultiDict

from webapp.core.runtime import Runtime
from webapp.core.store import Credential
from webapp.core.verification.states import Result, State
from webapp.pages.drafts import Draft, digest
from webapp.settings import Settings

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def nightly(runtime: Runtime, webdav: dict[str, str]) -> Credential:
    return runtime.service.add("Nightly", "WEBDAV", webdav, by="admin")


@pytest.fixture
def address(nightly: Credential) -> str:
    return f"/cloud-credentials/{nightly.id}"


def now(runtime: Runtime, nightly: Credential) -> Credential:
    return runtime.store.credentials.get(nightly.id)


def test_a_stored_secret_is_kept_and_never_shown(
    visitor: Visitor, runtime: Runtime, nightly: Credential, address: str, webdav: dict[str, str]
) -> None:
    page = visitor.get(address)
    assert "Stored, changed on" in page.text
    visitor.press(page, "Save", {"name": "Renamed"})
    assert now(runtime, nightly).name == "Renamed"
    assert dict(now(runtime, nightly).attributes) == webdav
    assert not [text for text in visitor.seen if webdav["pass"] in text]


def test_another_place_asks_for_the_secret_again(
    visitor: Visitor, runtime: Runtime, nightly: Credential, address: str, webdav: dict[str, str]
) -> None:
    refused = visitor.press(visitor.get(address), "Save", {"value.url": "https://elsewhere.example.com/dav"})
    assert refused.status == 422
    assert "again" in refused.text
    assert now(runtime, nightly).attributes["url"] == webdav["url"]
    asked = visitor.press(refused, "Save", {"value.pass": "new-canary"})
    visitor.press(asked, "Save")
    assert now(runtime, nightly).attributes["pass"] == "new-canary"


def test_the_mask_is_no_value(visitor: Visitor, runtime: Runtime, nightly: Credential, address: str) -> None:
    page = visitor.press(visitor.get(address), "Save", {"value.pass": "********"})
    assert page.status == 422
    assert "mask" in page.text
    assert now(runtime, nightly).version == nightly.version


def test_of_two_people_the_second_chooses(
    visitor: Visitor, second: Visitor, runtime: Runtime, nightly: Credential, address: str
) -> None:
    mine, theirs = visitor.get(address), second.get(address)
    second.press(second.press(theirs, "Save", {"value.user": "theirs", "value.pass": "their-canary"}), "Save")
    asked = visitor.press(mine, "Save", {"name": "Mine", "value.user": "mine", "value.pass": "my-canary"})
    conflict = visitor.press(asked, "Save") if asked.status != 409 else asked
    assert conflict.status == 409
    assert "admin" in conflict.text
    assert "theirs" in conflict.text
    assert "mine" in conflict.text
    assert "canary" not in conflict.text
    assert now(runtime, nightly).attributes["user"] == "theirs"
    saved = visitor.press(conflict, "Save mine over it")
    assert saved.status == 200
    assert now(runtime, nightly).attributes["user"] == "mine"
    assert now(runtime, nightly).attributes["pass"] == "my-canary"
    assert now(runtime, nightly).name == "Mine"


def test_choosing_theirs_changes_nothing(
    visitor: Visitor, second: Visitor, runtime: Runtime, nightly: Credential, address: str
) -> None:
    mine, theirs = visitor.get(address), second.get(address)
    second.press(theirs, "Save", {"name": "Theirs"})
    conflict = visitor.press(mine, "Save", {"name": "Mine"})
    assert conflict.status == 409
    assert f'href="{address}"' in conflict.text
    assert now(runtime, nightly).name == "Theirs"


def followed(visitor: Visitor, page: Page) -> Page:
    """Ask for the progress of a check as the page does, until it has ended."""
    while again := re.search(r'hx-get="(/cloud-credentials/checks/[^"]+)"', page.text):
        page = visitor.get(html.unescape(again.group(1)), **PARTIAL)
    return page


def test_a_running_check_does_not_vouch_for_newer_values(
    visitor: Visitor, runtime: Runtime, silent: int, webdav: dict[str, str]
) -> None:
    page = visitor.get("/cloud-credentials/add?provider=WEBDAV")
    slow = {**webdav, "url": f"http://127.0.0.1:{silent}/"}
    typed = {"name": "Two checks", **{f"value.{key}": value for key, value in slow.items()}}
    first = visitor.press(page, "Verify", typed, **PARTIAL)
    assert "<progress" in first.text
    quick = followed(visitor, visitor.press(page, "Verify", {**typed, "value.url": webdav["url"]}, **PARTIAL))
    assert "accepted" in quick.text
    assert runtime.store.credentials.count() == 0


def test_progress_is_for_its_own_log_in_alone(
    visitor: Visitor, second: Visitor, silent: int, webdav: dict[str, str]
) -> None:
    page = visitor.get("/cloud-credentials/add?provider=WEBDAV")
    values = {**webdav, "url": f"http://127.0.0.1:{silent}/"}
    started = visitor.press(page, "Verify", {f"value.{key}": value for key, value in values.items()}, **PARTIAL)
    check = started.text.split("/cloud-credentials/checks/")[1].split("?")[0].split('"')[0]
    assert second.get(f"/cloud-credentials/checks/{check}").status == 404
    begun = time.monotonic()
    token = page.form("Verify").values["csrf_token"]
    stopped = visitor.post(f"/cloud-credentials/checks/{check}/cancel", MultiDict({"csrf_token": token}), **PARTIAL)
    assert "stopped" in stopped.text
    assert time.monotonic() - begun < 2


def test_another_token_is_not_vouched_for() -> None:
    assert digest({"token": "a"}) != digest({"token": "b"})


def test_a_renewed_token_counts_as_checked() -> None:
    draft = Draft("1", secrets={"token": "old"}, checked=digest({"token": "old", "x": "y"}))
    draft.note(Result(State.VALID, "Fine.", replaced={"token": "new"}))
    assert draft.result_for({"token": "new", "x": "y"}) is not None
    assert draft.result_for({"token": "old", "x": "y"}) is None


def test_verify_in_the_row_without_javascript(
    visitor: Visitor, runtime: Runtime, nightly: Credential, webdav: dict[str, str]
) -> None:
    page = visitor.press(visitor.get("/cloud-credentials/"), "Verify Nightly")
    assert "accepted" in page.text
    assert now(runtime, nightly).verification.state == "valid"


def test_the_last_answer_and_its_age_stand_above_the_form(
    visitor: Visitor, runtime: Runtime, nightly: Credential, address: str
) -> None:
    assert "not verified yet" in visitor.get(address).text
    runtime.store.credentials.record(
        nightly.id, Result(State.UNREACHABLE, "Nobody answers there."), version=nightly.version
    )
    page = visitor.get(address).text
    assert re.search(r"unreachable</span> <span[^>]*>checked just now</span>: Nobody answers there\.", page)


def test_write_check_tells_before_and_leaves_nothing(visitor: Visitor, address: str) -> None:
    page = visitor.get(f"{address}/write-check")
    assert "deletes it again" in page.text
    assert "deleting work" in visitor.press(page, "Check write access").text


def test_duplicate_rename_delete(visitor: Visitor, runtime: Runtime, nightly: Credential, address: str) -> None:
    visitor.press(visitor.get(f"{address}/duplicate"), "Duplicate", {"name": "Copy"})
    copy = runtime.store.credentials.find("Copy")
    assert dict(copy.attributes) == dict(nightly.attributes)
    taken = visitor.press(visitor.get(f"{address}/rename"), "Rename", {"name": " COPY "})
    assert taken.status == 422
    page = visitor.get(f"{address}/delete")
    assert "Nightly" in page.text
    visitor.press(page, "Delete Nightly")
    assert runtime.store.credentials.count() == 1


def test_went_bad_shows_a_banner_until_it_is_seen(visitor: Visitor, runtime: Runtime, nightly: Credential) -> None:
    record = runtime.store.credentials.record
    record(nightly.id, Result(State.VALID, "Fine."), version=nightly.version)
    record(nightly.id, Result(State.INVALID, "The server rejected it."), version=nightly.version)
    page = visitor.get("/cloud-credentials/")
    assert "worked before" in page.text
    assert "worked before" not in visitor.press(page, "I have seen it").text


def test_a_damaged_record_is_shown_and_can_be_entered_again(
    visitor: Visitor, runtime: Runtime, settings: Settings, nightly: Credential, address: str, webdav: dict[str, str]
) -> None:
    runtime.service.add("Sound", "WEBDAV", webdav, by="admin")
    with sqlite3.connect(settings.data_dir / "backup-credentials.db") as database:
        database.execute("UPDATE credential SET sealed = substr(sealed, 1, 40) WHERE id = ?", (nightly.id,))
    database.close()
    listed = visitor.get("/cloud-credentials/")
    assert "damaged" in listed.text
    assert "Sound" in listed.text
    page = visitor.get(address)
    assert page.status == 200
    asked = visitor.press(page, "Save", {f"value.{key}": value for key, value in webdav.items()})
    visitor.press(asked, "Save")
    assert dict(now(runtime, nightly).attributes) == webdav


def test_search_filter_sort_and_pages(visitor: Visitor, runtime: Runtime, webdav: dict[str, str]) -> None:
    for number in range(60):
        runtime.store.credentials.add(f"Store {number:02}", "WEBDAV", webdav, by="admin")
    runtime.store.credentials.add("Ähre", "FTP", {"host": "h.example.com", "user": "u"}, by="admin")
    first = visitor.get("/cloud-credentials/")
    assert names(first)[0] == "Store 00"
    assert len(names(first)) == 50
    assert len(names(visitor.get("/cloud-credentials/?page=2"))) == 11
    assert names(visitor.get("/cloud-credentials/?text=ähre")) == ["Ähre"]
    assert names(visitor.get("/cloud-credentials/?provider=FTP")) == ["Ähre"]
    assert names(visitor.get("/cloud-credentials/?state=valid")) == []
    assert names(visitor.get("/cloud-credentials/?sort=name&order=descending"))[0] == "Ähre"
    assert "Nothing fits" in visitor.get("/cloud-credentials/?text=nowhere").text


@pytest.mark.parametrize(
    "query", ["page=0", "page=x", "page=99999999999999999999", "sort=nope", "text=%00", "state=%00"]
)
def test_nonsense_in_the_address_does_no_harm(visitor: Visitor, nightly: Credential, query: str) -> None:
    assert visitor.get(f"/cloud-credentials/?{query}").status in {200, 404, 422}


def names(page: Page) -> list[str]:
    return re.findall(r'data-label="Name"><a[^>]*>([^<]*)</a>', page.text)


def test_verify_all_counts_and_can_be_stopped(
    visitor: Visitor, runtime: Runtime, nightly: Credential, silent: int, webdav: dict[str, str]
) -> None:
    for number in range(3):
        values = {**webdav, "url": f"http://127.0.0.1:{silent}/"}
        runtime.service.add(f"Slow {number}", "WEBDAV", values, by="admin")
    page = visitor.press(visitor.get("/cloud-credentials/"), "Verify all")
    assert "of 4 verified" in page.text
    again = visitor.press(visitor.get("/cloud-credentials/"), "Verify all")
    assert "of 4 verified" in again.text
    visitor.press(page, "Stop")

    def ended() -> str:
        text = visitor.get("/cloud-credentials/verify-all").text
        return text if "4 of 4 verified" in text else ""

    assert "cancelled" in eventually(ended)
    assert now(runtime, nightly).verification is None or now(runtime, nightly).verification.good


def test_a_longer_list_asks_the_database_no_more_often(
    visitor: Visitor, runtime: Runtime, webdav: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    def statements() -> int:
        caplog.clear()
        with caplog.at_level(logging.DEBUG, "peewee"):
            assert visitor.get("/cloud-credentials/?text=store").status == 200
        return sum(record.name == "peewee" for record in caplog.records)

    runtime.store.credentials.add("Store", "WEBDAV", webdav, by="admin")
    one = statements()
    for number in range(60):
        runtime.store.credentials.add(f"Store {number}", "WEBDAV", webdav, by="admin")
    assert statements() == one > 1

from __future__ import annotations

import json

from pages.conftest import PASSWORD, Site


def test_the_audit_shows_who_came_from_where(admin: Site) -> None:
    admin.runtime.store.credentials.add("Nightly", "S3", {"secret_access_key": "CANARY-1"}, by="admin")
    page = admin.get("/settings/audit")
    assert "Nightly" in page.text
    assert "127.0.0.1" in page.text
    admin.client.cookies.clear()
    admin.post("/login", {"name": "admin", "password": "CANARY-wrong-password"})
    admin.post("/login", {"name": "admin", "password": PASSWORD})
    refused = admin.get("/settings/audit?action=sign-in&outcome=refused")
    assert "wrong password" in refused.text
    assert "1 in all" in refused.text
    assert not [answer for answer in admin.answers if "CANARY" in answer]


def test_the_chain_is_checked_on_the_page(admin: Site) -> None:
    assert "The chain is unbroken." in admin.get("/settings/audit/check").text
    admin.runtime.store._database.execute_sql("UPDATE audit SET who = 'nobody' WHERE number = 1")
    assert "The chain is broken." in admin.get("/settings/audit/check").text


def test_the_export_is_json_lines(admin: Site) -> None:
    answer = admin.get("/settings/audit.jsonl?action=add")
    (entry,) = [json.loads(line) for line in answer.text.splitlines()]
    assert (entry["kind"], entry["from"]) == ("account", "127.0.0.1")
    assert "attachment" in answer.headers["Content-Disposition"]


def test_a_day_that_is_none_is_told(admin: Site) -> None:
    answer = admin.get("/settings/audit?since=yesterday")
    assert answer.status_code == 422
    assert "2026-11-25" in answer.text


def test_settings_lead_to_the_first_section(admin: Site) -> None:
    assert admin.get("/settings/").url.path.startswith("/settings/")

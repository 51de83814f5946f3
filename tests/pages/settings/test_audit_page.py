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


def noted(site: Site, *actions: str) -> list[tuple[str, str, str]]:
    """Return what is in the audit of these actions, from the browser, the oldest first.

    After a rotation the background may have moved values already.
    """
    found = [entry for entry in site.runtime.store.audit_log.walk() if entry.action in actions]
    found = [entry for entry in found if (entry.action, entry.origin) != ("rotation", "background")]
    assert {entry.origin for entry in found} == {"127.0.0.1"}
    return [(entry.action, str(entry.outcome), entry.who) for entry in found]


def test_reads_on_the_page_are_noted(admin: Site) -> None:
    values = {"access_key_id": "AKID", "secret_access_key": "CANARY-1", "provider": "AWS"}
    made = admin.runtime.store.credentials.add("Nightly", "S3", values, by="admin")
    path = f"/cloud-credentials/{made.id}/use/aws-credentials"
    assert admin.get(path).status_code == 200
    admin.post(path, {"action": "reveal", "own_password": "CANARY-wrong-password"})
    assert "CANARY-1" in admin.post(path, {"action": "reveal", "own_password": PASSWORD}).text
    assert noted(admin, "password", "read") == [
        ("password", "refused", "admin"),
        ("password", "ok", "admin"),
        ("read", "ok", "admin"),
    ]


def test_what_becomes_of_seeds_on_the_page_is_noted(admin: Site) -> None:
    words = "five words that nobody guesses"
    admin.post("/settings/seed/import", {"seed": "CANARY no seed"})
    admin.post("/settings/seed/import", {"seed": admin.runtime.store.keys.ring.text()})
    admin.post("/settings/seed/export", {"passphrase": words, "again": words, "own_password": PASSWORD})
    primary = admin.runtime.store.keys.ring.primary_id
    admin.post(f"/settings/seed/retire/{primary}", {})
    admin.post("/settings/seed/rotate", {})
    assert noted(admin, "seed", "rotation")[:5] == [
        ("seed", "refused", "admin"),
        ("seed", "refused", "admin"),
        ("seed", "ok", "admin"),
        ("rotation", "refused", "admin"),
        ("rotation", "ok", "admin"),
    ]
    assert "CANARY" not in admin.get("/settings/audit").text


def test_a_fault_of_a_page_is_noted_without_its_text(admin: Site) -> None:
    made = admin.runtime.store.credentials.add("Nightly", "S3", {"secret_access_key": "CANARY-1"}, by="admin")
    admin.runtime.store._database.execute_sql("UPDATE credential SET secret_dates = 'CANARY no JSON'")
    answer = admin.get(f"/cloud-credentials/{made.id}/use")
    assert answer.status_code == 500
    (entry,) = [entry for entry in admin.runtime.store.audit_log.walk() if entry.action == "failure"]
    assert (entry.who, entry.origin, entry.outcome) == ("admin", "127.0.0.1", "failed")
    assert entry.detail["number"] in answer.text
    assert entry.detail["why"] == "JSONDecodeError"

from __future__ import annotations

import re

import httpx
import pytest
from pages.conftest import PASSWORD, Site

NEW = {"name": "Nightly report", "scopes": "read", "days": "30", "own_password": PASSWORD}


def made(answer: httpx.Response) -> str:
    """Return the token that a page shows; empty when it shows none."""
    found = re.search(r'id="token">(bct_[^<]+)<', answer.text)
    return found.group(1) if found else ""


def listed(site: Site, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{site.address}/api/v1/credentials", headers=headers, trust_env=False).status_code


def test_a_token_is_shown_once_used_and_revoked(admin: Site) -> None:
    token = made(admin.post("/settings/tokens", NEW))
    assert token
    page = admin.get("/settings/tokens")
    assert "Nightly report" in page.text
    assert token not in page.text
    assert listed(admin, token) == 200
    assert "just now" in admin.get("/settings/tokens").text
    (kept,) = admin.runtime.store.api_tokens.list()
    asked = admin.get(f"/settings/tokens/{kept.id}/revoke")
    assert "Revoke Nightly report?" in asked.text
    assert listed(admin, token) == 200
    after = admin.post(f"/settings/tokens/{kept.id}/revoke", {})
    assert "was revoked" in after.text
    assert listed(admin, token) == 401


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"own_password": "wrong password"}, "This is not your password."),
        ({"name": ""}, "Enter a name."),
        ({"scopes": ""}, "There is no such scope."),
        ({"days": "0"}, "1 to 3660 days"),
        ({"days": "soon"}, "Choose one of the times."),
    ],
    ids=["password", "name", "scope", "days", "word"],
)
def test_what_is_wrong_is_told_and_what_was_typed_stays(admin: Site, change: dict[str, str], sentence: str) -> None:
    answer = admin.post("/settings/tokens", {**NEW, **change})
    assert (answer.status_code, sentence in answer.text, made(answer)) == (422, True, "")
    assert admin.runtime.store.api_tokens.list() == []
    assert 'value="Nightly report"' in answer.text or "name" in change


def test_no_scope_and_a_taken_name_are_told(admin: Site) -> None:
    none = {key: value for key, value in NEW.items() if key != "scopes"}
    assert "Choose what the token may do." in admin.post("/settings/tokens", none).text
    assert made(admin.post("/settings/tokens", NEW))
    taken = admin.post("/settings/tokens", {**NEW, "name": " nightly  REPORT "})
    assert (taken.status_code, "Another token has this name." in taken.text) == (422, True)
    assert admin.post("/settings/tokens/unknown/revoke", {}).status_code == 404


def test_a_token_without_an_end_is_made_when_it_is_asked_for(admin: Site) -> None:
    assert made(admin.post("/settings/tokens", {**NEW, "days": ""}))
    assert "never" in admin.get("/settings/tokens").text

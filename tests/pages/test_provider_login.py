"""The address that vendors send browsers to: whatever comes with it, it leads nowhere else and gives nothing away."""

from __future__ import annotations

import html
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import urlencode

import httpx
import pytest
from core.oauth.clicking import APP, sent, sign_in
from pages.conftest import Site
from servers.fake_internet.starting import Internet

from webapp.pages.drafts import Drafts


@pytest.fixture(autouse=True)
def reach(internet: Internet, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in internet.environment.items():
        monkeypatch.setenv(name, value)


def returned(admin: Site, internet: Internet, provider: str = "BOX", account: str = "ada") -> dict[str, str]:
    """Begin a log-in with the pages and click through the vendor's; return what the browser is sent back with."""
    draft = admin.post("/cloud-credentials/login", {"provider": provider, "name": "Mine"}).url.path
    flow = admin.post(draft, {**APP, "way": "redirect"}).url.path
    address = admin.client.get(f"{flow}/go", follow_redirects=False).headers["Location"]
    return sent(sign_in(internet, address.replace(admin.address, "https://backup.example.com"), account))


def come_back(client: httpx.Client, parameters: dict[str, str]) -> httpx.Response:
    return client.get(f"/oauth/callback?{urlencode(parameters)}", follow_redirects=False)


@pytest.mark.parametrize("name", ["next", "redirect_uri", "return_to", "hostname", "url", "draft"])
@pytest.mark.parametrize("where", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_nothing_leads_elsewhere(admin: Site, internet: Internet, name: str, where: str) -> None:
    parameters = returned(admin, internet) if name == "next" else {"state": "none", "code": "x"}
    answer = come_back(admin.client, {**parameters, name: where})
    assert answer.headers.get("Location", "/cloud-credentials/").startswith("/cloud-credentials/")
    assert "evil.example" not in answer.text + str(answer.headers)
    assert internet.ask("strangers") == []


def test_the_log_in_of_the_program_leads_nowhere_else_either(admin: Site) -> None:
    admin.post("/logout", {})
    for where in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        with httpx.Client(base_url=admin.address, trust_env=False) as stranger:
            page = stranger.get(f"/login?{urlencode({'next': where})}").text
            token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
            assert token
            typed = {"csrf_token": token.group(1), "name": "admin", "password": "a-CANARY-PASSWORD-of-mine"}
            done = stranger.post(f"/login?{urlencode({'next': where})}", data=typed)
        assert (done.status_code, done.headers["Location"]) == (303, "/")


def test_another_browser_of_the_same_person_gets_nothing(admin: Site, internet: Internet) -> None:
    parameters = returned(admin, internet)
    with httpx.Client(base_url=admin.address, trust_env=False) as stranger:
        answer = come_back(stranger, parameters)
        assert (answer.status_code, "not logged in here" in html.unescape(answer.text)) == (422, True)
        assert parameters["code"] not in answer.text
    assert come_back(admin.client, parameters).headers["Location"].startswith("/cloud-credentials/add")


def test_a_log_in_whose_token_is_being_asked_for_is_not_over(admin: Site) -> None:
    """The window that waits may ask between the end of the log-in and its token."""
    begun = admin.post("/cloud-credentials/login", {"provider": "BOX", "name": "Mine"}).url.path
    session = admin.runtime.store.sessions.find(admin.client.cookies["session"], use=False)
    assert session
    drafts = Drafts(admin.runtime.store, session.id)
    draft = drafts.open(begun.rpartition("/")[2])
    with ThreadPoolExecutor(1) as thread:
        asked = thread.submit(admin.post, f"/cloud-credentials/login/flow/gone/status/{draft.id}", {})
        time.sleep(0.5)
        drafts.keep(replace(draft, login={"flow": "gone"}))
        assert "log-in is over" not in asked.result().text
    assert asked.result().url.path == "/cloud-credentials/add"


def test_a_page_that_says_it_came_to_nothing_holds_no_code(admin: Site, internet: Internet) -> None:
    parameters = returned(admin, internet)
    come_back(admin.client, parameters)
    again = come_back(admin.client, parameters)
    assert again.status_code == 422
    assert parameters["code"] not in again.text
    assert parameters["state"] not in again.text
    hostile = come_back(admin.client, {**parameters, "error": "<script>alert(1)</script>", "error_description": "<b>"})
    assert "<script>alert" not in hostile.text
    refused = come_back(admin.client, returned(admin, internet, account="refuses"))
    assert "was refused at the provider" in refused.text

"""A running server renews tokens by itself, warns of log-ins that end, and asks for a person where one is needed."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pages.browser.running import Site, findings, opened
from playwright.sync_api import Browser, Page, expect
from servers.fake_internet.starting import Internet
from servers.fake_internet.tokens import CLIENT, CLIENT_SECRET
from servers.waiting import eventually

from webapp.core.oauth.records import LoggedIn, watch
from webapp.core.store import KeyRing, Store, open_store
from webapp.core.store.logins import Login

APP = {"client_id": CLIENT, "client_secret": CLIENT_SECRET}
SOON = 60
"""Seconds within which a server that has just started has looked at what is due."""


@dataclass
class Kept:
    """The data folder of the server, and credentials that were stored before it started."""

    folder: Path
    family: str = field(default_factory=lambda: f"kept{secrets.token_hex(4)}")
    ids: dict[str, str] = field(default_factory=dict[str, str])

    @contextlib.contextmanager
    def store(self) -> Generator[Store]:
        """Open the store beside the server."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        seed = KeyRing.from_file(self.folder / "secret-seed.json", create=True)
        made = open_store(f"sqlite:///{self.folder}/backup-credentials.db", seed)
        yield made
        made.close()

    def add(self, store: Store, name: str, provider: str, token: dict[str, str], **login: object) -> None:
        values = {**APP, "token": json.dumps({"access_token": "bad-old", **token})}
        made = store.credentials.add(name, provider, values, by="before")
        watch(store, made, LoggedIn("ada@example.com", ""))
        known = store.logins.find(made.id)
        assert known
        store.logins.put(replace(known, **login))  # pyright: ignore[reportArgumentType]  what a Login has
        self.ids[name] = made.id

    def token(self, name: str) -> dict[str, str]:
        """Return the stored token."""
        with self.store() as store:
            return json.loads(str(store.credentials.get(self.ids[name]).attributes["token"]))

    def login(self, name: str) -> Login:
        """Return what is known of a log-in."""
        with self.store() as store:
            found = store.logins.find(self.ids[name])
        assert found
        return found

    def make_due(self, name: str) -> None:
        with self.store() as store:
            known = store.logins.find(self.ids[name])
            assert known
            store.logins.put(replace(known, due=now()))


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    made = Kept(tmp_path_factory.mktemp("kept") / "data")
    soon = (now() + timedelta(days=3)).isoformat()
    with made.store() as store:
        made.add(store, "Box due", "BOX", {"refresh_token": f"once-{made.family}-0"}, due=now())
        made.add(store, "Box later", "BOX", {"refresh_token": f"once-{made.family}later-0"})
        made.add(store, "Box over", "BOX", {"refresh_token": "gone-x-0"}, due=now())
        made.add(store, "Dropbox for days", "DROPBOX", {"access_token": "good-days-0", "expiry": soon})
        ends = {"due": now(), "ends": now() + timedelta(days=5)}
        made.add(store, "Box in trouble", "BOX", {"refresh_token": "busy-x-0"}, **ends)
    return made


@pytest.fixture(scope="module")
def site(kept: Kept, internet: Internet) -> Iterator[Site]:
    made = Site(kept.folder, internet.environment)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def away(chromium: Browser, internet: Internet, site: Site, cookies: list[dict[str, object]]) -> Iterator[Page]:
    options = {"proxy": {"server": internet.proxy, "bypass": "127.0.0.1,localhost"}, "ignore_https_errors": True}
    with opened(chromium, cookies, **options) as page:
        yield page


def test_what_is_due_is_renewed_with_nobody_there(kept: Kept, site: Site, internet: Internet) -> None:
    eventually(lambda: kept.token("Box due")["access_token"] == f"good-{kept.family}-1", SOON)
    assert kept.token("Box due")["refresh_token"] == f"once-{kept.family}-1"
    login = kept.login("Box due")
    assert f"once-{kept.family}-0" in login.previous  # until the new one has been renewed in its turn
    assert login.due
    assert timedelta(days=26) < login.due - now() <= timedelta(days=30)
    renewals = internet.ask("renewals")
    assert renewals[kept.family] == 1
    assert f"{kept.family}later" not in renewals
    assert site.address


def test_killed_the_server_goes_on_with_the_token_that_it_kept(
    kept: Kept, site: Site, internet: Internet, page: Page
) -> None:
    """Box's refresh tokens work once: the first one is worth nothing any more."""
    eventually(
        lambda: kept.login("Box due").refreshed is not None and internet.ask("renewals").get(kept.family, 0) == 1, SOON
    )
    page.goto("about:blank")
    site.kill()
    kept.make_due("Box due")
    site.start()
    eventually(lambda: kept.token("Box due")["refresh_token"] == f"once-{kept.family}-2", SOON)
    page.goto(f"{site.address}/cloud-credentials/{kept.ids['Box due']}")
    expect(page.locator(".standing")).to_contain_text("Last renewed")
    expect(page.locator(".standing")).to_contain_text("Kept alive")
    expect(page.get_by_text("needs re-login")).to_have_count(0)


@pytest.mark.parametrize("path", ["/", "/cloud-credentials/"])
def test_every_list_says_what_needs_a_person_and_what_ends(
    kept: Kept, site: Site, chromium: Browser, cookies: list[dict[str, object]], axe: Path, path: str
) -> None:
    eventually(lambda: kept.login("Box over").needs_login and bool(kept.login("Box in trouble").error), SOON)
    with opened(chromium, cookies, bypass_csp=True, viewport={"width": 390, "height": 800}) as page:
        page.goto(site.address + path)
        over = page.get_by_role("alert").filter(has_text="Box over")
        expect(over).to_contain_text("needs re-login")
        expect(over).to_contain_text("can no longer be renewed")
        expect(over.get_by_role("link", name="Reconnect Box over")).to_be_visible()
        days = page.get_by_role("alert").filter(has_text="Dropbox for days")
        expect(days).to_contain_text("ends at")
        expect(days).to_contain_text("cannot be renewed by itself")
        trouble = page.get_by_role("alert").filter(has_text="Box in trouble")
        expect(trouble).to_contain_text("has a fault or asks to wait")
        expect(page.get_by_role("alert")).to_have_count(3)
        row = page.locator(f"#row-{kept.ids['Box over']}")
        expect(row.get_by_text("needs re-login")).to_be_visible()
        expect(row.get_by_text("ada@example.com")).to_be_visible()  # all are of one app: the account tells them apart
        expect(page.locator("tbody").get_by_text("needs re-login")).to_have_count(1)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        findings(page, axe)


def test_the_form_warns_of_its_end_too(kept: Kept, site: Site, page: Page) -> None:
    page.goto(f"{site.address}/cloud-credentials/{kept.ids['Dropbox for days']}")
    expect(page.locator(".standing")).to_contain_text("ends at")
    page.goto(f"{site.address}/cloud-credentials/{kept.ids['Box in trouble']}")
    expect(page.locator(".standing")).to_contain_text("The last renewal failed")


def test_reconnect_mends_it(kept: Kept, site: Site, away: Page) -> None:
    eventually(lambda: kept.login("Box over").needs_login, SOON)
    away.goto(f"{site.address}/cloud-credentials/")
    away.get_by_role("link", name="Reconnect Box over").click()
    expect(away.locator(".standing").get_by_role("alert")).to_contain_text("needs re-login")
    away.get_by_role("button", name="Reconnect").click()
    away.get_by_role("button", name="Sign in at Box").click()
    away.get_by_label("Account").fill("ada")
    away.get_by_role("button", name="Allow").click()
    away.get_by_role("button", name="Verify Credential").click()
    expect(away.locator(".result.good[role=status]")).to_be_visible()
    away.get_by_role("button", name="Save", exact=True).click()
    expect(away.get_by_role("link", name="Box over", exact=True).first).to_be_visible()
    expect(away.get_by_text("needs re-login")).to_have_count(0)
    assert not kept.login("Box over").needs_login

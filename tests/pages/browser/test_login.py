"""Login to Provider, clicked through in a real browser against the fake internet."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages.browser.running import PASSWORD, Site, findings, opened
from playwright.sync_api import Browser, BrowserContext, Page, expect
from servers.fake_internet.starting import Internet
from servers.fake_internet.tokens import CLIENT, CLIENT_SECRET

LABELS = {
    "BOX": "Box",
    "DROPBOX": "Dropbox",
    "GOOGLE_DRIVE": "Google Drive",
    "GOOGLE_PHOTOS": "Google Photos",
    "ONEDRIVE": "Microsoft",
    "PCLOUD": "pCloud",
    "YANDEX": "Yandex",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, internet: Internet) -> Iterator[Site]:
    """The program, whose every connection to a provider ends at the fake internet."""
    made = Site(tmp_path_factory.mktemp("site") / "data", internet.environment)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def away(chromium: Browser, internet: Internet, site: Site, cookies: list[dict[str, object]]) -> Iterator[Page]:
    """A page that reaches the vendors' log-in pages, too."""
    options = {"proxy": {"server": internet.proxy, "bypass": "127.0.0.1,localhost"}, "ignore_https_errors": True}
    with opened(chromium, cookies, **options) as page:
        yield page


def begin(page: Page, site: Site, provider: str, name: str) -> None:
    """Open an empty form and press Login to Provider."""
    page.goto(f"{site.address}/cloud-credentials/add?provider={provider}")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Login to Provider").click()
    expect(page.get_by_role("heading", name=f"Login to {LABELS[provider]}")).to_be_visible()
    if page.get_by_label("OAuth Client ID").is_visible():
        page.get_by_label("OAuth Client ID").fill(CLIENT)
        page.get_by_label("OAuth Client Secret").fill(CLIENT_SECRET)


def allow(page: Page, account: str) -> None:
    """Sign in on the vendor's page."""
    page.get_by_label("Account").fill(account)
    page.get_by_role("button", name="Allow").click()


def save_verified(page: Page, name: str) -> None:
    page.get_by_role("button", name="Verify Credential").click()
    expect(page.locator(".result.good[role=status]")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name=name, exact=True).first).to_be_visible()


@pytest.mark.parametrize("provider", LABELS)
def test_by_redirect(away: Page, site: Site, provider: str) -> None:
    begin(away, site, provider, f"{provider} by redirect")
    if provider == "ONEDRIVE":  # Microsoft sends nobody to 127.0.0.1
        expect(away.get_by_text("open this page under http://localhost")).to_be_visible()
    away.get_by_role("button", name=re.compile("^Sign in at")).click()
    allow(away, "grace")
    expect(away.get_by_text("Connected as")).to_be_visible()
    expect(away.locator(".standing")).to_contain_text("grace@example.com")
    expect(away.get_by_label("Name", exact=True)).to_have_value(f"{provider} by redirect")
    if provider == "ONEDRIVE":
        expect(away.locator("#field-drive_id")).to_have_value("canary-drive")
    assert "good-" not in away.content()
    assert CLIENT_SECRET not in away.content()
    save_verified(away, f"{provider} by redirect")


def test_a_person_who_refuses_comes_back_and_loses_nothing(away: Page, site: Site) -> None:
    begin(away, site, "BOX", "Refused")
    away.get_by_role("button", name="Sign in at Box").click()
    away.get_by_role("button", name="Refuse").click()
    expect(away.get_by_text("was refused at the provider")).to_be_visible()


def test_in_a_new_window(away: Page, site: Site) -> None:
    begin(away, site, "DROPBOX", "In a window")
    away.get_by_role("button", name="Sign in in a new window").click()
    with away.expect_popup() as popup:
        away.get_by_role("link", name="Continue at Dropbox").click()
    allow(popup.value, "edith")
    expect(popup.value.get_by_text("You are logged in as")).to_be_visible()
    expect(away.locator(".standing")).to_contain_text("edith@example.com")


@pytest.mark.parametrize("provider", ["ONEDRIVE", "YANDEX"])
def test_with_a_code_on_another_computer(
    away: Page, site: Site, chromium: Browser, internet: Internet, provider: str
) -> None:
    begin(away, site, provider, f"{provider} by code")
    away.get_by_role("button", name="Sign in with a code").click()
    code = away.locator("#user-code").inner_text()
    where = away.locator("section a").first.get_attribute("href") or ""
    with phone(chromium, internet) as other:
        other.goto(where)
        other.get_by_label("Code").fill(code)
        allow(other, "hedy")
        expect(other.get_by_text("You may close this window")).to_be_visible()
    expect(away.locator(".standing")).to_contain_text("hedy@example.com")


@contextlib.contextmanager
def phone(chromium: Browser, internet: Internet) -> Iterator[Page]:
    context: BrowserContext = chromium.new_context(proxy={"server": internet.proxy}, ignore_https_errors=True)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("provider", ["DROPBOX", "YANDEX", "PCLOUD"])
def test_by_pasting_the_code_that_is_shown(
    away: Page, site: Site, chromium: Browser, internet: Internet, provider: str
) -> None:
    begin(away, site, provider, f"{provider} by paste")
    away.get_by_role("button", name="Sign in and paste").click()
    with away.expect_popup() as popup:
        away.get_by_role("link", name=re.compile("^Sign in at")).click()
    allow(popup.value, "eu-mary")
    code = popup.value.locator("#code").inner_text()
    away.get_by_label("Code, or the whole address").fill(code)
    away.get_by_role("button", name="Go on").click()
    expect(away.locator(".standing")).to_contain_text("eu-mary@example.com")
    if provider == "PCLOUD":
        expect(away.locator("#field-hostname")).to_have_value("eapi.pcloud.com")


def test_by_pasting_the_whole_address(away: Page, site: Site) -> None:
    begin(away, site, "GOOGLE_DRIVE", "Google by paste")
    away.get_by_role("button", name="Sign in and paste").click()
    with away.expect_popup() as popup:
        away.get_by_role("link", name=re.compile("^Sign in at")).click()
    with popup.value.expect_request(re.compile(r"127\.0\.0\.1:53682")) as asked:
        allow(popup.value, "joan")
    away.get_by_label("Code, or the whole address").fill("nothing at all = no")
    away.get_by_role("button", name="Go on").click()
    expect(away.get_by_role("alert")).to_be_visible()
    if away.get_by_role("link", name="Begin again").is_visible():
        pytest.fail("a wrong paste must not end the log-in")
    away.get_by_label("Code, or the whole address").fill(asked.value.url)
    away.get_by_role("button", name="Go on").click()
    expect(away.locator(".standing")).to_contain_text("joan@example.com")
    away.get_by_role("button", name="Choose a shared drive").click()
    away.get_by_label("Accounting").check()
    away.get_by_role("button", name="Use this drive").click()
    expect(away.locator("#field-team_drive")).to_have_value("0Ashared2")
    expect(away.locator(".standing")).to_contain_text("joan@example.com")


def connected(page: Page, site: Site, provider: str, name: str) -> None:
    """Log in, save, and open the stored credential."""
    begin(page, site, provider, name)
    page.get_by_role("button", name=re.compile("^Sign in at")).click()
    allow(page, "grace")
    save_verified(page, name)
    page.get_by_role("link", name=name, exact=True).first.click()


def test_drives_and_sites_of_microsoft(away: Page, site: Site) -> None:
    connected(away, site, "ONEDRIVE", "Drives")
    away.get_by_role("button", name="Choose a drive").click()
    expect(away.get_by_label("Archive")).to_be_visible()
    away.get_by_label("Name or address of the site").fill("h")
    away.get_by_role("button", name="Find its libraries").click()
    expect(away.get_by_text("Secret: The provider does not let this log-in list them")).to_be_visible()
    away.get_by_label("HR: Documents").check()
    away.get_by_role("button", name="Use this drive").click()
    expect(away.locator("#field-drive_id")).to_have_value("canary-drive-library")
    expect(away.locator("#field-drive_type")).to_have_value("DOCUMENT_LIBRARY")


def test_reconnect_warns_of_another_account_then_revoke_and_delete(away: Page, site: Site) -> None:
    connected(away, site, "BOX", "To be revoked")
    expect(away.get_by_text("Kept alive")).to_be_visible()
    away.get_by_role("button", name="Reconnect").click()
    away.get_by_role("button", name="Sign in at Box").click()
    allow(away, "other")
    expect(away.get_by_text("This is another account than before")).to_be_visible()
    away.goto(away.url.partition("?")[0])
    away.get_by_role("link", name="Revoke and delete").click()
    away.get_by_role("button", name="Revoke and delete").click()
    expect(away.get_by_text("was revoked")).to_be_visible()


def test_axe_and_a_narrow_screen(
    chromium: Browser, internet: Internet, site: Site, cookies: list[dict[str, object]], axe: Path
) -> None:
    options = {
        "proxy": {"server": internet.proxy, "bypass": "127.0.0.1"},
        "ignore_https_errors": True,
        "bypass_csp": True,
    }
    with opened(chromium, cookies, viewport={"width": 390, "height": 800}, **options) as page:
        connected(page, site, "ONEDRIVE", "For axe")
        here = page.url
        looked_at(page, axe)
        page.get_by_role("button", name="Choose a drive").click()
        expect(page.get_by_label("Archive")).to_be_visible()
        looked_at(page, axe)
        page.goto(here)
        page.get_by_role("button", name="Reconnect").click()
        expect(page.get_by_role("heading", name="Login to Microsoft")).to_be_visible()
        looked_at(page, axe)
        for way in ("Sign in with a code", "Sign in and paste", "Sign in in a new window"):
            choose = page.url
            page.get_by_role("button", name=way).click()
            expect(page.get_by_role("heading", name="Sign in at Microsoft")).to_be_visible()
            looked_at(page, axe)
            page.goto(choose)
        for address in ("/settings/oauth-apps/", "/settings/oauth-apps/BOX", "/oauth/callback?state=none&code=x"):
            page.goto(site.address + address)
            looked_at(page, axe)
        page.goto(f"{here}/revoke")
        looked_at(page, axe)


def looked_at(page: Page, axe: Path) -> None:
    findings(page, axe)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, page.url


def test_oauth_apps_of_the_settings(away: Page, site: Site) -> None:
    away.goto(f"{site.address}/settings/oauth-apps/DROPBOX")
    away.get_by_label("OAuth Client ID").fill(CLIENT)
    away.get_by_label("OAuth Client Secret").fill("CANARY-wrong")
    away.get_by_role("button", name="Check").click()
    expect(away.get_by_text("does not know this client")).to_be_visible()
    away.get_by_label("OAuth Client Secret").fill(CLIENT_SECRET)
    away.get_by_role("button", name="Check").click()
    expect(away.get_by_text("The provider knows this app")).to_be_visible()
    away.get_by_role("button", name="Save", exact=True).click()
    expect(away.get_by_text("was saved")).to_be_visible()
    away.goto(f"{site.address}/cloud-credentials/add?provider=DROPBOX")
    away.get_by_role("button", name="Login to Provider").click()
    expect(away.get_by_text("You log in with your own app")).to_be_visible()
    away.get_by_role("button", name="Sign in at Dropbox").click()
    allow(away, "app")
    expect(away.locator(".standing")).to_contain_text("app@example.com")
    assert PASSWORD not in away.content()


def test_nobody_else_was_asked(internet: Internet) -> None:
    assert internet.ask("strangers") == []

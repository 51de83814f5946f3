"""Every page of *Settings* in a real browser: by mouse, by keyboard, without JavaScript, small and large, light and dark."""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pages.browser.running import findings, opened, reach
from pages.conftest import PASSWORD, Site, served
from pages.seeds import lose_the_seed
from playwright.sync_api import Browser, Page, expect

from webapp.core.ssh.keys import generate
from webapp.core.store.backup.writing import Writer
from webapp.pages.settings import jobs

WORDS = "CANARY correct horse battery"
VALUES = {"access_key_id": "AKID", "secret_access_key": "CANARY-STORED"}
SLOW = 60_000
"""Milliseconds for what derives a key from a passphrase while the machine has other work."""
PAGES = (
    "/settings/backup",
    "/settings/seed",
    "/settings/oauth-apps/",
    "/settings/oauth-apps/DROPBOX",
    "/settings/tokens",
    "/settings/audit",
    "/settings/audit/check",
    "/settings/audit?text=nothing-fits&since=2026-01-01",
    "/settings/audit?since=yesterday",
    "/help/backup-and-seed",
)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Site]:
    """An app in this process with something of everything in it."""
    with served(tmp_path) as site:
        site.set_up()
        store = site.runtime.store
        made = generate("ed25519", "office")
        store.ssh.keypairs.add("Office", {"private_key": made.private, "public_key": made.public.text}, by="admin")
        for name in ("Nightly", "Everything of the whole company, off site, with a rather long name"):
            store.credentials.add(name, "S3", VALUES, by="admin")
        store.apps.put("DROPBOX", {"client_id": "an-app", "client_secret": "CANARY-APP"}, by="admin")
        yield site


@pytest.fixture
def cookies(app: Site) -> list[dict[str, object]]:
    """The log-in of the app's account."""
    return [{"name": one.name, "value": one.value, "url": app.address} for one in app.client.cookies.jar]


@pytest.fixture
def page(chromium: Browser, cookies: list[dict[str, object]]) -> Iterator[Page]:
    with opened(chromium, cookies, viewport={"width": 1280, "height": 900}) as made:
        yield made


class Held:
    """Backups stop at 42 percent until `go_on`."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.go_on = threading.Event()
        write = Writer.write

        def slow(writer: Writer, *given: Any, progress: Any = None, **named: Any) -> Any:
            if progress:
                progress(42, 100)
            assert self.go_on.wait(120)
            return write(writer, *given, progress=progress, **named)

        patch.setattr(jobs, "QUICK", 0.0)
        patch.setattr(Writer, "write", slow)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    made = Held(monkeypatch)
    yield made
    made.go_on.set()


def saved(page: Page, app: Site, button: str) -> Path:
    """Press a button that gives a file, and save that."""
    with page.expect_download(timeout=SLOW) as download:
        page.get_by_role("button", name=button).click()
    path = app.folder / "saved"
    download.value.save_as(path)
    return path


def give_own_password(page: Page, name: str) -> None:
    page.get_by_label("Your own password").first.fill(PASSWORD)
    page.get_by_role("button", name=name, exact=True).click()


def test_back_up_lose_and_restore_with_progress(
    page: Page, app: Site, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.goto(f"{app.address}/settings/backup")
    expect(page.get_by_label("The same passphrase again")).to_be_hidden()
    page.get_by_label("Export Password Secret Seed").check()
    page.get_by_label("Passphrase", exact=True).first.fill("password12")
    expect(page.locator(".strength")).to_contain_text("Guessing it takes")
    page.get_by_label("Passphrase", exact=True).first.fill(WORDS)
    expect(page.locator(".strength")).to_contain_text("Very strong")
    page.get_by_label("The same passphrase again").fill(WORDS)
    give_own_password(page, "Back up now")
    expect(page.locator("progress")).to_have_attribute("value", "42")
    expect(page.get_by_text("42 %")).to_be_visible()
    held.go_on.set()
    expect(page.get_by_role("heading", name="The backup is ready")).to_be_visible(timeout=SLOW)
    with page.expect_download(timeout=SLOW) as download:
        page.get_by_role("link", name="Save the file").click()
    file = app.folder / "saved.zip"
    download.value.save_as(file)
    assert zipfile.is_zipfile(file)
    store = app.runtime.store
    store.credentials.delete(store.credentials.find("nightly").id, by="admin")
    page.goto(f"{app.address}/settings/backup")
    page.get_by_label("Backup file").set_input_files(file)
    page.get_by_label("Passphrase", exact=True).last.fill("CANARY not this one")
    page.get_by_role("button", name="Look at it").click()
    expect(page.locator("#restore_passphrase-error")).to_contain_text("passphrase is wrong", timeout=SLOW)
    page.get_by_label("Backup file").set_input_files(file)
    page.get_by_label("Passphrase", exact=True).last.fill(WORDS)
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_role("heading", name="What a restore would do")).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("row", name="credential Nightly readable not here add")).to_be_visible()
    page.get_by_role("button", name="Restore", exact=True).click()
    expect(page.locator("#status")).to_contain_text("1 restored", timeout=SLOW)
    assert dict(store.credentials.find("nightly").attributes) == VALUES
    assert "CANARY" not in page.content()


def test_rotate_with_progress_and_export_the_seed(page: Page, app: Site) -> None:
    store, old = app.runtime.store, app.runtime.store.keys.ring.primary_id
    app.runtime.upkeep.stop()  # so that the moving waits for us
    page.goto(f"{app.address}/settings/seed")
    page.locator("#rotate").get_by_label("Your own password").fill(PASSWORD)
    page.get_by_role("button", name="Rotate", exact=True).click()
    expect(page.locator("#keys [role=status]")).to_contain_text("still to be moved")
    assert page.locator("#keys progress").get_attribute("value") == "0"
    store.keys.rewrap()
    expect(page.locator("#keys [role=status]")).to_have_count(0, timeout=SLOW)
    expect(page.get_by_role("row", name=f"{old} not needed any more")).to_be_visible()
    page.get_by_label("Passphrase", exact=True).fill(WORDS)
    page.get_by_label("The same passphrase again").fill(WORDS)
    assert saved(page, app, "Export the seed").read_bytes().startswith(b"age-encryption.org/v1")


def test_a_lost_seed_by_keyboard(page: Page, app: Site) -> None:
    lose_the_seed(app.runtime.store, app.folder)
    page.goto(f"{app.address}/")
    expect(page.get_by_role("heading", name="locked")).to_be_visible()
    page.get_by_role("link", name="lost").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Go on without the seed?")).to_be_visible()
    page.get_by_label("Your own password").focus()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_contain_text("Nothing was deleted")
    again = page.get_by_role("link", name="Type again Nightly")
    for _ in range(60):
        if again.evaluate("node => node === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Enter its values again")


def test_an_api_token_by_keyboard_from_start_to_end(
    app: Site, chromium: Browser, cookies: list[dict[str, object]]
) -> None:
    """Made, copied, used and revoked with keys alone; what was wrong takes the focus, and nothing is typed twice."""
    allowed = ["clipboard-read", "clipboard-write"]
    with opened(chromium, cookies, permissions=allowed) as page:
        page.goto(f"{app.address}/")
        for link in ("Settings", "API tokens"):
            reach(page, link)
            enter(page)
        expect(page.get_by_role("heading", name="API tokens")).to_be_visible()
        reach(page, "name")
        page.keyboard.type("Nightly job")
        enter(page)
        expect(page.get_by_label("Your own password")).to_be_focused()
        expect(page.locator("#name")).to_have_value("Nightly job")
        page.keyboard.type(PASSWORD)
        reach(page, "scope-read")
        page.keyboard.press("Space")
        reach(page, "Make the token")
        enter(page)
        expect(page.locator("#scopes-error")).to_be_visible()
        expect(page.locator("#scope-read")).to_be_focused()
        page.keyboard.press("Space")
        reach(page, "days")
        page.keyboard.press("ArrowDown")
        reach(page, "Make the token")
        enter(page)
        expect(page.locator(".result.good")).to_be_focused()
        reach(page, "Copy")
        page.keyboard.press("Enter")
        token = page.locator("#token").inner_text()
        page.wait_for_function("token => navigator.clipboard.readText().then(text => text === token)", arg=token)
        assert asked(app, token) == 200
        reach(page, "Revoke Nightly job")
        enter(page)
        expect(page.get_by_role("heading", name="Revoke Nightly job?")).to_be_visible()
        reach(page, "Revoke")
        enter(page)
        expect(page.get_by_role("heading", name="API tokens")).to_be_visible()
        expect(page.get_by_text("There is no token yet.")).to_be_visible()
        assert asked(app, token) == 401


def enter(page: Page) -> None:
    """Press Enter, and wait for the page that it leads to."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def asked(app: Site, token: str) -> int:
    """Return the status of the API's answer to a token."""
    bearer = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{app.address}/api/v1/credentials", headers=bearer, trust_env=False).status_code


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_pages_fit_and_axe_finds_nothing(
    app: Site, chromium: Browser, cookies: list[dict[str, object]], axe: Path, held: Held, width: int, scheme: str
) -> None:
    screen = {"width": width, "height": 900}
    with opened(chromium, cookies, viewport=screen, color_scheme=scheme, bypass_csp=True) as page:

        def look(address: str = "") -> None:
            if address:
                page.goto(f"{app.address}{address}")
            findings(page, axe)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url

        page.goto(f"{app.address}/settings/backup")
        page.get_by_role("button", name="Back up now").click()
        expect(page.get_by_text("42 %")).to_be_visible()
        look()
        held.go_on.set()
        expect(page.get_by_role("heading", name="The backup is ready")).to_be_visible(timeout=SLOW)
        look()
        file = app.folder / "b.zip"
        with page.expect_download() as download:
            page.get_by_role("link", name="Save the file").click()
        download.value.save_as(file)
        page.goto(f"{app.address}/settings/backup")
        page.get_by_label("Export Password Secret Seed").check()
        page.get_by_role("button", name="Back up now").click()
        expect(page.locator("#passphrase-error")).to_be_visible()
        look()
        page.get_by_label("Backup file").set_input_files(file)
        page.get_by_role("button", name="Look at it").click()
        expect(page.get_by_role("heading", name="What a restore would do")).to_be_visible(timeout=SLOW)
        page.get_by_role("button", name="Restore", exact=True).click()
        expect(page.locator("#own_password-error")).to_be_visible(timeout=SLOW)
        look()
        for address in PAGES:
            look(address)
        lose_the_seed(app.runtime.store, app.folder)
        look("/")
        look("/settings/seed/lost")
        give_own_password(page, "Go on without it")
        expect(page.locator("#status")).to_contain_text("Nothing was deleted")
        app.runtime.store.keys.rotate(by="admin")
        look("/settings/seed")
        look("/settings/oauth-apps/DROPBOX")


def test_without_javascript(chromium: Browser, app: Site, cookies: list[dict[str, object]], held: Held) -> None:
    with opened(chromium, cookies, java_script_enabled=False) as page:
        page.goto(f"{app.address}/settings/backup")
        page.get_by_role("button", name="Back up now").click()
        expect(page.get_by_role("heading", name="One moment")).to_be_visible()
        page.get_by_role("link", name="Look again").click()
        expect(page.get_by_text("42 %")).to_be_visible()
        held.go_on.set()
        while page.get_by_role("link", name="Look again").count():
            page.get_by_role("link", name="Look again").click()
        expect(page.get_by_role("link", name="Save the file")).to_be_visible()
        page.goto(f"{app.address}/settings/audit")
        page.get_by_label("What").select_option("backup")
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_text("1 in all")).to_be_visible()
        page.get_by_role("link", name="Check the chain").click()
        expect(page.get_by_text("The chain is unbroken.")).to_be_visible()
        for section in ("Secret seed", "OAuth apps"):
            page.get_by_role("link", name=section).click()
            expect(page.locator("[aria-current=page]")).to_have_text(section)
        page.get_by_role("link", name="the app for Dropbox").click()
        expect(page.locator("[aria-current=page]")).to_have_text("OAuth apps")
        page.get_by_label("OAuth Client ID", exact=True).fill("another-app")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("another-app")).to_be_visible()

"""The pages of a store whose seed is missing: before there is an account, and for who has logged in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pages.browser.running import NAME, PASSWORD, Site, findings, opened, reach
from playwright.sync_api import Browser, Page, expect

SIZES = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]


@pytest.fixture(scope="module")
def locked(site: Site, cookies: list[dict[str, object]]) -> tuple[Site, str]:
    """A program with an account whose seed was taken away, and that seed."""
    file = site.folder / "secret-seed.json"
    seed = file.read_text()
    site.stop()
    file.unlink()
    site.start()
    return site, seed


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A new installation that can neither find nor make its seed."""
    made = Site(tmp_path_factory.mktemp("waiting") / "data", {"BACKUP_CREDENTIALS_SEED_FILE": "/proc/self/seed.json"})
    made.start()
    yield made
    made.stop()


def log_in(page: Page, site: Site) -> None:
    page.goto(site.address)
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="The store is locked")).to_be_visible()


def looked_at(page: Page, axe: Path, width: int) -> None:
    """Nothing for axe to find, and nothing wider than the screen."""
    findings(page, axe)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_waiting_for_the_first_seed(waiting: Site, chromium: Browser, scripts: bool) -> None:
    """It says what is missing and where; looking again is one key away, and the page is still there."""
    with opened(chromium, [], java_script_enabled=scripts) as page:
        page.goto(waiting.address)
        expect(page.locator(".lead")).to_contain_text("/proc/self/seed.json")
        assert "`" not in page.locator("main").inner_text()
        page.get_by_role("link", name="Look again").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="The store is locked")).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_the_waiting_page_fits(waiting: Site, chromium: Browser, axe: Path, width: int, scheme: str) -> None:
    size = {"width": width, "height": 900}
    with opened(chromium, [], viewport=size, color_scheme=scheme, bypass_csp=True) as page:
        page.goto(waiting.address)
        looked_at(page, axe, width)


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_the_locked_page_fits(locked: tuple[Site, str], chromium: Browser, axe: Path, width: int, scheme: str) -> None:
    """As it is met first, and after a seed that is none."""
    size = {"width": width, "height": 900}
    with opened(chromium, [], viewport=size, color_scheme=scheme, bypass_csp=True) as page:
        log_in(page, locked[0])
        looked_at(page, axe, width)
        page.get_by_label("Secret seed").fill("nonsense")
        page.get_by_role("button", name="Unlock").click()
        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.get_by_label("Secret seed")).to_be_focused()
        looked_at(page, axe, width)


def test_unlocked_by_keyboard_alone(locked: tuple[Site, str], chromium: Browser) -> None:
    with opened(chromium, []) as page:
        unlock(page, *locked)


def test_unlocked_without_javascript(locked: tuple[Site, str], chromium: Browser) -> None:
    site, seed = locked
    file = site.folder / "secret-seed.json"
    site.stop()
    file.unlink(missing_ok=True)
    site.start()
    with opened(chromium, [], java_script_enabled=False) as page:
        unlock(page, site, seed)


def unlock(page: Page, site: Site, seed: str) -> None:
    """Log in and give the seed with keys alone; then everything is there again."""
    log_in(page, site)
    reach(page, "seed")
    page.keyboard.insert_text(seed)
    reach(page, "Unlock")
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_contain_text("The store is open.")
    expect(page.get_by_role("heading", name="Backup Credentials")).to_be_visible()

"""*Use it* and *Import* in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pages.browser.running import PASSWORD, Site, add, findings, opened
from playwright.sync_api import Browser, Locator, Page, expect


@pytest.fixture(scope="module")
def used(site: Site, chromium: Browser, cookies: list[dict[str, object]], s3: dict[str, str]) -> str:
    """The address of a stored S3 credential's *Use it*."""
    with opened(chromium, cookies) as page:
        add(page, site, "S3", s3, "To be used")
        page.get_by_role("link", name="To be used", exact=True).click()
        return f"{page.url}/use"


def test_choose_a_tool_see_it_masked_and_copy_it(page: Page, used: str, s3: dict[str, str]) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(used)
    page.get_by_role("link", name="restic", exact=True).click()
    page.get_by_label("Repository", exact=True).fill("backups/db")
    page.get_by_role("button", name="Show keys and snippet").click()
    expect(page.get_by_text("RESTIC_REPOSITORY", exact=True)).to_be_visible()
    assert s3["secret_access_key"] not in page.content()
    page.get_by_role("button", name="Show secrets to copy").click()
    expect(page.locator(".alert-danger")).to_be_focused()
    page.get_by_label("Your own password").fill(PASSWORD)
    page.get_by_role("button", name="Show secrets to copy").click()
    expect(page.get_by_role("textbox", name="AWS_SECRET_ACCESS_KEY")).to_have_value(s3["secret_access_key"])
    page.get_by_role("button", name="Copy AWS_SECRET_ACCESS_KEY").click()
    expect(page.locator("#status")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == s3["secret_access_key"]


def test_download(page: Page, used: str, s3: dict[str, str]) -> None:
    page.goto(f"{used}/rclone")
    with page.expect_download() as started:
        if page.get_by_label("Your own password").count():
            page.get_by_label("Your own password").fill(PASSWORD)
        page.get_by_role("button", name="Download", exact=True).click()
    assert started.value.suggested_filename == "rclone.conf"
    assert s3["secret_access_key"] in Path(started.value.path()).read_text()


def test_by_keyboard_alone(page: Page, used: str, s3: dict[str, str]) -> None:
    page.goto(used)
    to(page, page.get_by_role("link", name="rclone (environment)", exact=True))
    page.keyboard.press("Enter")
    to(page, page.get_by_label("Remote name"))
    page.keyboard.press("Control+A")
    page.keyboard.type("offsite")
    to(page, page.get_by_role("button", name="Show keys and snippet"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("RCLONE_CONFIG_OFFSITE_TYPE", exact=True)).to_be_visible()
    assert s3["secret_access_key"] not in page.content()


def to(page: Page, wanted: Locator) -> None:
    """Press Tab until something has the focus."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if wanted.evaluate("node => node === document.activeElement"):
            return
    raise AssertionError(f"the Tab key never reaches {wanted}")


def test_without_javascript(
    site: Site, chromium: Browser, cookies: list[dict[str, object]], used: str, s3: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "credentials"
    path.write_text("[plain]\naws_access_key_id = AK\naws_secret_access_key = CANARY-aws\n")
    with opened(chromium, cookies, java_script_enabled=False) as page:
        page.goto(f"{used}/restic")
        page.get_by_role("button", name="Show keys and snippet").click()
        expect(page.locator(".error").first).to_contain_text("required")
        page.get_by_label("Repository", exact=True).fill("backups/db")
        page.get_by_role("button", name="Show keys and snippet").click()
        expect(page.get_by_text("RESTIC_REPOSITORY", exact=True)).to_be_visible()
        assert s3["secret_access_key"] not in page.content()
        page.goto(f"{site.address}/cloud-credentials/import")
        page.get_by_label("File", exact=True).set_input_files(path)
        page.get_by_role("button", name="Show what would happen").click()
        page.get_by_role("button", name="Import 1").click()
        expect(page.get_by_role("link", name="plain", exact=True)).to_be_visible()


def test_import(page: Page, site: Site, tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    path.write_text("[work]\naws_access_key_id = AK\naws_secret_access_key = CANARY-aws\n")
    page.goto(f"{site.address}/cloud-credentials/")
    page.get_by_role("link", name="Import").click()
    page.get_by_label("File", exact=True).set_input_files(path)
    page.get_by_role("button", name="Show what would happen").click()
    expect(page.get_by_role("row", name=re.compile("work"))).to_contain_text("made")
    assert "CANARY-aws" not in page.content()
    page.get_by_role("button", name="Import 1").click()
    expect(page.get_by_role("link", name="work", exact=True)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible(
    site: Site, chromium: Browser, cookies: list[dict[str, object]], axe: Path, used: str, scheme: str
) -> None:
    with opened(chromium, cookies, color_scheme=scheme, bypass_csp=True) as page:
        for address in (used, f"{used}/restic", f"{used}/rclone", f"{site.address}/cloud-credentials/import"):
            page.goto(address)
            page.evaluate("for (const node of document.querySelectorAll('details')) node.open = true")
            findings(page, axe)
        page.goto(f"{used}/restic")
        page.get_by_role("button", name="Download", exact=True).click()
        expect(page.locator(".alert-danger")).to_be_visible()
        findings(page, axe)


def test_no_sideways_scrolling_at_390_pixels(
    site: Site, chromium: Browser, cookies: list[dict[str, object]], used: str
) -> None:
    with opened(chromium, cookies, viewport={"width": 390, "height": 800}) as page:
        for address in (used, f"{used}/rclone", f"{used}/velero", f"{site.address}/cloud-credentials/import"):
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390

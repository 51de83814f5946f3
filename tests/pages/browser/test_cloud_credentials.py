"""The pages in a real browser, against the real program and real servers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pages.browser.running import Site, add, fill, findings, opened
from playwright.sync_api import Browser, Dialog, Page, expect


def test_add_verify_save_restart_find(page: Page, site: Site, s3: dict[str, str]) -> None:
    page.goto(site.address)
    page.get_by_role("link", name="Add", exact=True).first.click()
    page.get_by_label("Name", exact=True).fill("Typed too early to be lost")
    with page.expect_response(re.compile("/fields")):
        page.get_by_label("Provider", exact=True).select_option("B2")
    expect(page.locator("#field-account")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Typed too early to be lost")
    with page.expect_response(re.compile("/fields")):
        page.get_by_label("Provider", exact=True).select_option("S3")
    expect(page.locator("#field-secret_access_key")).to_be_visible()
    fill(page, s3, "Nightly S3")
    page.get_by_role("button", name="Verify Credential").click()
    expect(page.locator(".result.good")).to_contain_text("accepted")
    expect(page.locator("#field-secret_access_key")).to_have_value(s3["secret_access_key"])
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("Nightly S3")
    page.goto("about:blank")  # an open list asks the server for news all the time
    site.stop()
    site.start()
    page.goto(f"{site.address}/cloud-credentials/")
    expect(page.get_by_role("row", name=re.compile("Nightly S3"))).to_contain_text("valid")
    page.get_by_role("link", name="Nightly S3", exact=True).click()
    expect(page.locator("#field-endpoint")).to_have_value(s3["endpoint"])
    assert s3["secret_access_key"] not in page.content()


def test_an_error_takes_the_focus_and_keeps_the_rest(page: Page, site: Site, webdav: dict[str, str]) -> None:
    page.goto(f"{site.address}/cloud-credentials/add?provider=WEBDAV")
    fill(page, {**webdav, "url": "nonsense://x"}, "Dav")
    page.get_by_role("button", name="Save", exact=True).click()
    summary = page.locator(".alert-danger")
    expect(summary).to_be_focused()
    summary.get_by_role("link").first.click()
    expect(page.locator("#field-url")).to_be_focused()
    expect(page.locator("#field-user")).to_have_value("u")
    expect(page.get_by_text("Typed and kept")).to_be_visible()


def test_verify_shows_progress_and_can_be_stopped(page: Page, site: Site, silent: int) -> None:
    page.goto(f"{site.address}/cloud-credentials/add?provider=WEBDAV")
    fill(page, {"url": f"http://127.0.0.1:{silent}/", "vendor": "RCLONE", "user": "u", "pass": "p"}, "Slow")
    page.get_by_role("button", name="Verify Credential").click()
    expect(page.locator("progress")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("progress")).to_have_count(0)
    expect(page.locator(".result")).to_contain_text("stopped")
    expect(page.locator("#field-pass")).to_have_value("p")


def test_choosing_a_provider_swaps_the_fields(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/cloud-credentials/add?provider=FTP")
    fill(page, {"host": "nas.example.com", "user": "u"}, "Mine")
    page.get_by_label("Provider", exact=True).focus()
    page.get_by_label("Provider", exact=True).select_option("SFTP")
    expect(page.locator("#field-key_pem")).to_be_visible()
    expect(page.locator("#field-host")).to_have_value("nas.example.com")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Mine")
    expect(page.get_by_label("Provider", exact=True)).to_be_focused()


def test_dependent_fields_appear(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/cloud-credentials/add?provider=FTP")
    expect(page.locator("#field-ca_certificate")).to_have_count(0)
    page.locator("#field-encryption").select_option("EXPLICIT")
    expect(page.locator("#field-ca_certificate")).to_have_count(1)


def test_by_keyboard_alone(page: Page, site: Site, webdav: dict[str, str]) -> None:
    page.goto(f"{site.address}/cloud-credentials/add?provider=WEBDAV")
    page.get_by_label("Name", exact=True).focus()
    wanted = {"field-name": "By keys", "field-url": webdav["url"], "field-user": "u", "field-pass": webdav["pass"]}
    for _ in range(40):
        focused = page.evaluate("document.activeElement.id")
        if focused in wanted:
            page.keyboard.type(wanted.pop(focused))
        if focused == "field-vendor":
            page.keyboard.type("rclone")
            page.wait_for_timeout(300)
        if page.evaluate("document.activeElement.textContent") == "Verify Credential":
            break
        page.keyboard.press("Tab")
    assert not wanted
    page.keyboard.press("Enter")
    expect(page.locator(".result.good")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="By keys", exact=True)).to_be_visible()


def test_leaving_with_unsaved_changes_warns(page: Page, site: Site) -> None:
    page.goto(f"{site.address}/cloud-credentials/add?provider=FTP")
    page.locator("#field-host").press_sequentially("nas")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.get_by_role("link", name="Help").click(no_wait_after=True)
    page.wait_for_timeout(500)
    assert asked == ["beforeunload"]
    expect(page.locator("#field-host")).to_have_value("nas")


def test_a_key_file_shows_a_preview_before_saving(page: Page, site: Site, key_file: Path) -> None:
    page.goto(f"{site.address}/cloud-credentials/add?provider=GOOGLE_CLOUD_STORAGE")
    page.locator("input[type=file]").set_input_files(key_file)
    expect(page.get_by_text("robot@project.iam.gserviceaccount.com")).to_be_visible()
    assert "PRIVATE KEY" not in re.sub(r'placeholder="[^"]*"', "", page.content())


def test_verify_in_the_row(page: Page, site: Site, webdav: dict[str, str]) -> None:
    add(page, site, "WEBDAV", webdav, "In the row")
    page.goto(f"{site.address}/cloud-credentials/")
    row = page.get_by_role("row", name=re.compile("In the row"))
    row.get_by_role("button", name="Verify").click()
    expect(row).to_contain_text("just now")
    expect(row.locator(".state")).to_have_text("valid")
    assert page.url == f"{site.address}/cloud-credentials/"


def test_without_javascript(
    site: Site, chromium: Browser, cookies: list[dict[str, object]], webdav: dict[str, str]
) -> None:
    with opened(chromium, cookies, java_script_enabled=False) as page:
        page.goto(f"{site.address}/cloud-credentials/add")
        page.get_by_label("Provider", exact=True).select_option("WEBDAV")
        page.get_by_role("button", name="Continue").click()
        page.get_by_label("Name", exact=True).fill("No script")
        for key, value in webdav.items():
            control = page.locator(f"#field-{key}")
            control.select_option(value) if key == "vendor" else control.fill(value)
        page.get_by_role("button", name="Verify Credential").click()
        expect(page.locator(".result.good")).to_be_visible()
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("link", name="No script", exact=True)).to_be_visible()


ADDRESSES = ("/", "/cloud-credentials/", "/cloud-credentials/add?provider=S3", "/cloud-credentials/add?provider=SFTP",
             "/cloud-credentials/verify-all", "/account", "/help/", "/nowhere")  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_sideways_scrolling_at_390_pixels(
    site: Site, chromium: Browser, cookies: list[dict[str, object]], address: str
) -> None:
    with opened(chromium, cookies, viewport={"width": 390, "height": 800}) as page:
        page.goto(site.address + address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_accessible(
    site: Site, chromium: Browser, cookies: list[dict[str, object]], axe: Path, address: str, scheme: str
) -> None:
    with opened(chromium, cookies, color_scheme=scheme, bypass_csp=True) as page:
        page.goto(site.address + address)
        page.evaluate("for (const node of document.querySelectorAll('details')) node.open = true")
        page.add_script_tag(path=axe)
        found = page.evaluate("axe.run().then(done => done.violations.map(v => v.id + ': ' + v.nodes[0].html))")
        assert not found


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key.json"
    path.write_text(
        '{"type":"service_account","project_id":"project","private_key_id":"abc123",'
        '"private_key":"-----BEGIN PRIVATE KEY-----\\ncanary\\n-----END PRIVATE KEY-----\\n",'
        '"client_email":"robot@project.iam.gserviceaccount.com","token_uri":"https://oauth2.googleapis.com/token"}'
    )
    return path


def test_the_answer_stands_in_view_and_at_its_field(page: Page, site: Site, webdav: dict[str, str]) -> None:
    page.goto(f"{site.address}/cloud-credentials/add?provider=WEBDAV")
    fill(page, {**webdav, "pass": "wrong"}, "Wrong")
    page.get_by_role("button", name="Verify Credential").click()
    expect(page.locator(".result.bad")).to_be_in_viewport()
    expect(page.locator("#field-pass-answer")).to_contain_text("rejected")
    page.locator("#field-pass").fill(webdav["pass"])
    page.get_by_role("button", name="Verify Credential").click()
    expect(page.locator(".result.good")).to_be_in_viewport()
    expect(page.locator("#field-pass-answer")).to_be_empty()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible_with_errors_rows_and_results(
    site: Site,
    chromium: Browser,
    cookies: list[dict[str, object]],
    axe: Path,
    scheme: str,
    webdav: dict[str, str],
) -> None:
    with opened(chromium, cookies, color_scheme=scheme, bypass_csp=True) as page:
        add(page, site, "WEBDAV", webdav, f"Row {scheme}")
        findings(page, axe)
        page.get_by_role("link", name=f"Row {scheme}", exact=True).click()
        expect(page.get_by_text("Stored, changed on")).to_be_visible()
        findings(page, axe)
        address = page.url
        for action in ("delete", "rename", "duplicate", "write-check"):
            page.goto(f"{address}/{action}")
            findings(page, axe)
        page.goto(f"{site.address}/cloud-credentials/add?provider=WEBDAV")
        fill(page, {**webdav, "pass": "wrong"}, "")
        page.get_by_role("button", name="Verify Credential").click()
        expect(page.locator(".result.bad")).to_be_visible()
        findings(page, axe)
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator(".alert-danger")).to_be_visible()
        findings(page, axe)


def test_after_an_error_the_answer_does_not_move_the_focus(page: Page, site: Site, webdav: dict[str, str]) -> None:
    page.goto(f"{site.address}/cloud-credentials/add?provider=WEBDAV")
    fill(page, webdav, "")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".alert-danger")).to_be_focused()
    page.get_by_role("button", name="Verify Credential").click()
    expect(page.locator(".result.good")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Verify Credential")).to_be_focused()
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.get_by_role("link", name="Help").click(no_wait_after=True)
    page.wait_for_timeout(500)
    assert asked == ["beforeunload"]

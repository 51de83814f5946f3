"""A running program for each module, and the browser that visits it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages.backends import s3_server, silent_server, webdav_server
from pages.browser.running import CHROMIUM, FLAGS, NAME, PASSWORD, Site, opened
from playwright.sync_api import Browser, Page, expect, sync_playwright
from servers import parts, runs


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test here; without a browser they are skipped by name, but never in CI."""
    missing = not Path(CHROMIUM).exists() and os.environ.get("CI") != "true"
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.skipif(missing, reason="chromium is missing"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("site") / "data")
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Values of an S3 credential that works."""
    with s3_server(tmp_path_factory.mktemp("s3")) as values:
        yield values


@pytest.fixture(scope="module")
def webdav(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Values of a WebDAV credential that works."""
    with webdav_server(tmp_path_factory.mktemp("webdav")) as values:
        yield values


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that never answers."""
    with silent_server() as port:
        yield port


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def cookies(site: Site, chromium: Browser) -> list[dict[str, object]]:
    """Make the first account in the browser, once; gives the cookies of the log-in."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(site.address)
    page.get_by_label("code").fill(site.code)
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button").first.click()
    expect(page.get_by_role("heading", name="Backup Credentials")).to_be_visible()
    found = context.cookies()
    context.close()
    return found  # pyright: ignore[reportReturnType]  Playwright's own dictionaries


@pytest.fixture
def page(site: Site, chromium: Browser, cookies: list[dict[str, object]]) -> Iterator[Page]:
    with opened(chromium, cookies, viewport={"width": 1280, "height": 900}) as made:
        yield made


@pytest.fixture(scope="session")
def axe() -> Path:
    """The file of axe-core, from the npm packages that the tests install."""
    return runs.need(parts.node_modules() / "axe-core/axe.min.js")

"""Light, dark, and what the system has: with and without JavaScript the same colours."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from pages.browser.running import Site, findings, opened
from playwright.sync_api import Browser, Page, expect

Scheme = Literal["light", "dark"]
Cookies = list[dict[str, object]]
OTHER: dict[Scheme, Scheme] = {"light": "dark", "dark": "light"}
COLOURS = """() => [...document.querySelectorAll('*')].map(node => {
  const style = getComputedStyle(node), named = {};
  for (const key of ['color', 'backgroundColor', 'borderTopColor', 'backgroundImage', 'fill', 'colorScheme'])
    named[key] = style[key];
  return node.tagName + JSON.stringify(named);
}).filter(text => !text.startsWith('META') && !text.startsWith('LINK'))"""


def colours(page: Page, scheme: Scheme) -> list[str]:
    """Return the colours of every element of a page that has most kinds of them."""
    page.emulate_media(color_scheme=scheme)
    return page.evaluate(COLOURS)


def turn(page: Page, shown: str) -> None:
    """Press the switch, which then shows the choice that was made."""
    page.get_by_role("button", name="Theme:").click()
    expect(page.get_by_role("button", name=f"Theme: {shown}")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_system_or_the_person_gives_the_colours(
    site: Site, chromium: Browser, cookies: Cookies, scripts: bool, scheme: Scheme
) -> None:
    """Left alone the page is as if that theme had been chosen; a choice holds against the system, and can be undone."""
    with opened(chromium, cookies, java_script_enabled=scripts, reduced_motion="reduce") as page:
        page.goto(f"{site.address}/cloud-credentials/add?provider=S3")
        left = {kind: colours(page, kind) for kind in OTHER}
        assert left["light"] != left["dark"]
        for shown in ("light", "dark")[: 1 if scheme == "light" else 2]:
            turn(page, shown)
        for system in OTHER:
            chosen = colours(page, system)
            assert difference(chosen, left[scheme]) == []
        for shown in ("dark", "auto")[0 if scheme == "light" else 1 :]:
            turn(page, shown)
        assert difference(colours(page, OTHER[scheme]), left[OTHER[scheme]]) == []


def difference(one: list[str], other: list[str]) -> list[tuple[str, str]]:
    """Return the elements whose colours differ."""
    return [pair for pair in zip(one, other, strict=True) if pair[0] != pair[1]]


@pytest.mark.parametrize("path", ["/", "/cloud-credentials/add?provider=SFTP", "/settings/", "/help/formats"])
def test_nothing_is_hard_to_read_in_the_dark_of_the_system(
    site: Site, chromium: Browser, cookies: Cookies, axe: Path, path: str
) -> None:
    with opened(chromium, cookies, color_scheme="dark", bypass_csp=True) as page:
        page.goto(site.address + path)
        assert page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"
        findings(page, axe)

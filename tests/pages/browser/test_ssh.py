"""Keypairs, connections and pairing in a real browser, against a real sshd and a TrueNAS that keeps state."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages.browser.running import PASSWORD, Site, findings, opened
from playwright.sync_api import Browser, Page, expect
from servers.authority import Authority
from servers.loopback import LoopbackSshd
from servers.truenas import Account, FakeTrueNAS, State, User

ADMIN, CODE = "CANARY-admin-password", "CANARY-424242"
SLOW = 30_000
"""Milliseconds for what goes over SSH while the machine has other work."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackSshd]:
    with LoopbackSshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture(scope="module")
def public_key(site: Site, chromium: Browser, cookies: list[dict[str, object]]) -> str:
    """Generate the keypair `Office Key` in the browser; gives its public half."""
    with opened(chromium, cookies) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.goto(site.address)
        page.get_by_role("link", name="Add an SSH keypair").click()
        page.get_by_label("Name", exact=True).fill("Office Key")
        page.get_by_label("Type of a new keypair").select_option("ed25519")
        page.get_by_role("button", name="Generate Keypair").click()
        page.get_by_role("button", name="Copy the public key").click()
        expect(page.locator("#status")).to_have_text("Copied.")
        copied = page.evaluate("navigator.clipboard.readText()")
        page.get_by_role("main").get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("heading", name="Office Key")).to_be_visible()
        assert page.locator("#public_key").input_value() == copied
        return copied


@pytest.fixture(scope="module")
def workshop(
    site: Site, chromium: Browser, cookies: list[dict[str, object]], server: LoopbackSshd, public_key: str
) -> str:
    """Set up the connection `Workshop` by hand in the browser; gives its address."""
    server.authorize(public_key)
    with opened(chromium, cookies) as page:
        page.goto(f"{site.address}/ssh-connections/add")
        page.get_by_label("Setup Method").select_option("manual")
        expect(page.get_by_label("Remote Host Key", exact=True)).to_be_visible()
        page.get_by_label("Name", exact=True).fill("Workshop")
        page.get_by_label("Host", exact=True).fill("127.0.0.1")
        page.get_by_label("Port", exact=True).fill(str(server.port))
        page.get_by_label("Private Key").select_option(label="Office Key (Ed25519)")
        page.get_by_role("button", name="Discover Remote Host Key").click()
        page.get_by_role("button", name="Use these host keys").click()
        expect(page.get_by_role("button", name="Use these host keys")).to_have_count(0)
        page.get_by_role("button", name="Test Connection").click()
        expect(page.locator("#result .steps .ok")).to_have_count(5, timeout=SLOW)
        page.get_by_role("main").get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("#status")).to_contain_text("Workshop was saved")
        return page.url


def start_truenas(page: Page, site: Site, url: str, name: str) -> None:
    page.goto(f"{site.address}/ssh-connections/add")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("TrueNAS URL").fill(url)
    page.get_by_label("Admin Password").fill(ADMIN)
    page.get_by_label("Private Key").select_option("new:ed25519")
    page.get_by_role("main").get_by_role("button", name="Set up", exact=True).click()


def nas(server: LoopbackSshd, public_key: str) -> State:
    return State(
        accounts={"root": Account(ADMIN)},
        users={"root": User("root", 1)},
        port=server.port,
        host_keys=server.host_keys,
        on_key=lambda _user, keys: server.authorize(f"{keys}\n{public_key}"),
    )


def test_truenas_with_a_certificate_to_compare_and_a_code(
    page: Page, site: Site, server: LoopbackSshd, public_key: str, own_authority: Authority
) -> None:
    state = nas(server, public_key)
    state.accounts["root"].otp = CODE
    with FakeTrueNAS(state, authority=own_authority) as remote:
        start_truenas(page, site, remote.url, "NAS")
        expect(page.get_by_role("button", name="Trust this certificate")).to_be_visible(timeout=SLOW)
        assert state.calls == []
        page.get_by_role("button", name="Trust this certificate").click()
        expect(page.locator("#field-otp_token-answer")).to_contain_text("Enter the current code", timeout=SLOW)
        page.get_by_label("One-Time Password").fill(CODE)
        page.get_by_role("main").get_by_role("button", name="Set up", exact=True).click()
        expect(page.locator("#status")).to_contain_text("NAS was set up and works", timeout=SLOW)
    assert ADMIN not in page.content()


def test_changed_host_key(page: Page, site: Site, server: LoopbackSshd, public_key: str, workshop: str) -> None:
    server.set_up_anew()
    server.authorize(public_key)
    page.goto(f"{site.address}/ssh-connections/")
    page.get_by_role("button", name="Test Workshop").click()
    page.get_by_role("link", name="Compare the keys of Workshop").click()
    page.get_by_role("button", name="accept the new keys").click()
    expect(page.locator("#own_password-error")).to_be_visible()
    page.get_by_label("Your own password").fill(PASSWORD)
    page.get_by_role("button", name="accept the new keys").click()
    expect(page.locator("#status")).to_contain_text("was accepted")
    page.get_by_role("button", name="Test Connection").click()
    expect(page.locator("#result .result.good")).to_be_visible(timeout=SLOW)


def test_sftp_credential_with_a_new_keypair(page: Page, site: Site, server: LoopbackSshd, workshop: str) -> None:
    page.goto(f"{site.address}/cloud-credentials/add?provider=SFTP")
    page.get_by_label("Name", exact=True).fill("SFTP box")
    for key, text in {"host": "127.0.0.1", "port": str(server.port), "user": "root"}.items():
        page.locator(f"#field-{key}").fill(text)
    page.locator("#field-private_key").select_option("new:ed25519")
    page.get_by_role("button", name="Discover Remote Host Key").click()
    page.get_by_role("button", name="Use these host keys").click()
    expect(page.get_by_role("button", name="Use these host keys")).to_have_count(0)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Press Save again")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="SFTP box Key")).to_be_visible(timeout=SLOW)
    server.authorize(page.locator("#public_key").input_value())
    page.goto(f"{site.address}/cloud-credentials/")
    page.get_by_role("button", name="Verify SFTP box").click()
    expect(page.get_by_role("row", name=re.compile("SFTP box")).locator(".state.valid")).to_be_visible(timeout=SLOW)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_phone_and_axe_finds_nothing(
    site: Site,
    chromium: Browser,
    cookies: list[dict[str, object]],
    server: LoopbackSshd,
    public_key: str,
    workshop: str,
    own_authority: Authority,
    axe: Path,
    scheme: str,
) -> None:
    small = {"width": 390, "height": 844}
    with opened(chromium, cookies, viewport=small, color_scheme=scheme, bypass_csp=True) as page:

        def look(address: str = "") -> None:
            if address:
                page.goto(f"{site.address}{address}")
            findings(page, axe)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, page.url

        page.goto(f"{site.address}/ssh-keypairs/")
        office = page.get_by_role("link", name="Office Key", exact=True).get_attribute("href")
        ways = (f"/ssh-connections/add?method={way}" for way in ("truenas", "server", "manual"))
        lists = ("/", "/ssh-keypairs/", "/ssh-connections/", "/ssh-keypairs/add", "/help/ssh")
        connection = workshop.removeprefix(site.address)
        own = (office, f"{office}/edit", f"{office}/another", f"{office}/delete")
        of_connection = (connection, *(f"{connection}/{part}" for part in ("host-key", "duplicate", "delete")))
        for address in (*lists, *own, *of_connection, *ways):
            look(str(address))
        page.get_by_label("Host", exact=True).fill("127.0.0.1")
        page.get_by_label("Port", exact=True).fill(str(server.port))
        page.get_by_role("button", name="Discover Remote Host Key").click()
        expect(page.get_by_role("button", name="Use these host keys")).to_be_visible()
        look()
        with FakeTrueNAS(nas(server, public_key), authority=own_authority) as remote:
            start_truenas(page, site, remote.url, f"Looked at {scheme}")
            expect(page.get_by_role("button", name="Trust this certificate")).to_be_visible(timeout=SLOW)
            look()

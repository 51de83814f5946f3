"""One credential for each kind of server, from its form over a restart to the list, as a person does it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from pages.browser.running import Site, fill
from playwright.sync_api import Page, expect
from servers.authority import Authority
from servers.fake_internet.starting import Internet
from servers.kinds import azure, ftp, s3, ssh, swift, web

pytestmark = pytest.mark.server
Typed = dict[str, str]
PICTURES = os.environ.get("BACKUP_CREDENTIALS_TEST_PICTURES", "")
"""A folder for a picture of each form after its verification, for whoever wants to look; none by default."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, internet: Internet) -> Iterator[Site]:
    """The program; what is not on this machine it finds in the fake internet."""
    made = Site(tmp_path_factory.mktemp("site") / "data", internet.environment)
    made.start()
    yield made
    made.stop()


def typed(values: Mapping[str, object]) -> Typed:
    return {key: str(value) for key, value in values.items()}


@pytest.fixture
def accounts(
    seaweedfs: s3.S3Server,
    sshd: ssh.SshServer,
    apache: web.WebServer,
    own_authority: Authority,
    vsftpd: ftp.FtpServers,
    azurite: azure.AzureServer,
    tempauth: swift.SwiftServer,
    internet: Internet,
) -> dict[str, Typed]:
    """What a person types, by provider."""
    dav = {"url": apache.url, "vendor": "OTHER", "user": apache.user, "pass": apache.password}
    return {
        "S3": typed(seaweedfs.values(seaweedfs.full)),
        "SFTP": typed(sshd.values(**{"pass": sshd.password})),
        "WEBDAV": dav | {"ca_certificate": own_authority.ca},
        "FTP": typed(vsftpd.values(vsftpd.plain, "NONE")),
        "AZUREBLOB": typed(azurite.values()),
        "OPENSTACK_SWIFT": typed(tempauth.values()),
        "GOOGLE_CLOUD_STORAGE": {"service_account_credentials": internet.service_account, "verify_target": "alpha"},
    }


def test_every_kind_of_server_from_the_form_over_a_restart(page: Page, site: Site, accounts: dict[str, Typed]) -> None:
    for provider, values in accounts.items():
        page.goto(f"{site.address}/cloud-credentials/add?provider={provider}")
        open_groups(page)
        fill(page, values, f"Nightly {provider}")
        page.get_by_role("button", name="Verify Credential").click()
        expect(page.locator(".result.good"), provider).to_contain_text("accepted", timeout=30_000)
        picture(page, provider)
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("status").first).to_contain_text(f"Nightly {provider}")
    page.goto("about:blank")  # an open list asks the server for news all the time
    site.stop()
    site.start()
    for provider, values in accounts.items():
        page.goto(f"{site.address}/cloud-credentials/")
        expect(page.get_by_role("row", name=re.compile(f"Nightly {provider}"))).to_contain_text("valid")
        page.get_by_role("link", name=f"Nightly {provider}", exact=True).click()
        html = page.content()
        secrets = [value for key, value in values.items() if page.locator(f"#field-{key}").input_value() != value]
        assert secrets, "a secret never comes back into the form"
        assert not [secret for secret in secrets if secret in html]
        page.get_by_role("button", name="Verify Credential").click()
        expect(page.locator(".result.good"), provider).to_contain_text("accepted", timeout=30_000)


def open_groups(page: Page) -> None:
    """Unfold every group of fields, so that all can be typed into."""
    page.eval_on_selector_all("details.group", "groups => groups.forEach(group => { group.open = true })")


def picture(page: Page, provider: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{provider}.png", full_page=False)

"""Cluster credentials in the list and on their pages, publishing and manifests, in a real browser.

What the operator mirrors is written into the store that the running program serves, as the operator does it.
"""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pages.browser.running import PASSWORD, Site, findings, opened
from playwright.sync_api import Browser, Page, expect

from webapp.core.cluster.manifest import API_VERSION
from webapp.core.cluster.mirror import Mirror
from webapp.core.sealing import Sealing
from webapp.core.store import KeyRing, Store, open_store
from webapp.core.store.cluster import ClusterCredential, Output

SECRET = "CANARY/mirrored+secret"
VALUES = {"provider": "Minio", "access_key_id": "AKMIRROR", "secret_access_key": SECRET}
NIGHTLY = ClusterCredential(
    "db",
    "nightly",
    "S3",
    ready="False",
    reason="SourceNotFound",
    message="There is no Secret s3-keys in db.",
    outputs=(Output("nightly-restic", "restic"), Output("nightly-rclone", "rclone")),
    attributes=VALUES,
)
READY = dataclasses.replace(
    NIGHTLY, ready="True", reason="Synced", message="", verified="valid", checked=datetime.now(UTC)
)


@pytest.fixture(scope="module")
def store(site: Site) -> Iterator[Store]:
    ring = KeyRing.from_file(site.folder / "secret-seed.json", create=False)
    found = open_store(f"sqlite:///{site.folder}/backup-credentials.db", ring)
    yield found
    found.close()


@pytest.fixture
def mirror(store: Store) -> Iterator[Mirror]:
    """The operator's mirror; afterwards the cluster is empty again."""
    made = Mirror(store)
    yield made
    made.keep_only([])
    made.flush()


@pytest.fixture
def stored(store: Store) -> Iterator[str]:
    """The id of a credential of the web app."""
    made = store.credentials.add("Nightly S3", "S3", VALUES, by="me")
    yield made.id
    for one in store.publications.list(made.id):
        store.publications.remove(one.id, by="me")
    store.credentials.delete(made.id, by="me")


def applied(mirror: Mirror, *resources: ClusterCredential) -> None:
    for one in resources:
        mirror.put(one)
    assert mirror.flush() == len(resources)


def test_the_first_page_leads_to_what_comes_from_the_cluster(page: Page, site: Site, mirror: Mirror) -> None:
    page.goto(site.address)
    expect(page.get_by_text("From the cluster")).to_have_count(0)
    applied(mirror, NIGHTLY, dataclasses.replace(READY, name="hourly"))
    page.reload()
    page.get_by_role("link", name="From the cluster (2)").click()
    expect(page.get_by_role("region", name="Cluster").get_by_text("db/nightly")).to_be_visible()


def test_the_list_follows_the_cluster_without_a_reload(page: Page, site: Site, mirror: Mirror, store: Store) -> None:
    page.goto(f"{site.address}/cloud-credentials/?where=cluster")
    cluster = page.get_by_role("region", name="Cluster")
    expect(cluster).to_contain_text("No cluster has shown its credentials yet")
    page.goto(f"{site.address}/cloud-credentials/")
    expect(cluster).to_have_count(1 if store.cluster.number() else 0)  # who never had a cluster reads nothing of one
    page.evaluate("window.same = true")
    begun = time.monotonic()
    applied(mirror, NIGHTLY)
    row = cluster.get_by_role("row").filter(has_text="db/nightly")
    expect(row).to_contain_text("SourceNotFound")
    assert time.monotonic() - begun < 2
    begun = time.monotonic()
    applied(mirror, READY)
    expect(row.get_by_text("valid", exact=True)).to_be_visible()
    assert time.monotonic() - begun < 2
    begun = time.monotonic()
    mirror.remove("db", "nightly")
    mirror.flush()
    expect(row).to_have_count(0)
    assert time.monotonic() - begun < 2
    assert page.evaluate("window.same"), "the page was loaded anew"


def test_its_own_page_follows_too_and_shows_no_secret(page: Page, site: Site, mirror: Mirror, store: Store) -> None:
    applied(mirror, NIGHTLY)
    store.generated.secret("db", "nightly", "backups/db", "password")
    page.goto(f"{site.address}/cloud-credentials/")
    page.get_by_role("link", name="db/nightly").click()
    expect(page.get_by_text("There is no Secret s3-keys in db.")).to_be_visible()
    expect(page.get_by_text("AKMIRROR")).to_be_visible()
    expect(page.get_by_text("password of backups/db")).to_be_visible()
    assert SECRET not in page.content()
    applied(mirror, READY)
    expect(page.get_by_text("There is no Secret s3-keys in db.")).to_have_count(0)
    mirror.remove("db", "nightly")
    mirror.flush()
    expect(page.get_by_role("alert")).to_contain_text("no longer in the cluster")


def test_filters(page: Page, site: Site, mirror: Mirror) -> None:
    applied(mirror, NIGHTLY, dataclasses.replace(READY, namespace="web", name="weekly", provider="B2"))
    page.goto(f"{site.address}/cloud-credentials/")
    page.get_by_label("Where").select_option("Cluster")
    page.get_by_label("Ready").select_option("not ready")
    page.get_by_role("button", name="Show").click()
    cluster = page.get_by_role("region", name="Cluster")
    expect(cluster.get_by_role("row")).to_have_count(2)
    expect(cluster).to_contain_text("db/nightly")
    applied(mirror, dataclasses.replace(READY, reason="Again"))
    expect(cluster).to_contain_text("Nothing in the cluster fits this search.")
    page.get_by_label("Ready").select_option("All")
    page.get_by_label("Search").fill("web/")
    page.get_by_role("button", name="Show").click()
    expect(cluster.get_by_role("row")).to_have_count(2)
    expect(cluster).to_contain_text("web/weekly")
    page.get_by_label("Where").select_option("Stored here")
    page.get_by_role("button", name="Show").click()
    expect(cluster).to_have_count(0)


def test_without_javascript(site: Site, chromium: Browser, cookies: list[dict[str, object]], mirror: Mirror) -> None:
    applied(mirror, NIGHTLY)
    with opened(chromium, cookies, java_script_enabled=False) as page:
        page.goto(f"{site.address}/cloud-credentials/cluster")
        page.get_by_role("link", name="db/nightly").click()
        expect(page.get_by_role("heading", name="nightly")).to_be_visible()


def test_publish_and_withdraw(page: Page, site: Site, mirror: Mirror, stored: str) -> None:
    applied(mirror, dataclasses.replace(READY, stored=stored))
    page.goto(f"{site.address}/cloud-credentials/{stored}/use")
    page.get_by_role("link", name="Publish to namespaces").click()
    page.get_by_label("Namespaces").fill("db\nTeam")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_contain_text("lower-case letters")
    expect(page.get_by_label("Namespaces")).to_have_value("db\nTeam")
    page.get_by_label("Namespaces").fill("db, team-*\nweb")
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("db", exact=True).check()
    page.get_by_label("team-*").check()
    page.get_by_label("Your own password").fill("wrong")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("alert")).to_contain_text("not your password")
    expect(page.get_by_label("team-*")).to_be_checked()
    page.get_by_label("Your own password").fill(PASSWORD)
    page.get_by_role("button", name="Publish").click()
    published = page.get_by_role("region", name="In a Kubernetes cluster")
    expect(published.get_by_role("row")).to_have_count(3)
    expect(published).not_to_contain_text("web")
    page.goto(f"{site.address}/cloud-credentials/{stored}/delete")
    expect(page.get_by_text("the publication to db")).to_be_visible()
    page.goto(f"{site.address}/cloud-credentials/{stored}/use")
    page.get_by_role("link", name="Withdraw from db").click()
    expect(page.get_by_role("listitem").filter(has_text="db/nightly")).to_contain_text("nightly-restic, nightly-rclone")
    page.get_by_role("button", name="Withdraw").click()
    expect(published.get_by_role("row")).to_have_count(2)


def test_copy_as_manifest(page: Page, site: Site, stored: str, store: Store) -> None:
    page.goto(f"{site.address}/cloud-credentials/{stored}/use")
    page.get_by_role("link", name="Copy as manifest").click()
    page.get_by_label("Namespace").fill("db")
    expect(page.get_by_label("Name of the resource")).to_have_value("nightly-s3")
    if page.get_by_label("Your own password").count():
        page.get_by_label("Your own password").fill(PASSWORD)
    page.get_by_role("button", name="Show it").click()
    text = page.get_by_label("nightly-s3.yaml").input_value()
    assert API_VERSION in text
    assert SECRET not in page.content()
    armor = re.search(r"-----BEGIN.*END AGE ENCRYPTED FILE-----", text, re.DOTALL)
    assert armor
    opened_again = Sealing(store.sealing, store.locks)
    assert opened_again.open("db", "nightly-s3", "secretAccessKey", armor[0]) == SECRET
    page.get_by_label("Namespace").fill("Not One")
    page.get_by_role("button", name="Show it").click()
    expect(page.get_by_role("alert")).to_contain_text("The name of a namespace")


def test_keyboard_alone(page: Page, site: Site, mirror: Mirror, stored: str) -> None:
    applied(mirror, NIGHTLY)
    page.goto(f"{site.address}/cloud-credentials/{stored}/publish")
    page.get_by_label("Namespaces").focus()
    page.keyboard.type("db")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_label("db", exact=True).focus()
    page.keyboard.press("Space")
    expect(page.get_by_label("db", exact=True)).to_be_checked()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible(
    site: Site,
    chromium: Browser,
    cookies: list[dict[str, object]],
    axe: Path,
    mirror: Mirror,
    stored: str,
    store: Store,
    scheme: str,
) -> None:
    applied(mirror, dataclasses.replace(NIGHTLY, stored=stored))
    store.publications.add(stored, "db", by="me")
    (one,) = store.publications.list(stored)
    base = f"{site.address}/cloud-credentials"
    with opened(chromium, cookies, color_scheme=scheme, bypass_csp=True) as page:
        for address in (
            f"{base}/",
            f"{base}/cluster/db/nightly",
            f"{base}/{stored}/use",
            f"{base}/{stored}/publish",
            f"{base}/{stored}/publications/{one.id}/withdraw",
            f"{base}/{stored}/manifest",
        ):
            page.goto(address)
            findings(page, axe)


def test_small_screen(site: Site, chromium: Browser, cookies: list[dict[str, object]], mirror: Mirror) -> None:
    applied(mirror, READY)
    with opened(chromium, cookies, viewport={"width": 390, "height": 800}) as page:
        for address in ("/cloud-credentials/", "/cloud-credentials/cluster/db/nightly"):
            page.goto(site.address + address)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_what_pages_ask_by_themselves_keeps_no_log_in_alive(page: Page, site: Site, store: Store) -> None:
    """Someone who walked away is logged out all the same."""
    rows = store.sessions._rows
    page.goto(f"{site.address}/cloud-credentials/")
    rows.update(seen="2026-01-01T00:00:00.000000").execute()
    with page.expect_response(re.compile("/cloud-credentials/cluster")) as answered:
        pass
    assert answered.value.headers.get("hx-redirect", "").startswith("/login")
    expect(page).to_have_url(re.compile("/login"))  # closing a page on its way to another may wait for ever
    page.goto("about:blank")
    rows.update(seen=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")).execute()

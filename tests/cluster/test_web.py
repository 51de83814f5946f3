"""The web app and the operator on one store: the page follows the cluster, and the cluster gets what is published."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import yaml
from cluster.operators import RunningOperator, Space, eventually
from pages.browser.running import CHROMIUM, FLAGS, NAME, PASSWORD, Site
from playwright.sync_api import Page, expect, sync_playwright

from webapp.core.store import KeyRing, Store, open_store

pytestmark = pytest.mark.browser

S3 = {
    "provider": "Minio",
    "access_key_id": "AKWEB",
    "secret_access_key": "CANARY-web-1",
    "endpoint": "http://127.0.0.1:9",
}
OUTPUTS = [{"name": "out", "format": "rclone"}]
NEVER = {"interval": "0"}


@pytest.fixture(scope="module")
def site(operator: RunningOperator) -> Iterator[Site]:
    """The web app on the operator's store."""
    made = Site(operator.folder)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def page(site: Site) -> Iterator[Page]:
    """A browser in which the first account was made."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        found = browser.new_page()
        found.set_default_timeout(20_000)
        found.goto(site.address)
        found.get_by_label("code").fill(site.code)
        found.get_by_label("Name").fill(NAME)
        found.get_by_label("Password").fill(PASSWORD)
        found.get_by_role("main").get_by_role("button").first.click()
        expect(found.get_by_role("heading", name="Backup Credentials")).to_be_visible()
        yield found
        browser.close()


@pytest.fixture
def store(operator: RunningOperator) -> Iterator[Store]:
    ring = KeyRing.from_file(operator.folder / "secret-seed.json", create=False)
    found = open_store(f"sqlite:///{operator.folder}/backup-credentials.db", ring)
    yield found
    found.close()


def test_a_resource_shows_by_itself_after_kubectl_apply(page: Page, site: Site, space: Space) -> None:
    page.goto(f"{site.address}/cloud-credentials/")
    page.evaluate("window.same = true")
    row = page.get_by_role("region", name="Cluster").get_by_role("row").filter(has_text=f"{space.name}/nightly")
    space.source("keys", secret="CANARY-source")
    keys = {"accessKeyId": "AKSOURCE", "secretAccessKey": {"secretKeyRef": {"name": "keys", "key": "secret"}}}
    provider = {"s3": {**keys, "endpoint": "http://127.0.0.1:9"}}
    space.apply("nightly", {"provider": provider, "secrets": OUTPUTS, "verification": NEVER})
    begun = time.monotonic()
    expect(row.get_by_text("ready", exact=True)).to_be_visible()
    shown = time.monotonic() - begun
    space.kubectl("delete", "secret/keys")
    begun = time.monotonic()
    expect(row.get_by_text("SourceNotFound")).to_be_visible()
    changed = time.monotonic() - begun
    space.kubectl("delete", "bc/nightly")
    begun = time.monotonic()
    expect(row).to_have_count(0)
    gone = time.monotonic() - begun
    print(f"shown after {shown:.2f} s, changed after {changed:.2f} s, gone after {gone:.2f} s")  # noqa: T201  a figure
    assert page.evaluate("window.same"), "the page was loaded anew"
    assert "CANARY" not in page.content()


def test_published_changed_and_withdrawn(page: Page, site: Site, space: Space, store: Store) -> None:
    credential = store.credentials.add(f"Of {space.name}", "S3", S3, by="me")
    space.apply("fed", {"store": {"name": credential.name}, "secrets": OUTPUTS, "verification": NEVER})
    space.wait("fed", "False", "NotPublished")
    assert space.secret("out") is None
    page.goto(f"{site.address}/cloud-credentials/{credential.id}/publish")
    page.get_by_label("Namespaces").fill(space.name)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label(space.name, exact=True).check()
    if page.get_by_label("Your own password").count():
        page.get_by_label("Your own password").fill(PASSWORD)
    page.get_by_role("button", name="Publish").click()
    space.wait("fed", "True")
    assert "CANARY-web-1" in space.values("out")["rclone.conf"]
    changed = {**S3, "secret_access_key": "CANARY-web-2"}
    store.credentials.change(credential.id, version=1, by="me", attributes=changed)
    eventually(lambda: "CANARY-web-2" in space.values("out")["rclone.conf"], 5)
    page.goto(f"{site.address}/cloud-credentials/{credential.id}/use")
    published = page.get_by_role("region", name="In a Kubernetes cluster")
    expect(published.get_by_role("link", name=f"{space.name}/fed")).to_be_visible()
    page.get_by_role("link", name=f"Withdraw from {space.name}").click()
    expect(page.get_by_role("listitem").filter(has_text=f"{space.name}/fed")).to_contain_text("out")
    page.get_by_role("button", name="Withdraw").click()
    eventually(lambda: space.secret("out") is None, 5)
    space.wait("fed", "False", "NotPublished")
    out = ("read", credential.id, "ok", {"format": "rclone", "secret": "out", "credential": credential.name})
    refused = ("read", f"{space.name}/fed", "refused", {"why": "NotPublished"})
    eventually(lambda: noted(store, f"{space.name}/fed") == [refused, out, out, refused], 5)


def noted(store: Store, name: str) -> list[tuple[str, str, str, dict[str, str]]]:
    """Return what the audit says of a resource."""
    found = [entry for entry in store.audit_log.walk() if entry.name == name]
    assert {(entry.who, entry.origin, entry.kind) for entry in found} <= {
        ("the operator", "operator", "cluster credential")
    }
    return [(entry.action, entry.subject, str(entry.outcome), dict(entry.detail)) for entry in found]


def test_a_copied_manifest_opens_in_its_place_only(page: Page, site: Site, space: Space, store: Store) -> None:
    values = {**S3, "verify_target": "alpha", "force_path_style": "true"}
    credential = store.credentials.add(f"Copy of {space.name}", "S3", values, by="me")
    page.goto(f"{site.address}/cloud-credentials/{credential.id}/manifest")
    page.get_by_label("Namespace").fill(space.name)
    page.get_by_label("Name of the resource").fill("copied")
    if page.get_by_label("Your own password").count():
        page.get_by_label("Your own password").fill(PASSWORD)
    page.get_by_role("button", name="Show it").click()
    text = page.get_by_label("copied.yaml").input_value()
    assert "CANARY" not in text
    space.kubectl("apply", "-f", "-", given=text)
    space.wait("copied", "True")
    assert yaml.safe_load(text)["spec"]["verification"] == {"target": "alpha"}
    spec = {**yaml.safe_load(text)["spec"], "secrets": OUTPUTS, "verification": NEVER}
    space.apply("copied", spec)
    eventually(lambda: "CANARY-web-1" in space.values("out").get("rclone.conf", ""), 5)
    space.apply("stolen", {**spec, "secrets": [{"name": "stolen", "format": "rclone"}]})
    space.wait("stolen", "False", "SealedForAnother")
    assert space.secret("stolen") is None

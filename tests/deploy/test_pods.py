"""The chart on a real control plane, its pods really run: from helm to a browser, kubectl and restic."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cluster.operators import Space
from cluster.test_use import files, restic_output, run, s3
from deploy.charts import CHART
from deploy.kubelet import RunningPod
from deploy.prometheus import answers_all, scraping
from deploy.releases import WEB, Release
from pages.browser.running import CHROMIUM, FLAGS, NAME, PASSWORD
from playwright.sync_api import Browser, Page, expect, sync_playwright
from servers.kinds.s3 import S3Server
from servers.runs import Run, need

pytestmark = pytest.mark.server
VALUES = ("--values", str(CHART / "ci/postgresql-values.yaml"), "--set", "database.existingSecret=database")
Install = Callable[..., Release]
TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"
WHO = f"import json, os; print(json.dumps([os.getuid(), os.path.exists('{TOKEN}'), os.access('/app', os.W_OK)]))"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    found = chromium.new_page(viewport={"width": 1280, "height": 900})
    found.set_default_timeout(20_000)
    yield found
    found.close()


def first_account(page: Page, address: str, code: str) -> None:
    """Make the first account as a person does."""
    page.goto(address)
    page.get_by_label("code").fill(code)
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button").first.click()
    expect(page.get_by_role("heading", name="Backup Credentials")).to_be_visible()


def log_in(page: Page, address: str) -> None:
    """Log in anew with the account that is there."""
    page.context.clear_cookies()
    page.goto(address)
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button").first.click()
    expect(page.get_by_role("heading", name="Backup Credentials")).to_be_visible()


def applied(space: Space, server: S3Server, name: str = "nightly") -> None:
    """Apply a resource with kubectl and wait until it is synced and verified."""
    space.source("keys", secret=server.full[1])
    space.apply(name, s3(server, secrets=[restic_output(space)], verification={"target": "alpha"}))
    space.wait(name, "True", seconds=60)
    space.wait(name, "True", kind="Verified", seconds=60)


def asked(pod: RunningPod, container: str, program: str) -> Any:
    """Run a program inside a container and return what it printed."""
    argv = ["exec", f"{pod.known}-{container}", "/app/bin/python", "-c", program]
    return json.loads(pod.containers(*argv))


def test_from_helm_to_restic(
    released: Install, seaweedfs: S3Server, page: Page, tmp_path: Path, servers_run: Run
) -> None:
    """All defaults: the page opens, a resource becomes a Secret that restic uses, `helm test` runs, nothing is lost."""
    release = released()
    pod = release.ready()[0]
    assert asked(pod, "web", WHO) == [65532, False, False], "no token, no writable root"
    assert asked(pod, "operator", WHO) == [65532, True, False]
    first_account(page, pod.address(WEB), release.code(pod))
    applied(release.space, seaweedfs)
    page.goto(pod.address(WEB) + "/cloud-credentials/")
    expect(page.get_by_role("region", name="Cluster").get_by_text(f"{release.space.name}/nightly")).to_be_visible()
    values = files(release.space, "restic", tmp_path / "restic")
    run(need("restic"), "init", "--no-cache", **values)
    with scraping(servers_run, pod, tmp_path / "prometheus") as client:
        answers_all(client)
    assert "Succeeded" in release.helm("test", release.name, "--timeout", "90s")
    after_each_change_all_is_there(release, pod, page)


def after_each_change_all_is_there(release: Release, pod: RunningPod, page: Page) -> None:
    """Upgrade, roll back, uninstall and install again: account, credential and Secret outlive all of it."""
    before = written(release)
    changes: list[Callable[[], Any]] = [
        lambda: release.upgrade("--set", "operator.concurrency=8"),
        lambda: release.helm("rollback", release.name, "1"),
        lambda: (release.helm("uninstall", release.name, "--wait"), release.install()),
    ]
    for change in changes:
        change()
        pod = release.ready(new=[pod])[0]
        all_is_shown(release, pod, page)
    assert written(release) == before, "a restart writes nothing"


def all_is_shown(release: Release, pod: RunningPod, page: Page) -> None:
    """The account logs in and sees the resource."""
    log_in(page, pod.address(WEB))
    page.goto(pod.address(WEB) + "/cloud-credentials/")
    expect(page.get_by_role("region", name="Cluster").get_by_text(f"{release.space.name}/nightly")).to_be_visible()


def written(release: Release) -> str:
    """Return which writing of the resource's Secret is there."""
    return (release.space.secret("restic") or {})["metadata"]["resourceVersion"]


def served_alone(release: Release) -> tuple[str, str]:
    """Return what lets the operator serve the release's own namespace alone."""
    return "--set", f"operator.watchNamespaces={{{release.space.name}}}"

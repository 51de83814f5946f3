"""From the previous version with data to the present one, and back by mistake: nothing is lost."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import threading
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from cluster.operators import Space, eventually
from cluster.test_use import RCLONE, restic_output, s3
from deploy.kubelet import RunningPod, is_ready
from deploy.releases import METRICS, WEB, Release
from deploy.test_pod_faults import first_account, log_in, send
from deploy.test_pods import VALUES, applied, asked, served_alone, written
from servers.kinds.database import empty_database
from servers.kinds.s3 import S3Server

pytestmark = pytest.mark.server
Install = Callable[..., Release]
Version = tuple[str, Path]
STORED = {"url": "https://dav.example.com/kept", "vendor": "other", "user": "u", "pass": "kept-password"}
ADD = f"""
import os
from webapp.core.runtime import Runtime
from webapp.settings import read_settings
Runtime(read_settings(os.environ, {{}})).store.credentials.add("Kept share", "WEBDAV", {STORED!r}, by="test")
print("true")
"""
READ = """
import json, os
from webapp.core.runtime import Runtime
from webapp.settings import read_settings
runtime = Runtime(read_settings(os.environ, {}))
found = {one.name: dict(one.attributes) for one in runtime.service.all()}
step = runtime.store._database.execute_sql("SELECT max(number) FROM migration").fetchone()[0]
print(json.dumps([found, step, runtime.store.audit_log.verify().findings]))
"""
NEWER = "This database was made by a newer version. Install that version or restore a backup."
LOOK_SECONDS = 0.2


class Upgrade:
    """A release of the previous version with data, and what is there of it.

    Attributes:
        old: Its pods.
    """

    def __init__(self, release: Release, server: S3Server, old: Sequence[RunningPod]) -> None:
        self.release, self.old = release, old
        assert asked(old[0], "web", ADD)
        applied(release.space, server)
        self.definition, self.secret, self.step = self.defined(), written(release), asked(old[0], "web", READ)[1]

    def defined(self) -> Any:
        """Return the definition of the resource as the API server has it."""
        text = self.release.space.kubectl("get", "crd/backupcredentials.backupcredentials.dev", "--output", "json")
        return json.loads(text)["spec"]

    def is_whole(self, pod: RunningPod, *more: str) -> None:
        """All that was there is there, store and definition are new; an upgrade writes no Secret."""
        assert log_in(pod).url.path == "/"
        found, step, wrong = asked(pod, "web", READ)
        assert STORED.items() <= found["Kept share"].items()
        assert set(more) <= set(found)
        assert step > self.step, "the store is migrated"
        assert wrong == [], "both versions wrote one chain of the audit"
        assert self.defined() != self.definition
        self.release.space.wait("nightly", "True", seconds=60)
        assert written(self.release) == self.secret

    def refuses(self, container: str, known: Sequence[RunningPod]) -> RunningPod:
        """Wait for a pod of the previous version that refuses the migrated store in a sentence; return it."""

        def found() -> list[RunningPod]:
            new = [one for one in self.release.node.running(self.release.space.name) if one not in known]
            return [one for one in new if NEWER in one.log(container)]

        return eventually(found, 60, lambda: self.release.node.told(self.release.space.name))[0]


def test_from_the_previous_version_with_data(
    released: Install, previous: Version, image: str, seaweedfs: S3Server
) -> None:
    """All defaults: account, credential and resource are there; a rollback by mistake is refused and loses nothing."""
    one_pod(released(version=previous), image, seaweedfs)


def test_from_the_previous_version_in_some_namespaces_only(
    released: Install, previous: Version, image: str, seaweedfs: S3Server
) -> None:
    """The same with a Role in one namespace: it suffices, nothing is seen elsewhere; then uninstalled and back."""
    release = released(version=previous, prepare=served_alone)
    values = served_alone(release)
    other = Space(release.node.plane)
    other.source("keys", secret=seaweedfs.full[1])
    other.apply("nightly", s3(seaweedfs))
    upgrade, pod = one_pod(release, image, seaweedfs, *values)
    denied = [line for line in pod.get(METRICS, "/metrics").text.splitlines() if 'code="403"' in line]
    assert denied == [], "it asks for nothing that its role forbids"
    release.helm("uninstall", release.name, "--wait")
    release.install(*values)
    upgrade.is_whole(release.ready(new=[pod])[0])
    assert "status" not in other.get("nightly")
    other.http.close()


def one_pod(release: Release, image: str, server: S3Server, *values: str) -> tuple[Upgrade, RunningPod]:
    """Upgrade a release with one pod, go back by mistake and forward again; return its last pod."""
    pod = release.ready()[0]
    first_account(pod, release).close()
    upgrade = Upgrade(release, server, [pod])
    release.use(image)
    release.upgrade(*values)
    pod = release.ready(new=[pod])[0]
    upgrade.is_whole(pod)
    release.helm("rollback", release.name, "1")
    refused = upgrade.refuses("web", [pod])
    release.helm("rollback", release.name, "2")
    pod = release.ready(new=[refused])[0]
    upgrade.is_whole(pod)
    return upgrade, pod


def test_with_postgresql_the_old_pods_serve_while_the_new_ones_come(
    released: Install, previous: Version, image: str, seaweedfs: S3Server, postgres: str
) -> None:
    """Two pods of each part, in one namespace: there is no moment without a page, and both versions share the store."""
    database = empty_database(postgres).partition("?")[0].replace("@/", "@127.0.0.1:5432/")

    def prepare(release: Release) -> tuple[str, ...]:
        release.space.source("database", url=database)
        return *VALUES, *served_alone(release)

    release = released(version=previous, prepare=prepare)
    web, operators = release.ready(2, "web"), release.ready(2, "operator")
    person = first_account(web[0], release, web[1])
    upgrade = Upgrade(release, seaweedfs, web)
    release.use(image)
    with served(release):
        with release.node.slow_to_end([*web, *operators]):
            release.upgrade(*VALUES, *served_alone(release))
            new = release.ready(2, "web", new=web)
            release.ready(2, "operator", new=operators)
            old_ones_go_on(upgrade, person, new)
            old_operator_works(release, operators, seaweedfs)
        eventually(lambda: len(release.node.there(release.space.name)) == 4, 90)
        upgrade.is_whole(new[1], "Saved by the old version")
        rolled_back_by_mistake(upgrade)
    assert set(new) == set(release.node.running(release.space.name, "web"))
    one_takes_over(release, release.ready(2, "operator"), seaweedfs)
    installed_again(upgrade, new)


def installed_again(upgrade: Upgrade, pods: Sequence[RunningPod]) -> None:
    """Uninstalled and installed with one pod of each: seed, store and Secret are there."""
    release, seed = upgrade.release, upgrade.release.space.values(f"{upgrade.release.name}-seed")
    upgrade.secret = written(release)
    release.helm("uninstall", release.name, "--wait")
    release.install(*VALUES, *served_alone(release), "--set", "web.replicas=1,operator.replicas=1")
    pod = release.ready(1, "web", new=pods)[0]
    release.ready(1, "operator")
    upgrade.is_whole(pod, "Saved by the old version")
    assert release.space.values(f"{release.name}-seed") == seed, "nothing changes the seed"


def old_ones_go_on(upgrade: Upgrade, person: httpx.Client, new: Sequence[RunningPod]) -> None:
    """Who is logged in stays so, whichever pod answers; what an old one saves is there for the new ones."""
    assert asked(new[0], "web", READ)[1] > upgrade.step, "the store is migrated while the old pods serve"
    saved(person, "Saved by the old version")
    for pod in (*upgrade.old, *new):
        with httpx.Client(base_url=pod.address(WEB), cookies=person.cookies, trust_env=False, timeout=30) as moved:
            assert [moved.get(path).status_code for path in ("/", "/settings/audit", "/ssh-keypairs/")] == [200] * 3
            assert "Saved by the old version" in moved.get("/cloud-credentials/").text
    assert log_in(new[0]).url.path == "/"
    assert log_in(upgrade.old[1]).url.path == "/"
    assert NEWER in refused_there(upgrade.old[1]), "commands in an old pod say it"


def saved(person: httpx.Client, name: str) -> None:
    """Save a credential on the page, without verifying it: the second press confirms."""
    values = {f"value.{key}": text for key, text in STORED.items()} | {"provider": "WEBDAV", "name": name}
    page = person.get("/cloud-credentials/add")
    for confirm in ({}, {"confirm": "1"}):
        draft = re.findall(r'name="draft" value="([^"]+)"', page.text)[0]
        page = send(person, "/cloud-credentials/add", **values, **confirm, action="save", draft=draft)
    assert page.url.path == "/cloud-credentials/", page.text


def refused_there(pod: RunningPod) -> str:
    """Run a command in the container of a web app; return what it says."""
    argv = [*pod.containers.argv("podman"), "exec", f"{pod.known}-web", "backup-credentials", "list"]
    done = subprocess.run(argv, env=pod.environment(), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    return done.stderr


def old_operator_works(release: Release, operators: Sequence[RunningPod], server: S3Server) -> None:
    """The old operator holds the lease and does the work, on the new definition."""
    outputs = [restic_output(release.space), RCLONE]
    release.space.apply("nightly", s3(server, secrets=outputs, verification={"target": "alpha"}))
    eventually(lambda: release.space.secret("rclone"), 60, lambda: release.node.told(release.space.name))
    assert any(holder(release).startswith(one.name) for one in operators)


def rolled_back_by_mistake(upgrade: Upgrade) -> None:
    """What comes is refused, what is there goes on; forward again nothing has changed."""
    release = upgrade.release
    known = release.node.running(release.space.name)
    release.helm("rollback", release.name, "1")
    with before_its_end(release.node.running(release.space.name, "web")[0]):
        upgrade.refuses("web", known)
        upgrade.refuses("operator", known)
    release.helm("rollback", release.name, "2")
    eventually(lambda: set(release.node.there(release.space.name)) == set(known), 60)
    upgrade.is_whole(release.ready(2, "web")[0])


def holder(release: Release) -> str:
    """Return who holds the lease of the operator."""
    path = f"/apis/coordination.k8s.io/v1/namespaces/{release.space.name}/leases"
    (lease,) = release.space.http.get(path).json()["items"]
    return lease["spec"]["holderIdentity"]


def one_takes_over(release: Release, operators: Sequence[RunningPod], server: S3Server) -> None:
    """Delete the pod that holds the lease: the other one goes on."""

    def holds(pod: RunningPod) -> bool:
        return holder(release).startswith(pod.name)

    first, second = sorted(operators, key=holds, reverse=True)
    assert holds(first)
    release.space.kubectl("delete", "pod", first.name, "--wait=false")
    eventually(lambda: holds(second), 60, lambda: release.node.told(release.space.name))
    release.space.apply("nightly", s3(server, secrets=[restic_output(release.space)], verification={"target": "alpha"}))
    eventually(lambda: not release.space.secret("rclone"), 60, lambda: release.node.told(release.space.name))


@contextlib.contextmanager
def before_its_end(pod: RunningPod) -> Generator[None]:
    """Run what a kubelet runs in a page's container before it is told to end; it must be there in the image."""
    command = pod.pod["spec"]["containers"][0]["lifecycle"]["preStop"]["exec"]["command"]
    argv = [*pod.containers.argv("podman"), "exec", f"{pod.known}-web", *command]
    with subprocess.Popen(argv, env=pod.environment()) as process:
        yield
        assert process.wait(60) == 0


@contextlib.contextmanager
def served(release: Release) -> Generator[None]:
    """Ask every web pod that is ready for its page, as a Service would; each of them answers, and one is always ready."""
    ended, missed = threading.Event(), set[str]()

    def ask() -> None:
        while not ended.wait(LOOK_SECONDS):
            ready = [one for one in release.node.running(release.space.name, "web") if is_ready(one)]
            missed.update({"no pod is ready"} if not ready else set())
            missed.update(fault for one in ready if (fault := answer(one)) and not one.ending)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    assert missed == set()


def answer(pod: RunningPod) -> str:
    """Ask for the page; return what is wrong with it."""
    try:
        got = httpx.get(f"{pod.address(WEB)}/login", timeout=30, trust_env=False).status_code
    except httpx.HTTPError as error:
        return f"{pod.name}: {error!r}"
    return "" if got == 200 else f"{pod.name}: {got}"

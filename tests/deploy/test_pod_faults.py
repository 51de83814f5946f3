"""What breaks around the pods of the chart: nothing is lost, and log and page say in a sentence what it is."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from cluster.operators import eventually
from deploy.kubelet import API_PORT, Kubelet, RunningPod, is_ready
from deploy.network import Relay
from deploy.releases import METRICS, WEB, Release
from deploy.test_pods import VALUES, applied
from pages.browser.running import NAME, PASSWORD
from servers.kinds import database
from servers.kinds.s3 import S3Server
from servers.runs import Run, command

from webapp.core.store.keyring import new_seed

pytestmark = pytest.mark.server
Install = Callable[..., Release]
SAVER = """
import sys
from webapp.core.runtime import Runtime
from webapp.settings import read_settings
import os
store = Runtime(read_settings(os.environ, {})).store
size, number = int(sys.argv[1]), 0
while True:
    number += 1
    values = {"url": "https://dav.example.com/" + "x" * size, "vendor": "other"}
    store.credentials.add(f"saved-{size}-{number}", "WEBDAV", values, by="test")
    print(number, flush=True)
"""
"""Saves one credential after the other inside a container, and says each number once it is saved."""
COUNT = """
import os
from webapp.core.runtime import Runtime
from webapp.settings import read_settings
found = Runtime(read_settings(os.environ, {})).service.all()
assert all(one.attributes["url"].startswith("https://dav.example.com/") for one in found)
print(len(found))
"""


@contextlib.contextmanager
def saving(pod: RunningPod, size: int) -> Generator[subprocess.Popen[str]]:
    """Save inside the web app's container for a while."""
    argv = [*pod.containers.argv("podman"), "exec", f"{pod.known}-web", "/app/bin/python", "-c", SAVER, str(size)]
    process = subprocess.Popen(argv, env=pod.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def first_account(pod: RunningPod, release: Release, *others: RunningPod) -> httpx.Client:
    """Make the first account over HTTP and return the browser's place, logged in; others may have said the code."""
    client = httpx.Client(base_url=pod.address(WEB), trust_env=False, follow_redirects=True, timeout=30)
    send(client, "/setup", code=release.code(pod, *others), name=NAME, password=PASSWORD)
    assert client.get("/cloud-credentials/").url.path == "/cloud-credentials/"
    return client


def send(client: httpx.Client, path: str, **values: str) -> httpx.Response:
    """Send a form as a browser does."""
    text = client.get(path).text
    token = text.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    return client.post(path, data={"csrf_token": token, **values}, headers={"Origin": str(client.base_url).rstrip("/")})


def log_in(pod: RunningPod) -> httpx.Response:
    """Try to log in, which writes into the store."""
    with httpx.Client(base_url=pod.address(WEB), trust_env=False, follow_redirects=True, timeout=30) as client:
        return send(client, "/login", name=NAME, password=PASSWORD)


class Disk:
    """A small file system of its own under a claim.

    Args:
        place: Where it is mounted.
        image: The file that it is in.
    """

    def __init__(self, place: Path, image: Path) -> None:
        self.place, self.image = place, image
        self.ballast = place / "ballast"

    def make(self) -> None:
        """Make it, with a file on it that can be removed to have room again."""
        self.place.mkdir(parents=True)
        with self.image.open("wb") as file:
            file.truncate(24 << 20)
        command("mkfs.ext4", "-q", self.image)
        self.mount()
        self.ballast.write_bytes(bytes(6 << 20))

    def mount(self) -> None:
        """Mount it."""
        command("mount", "-o", "loop,errors=remount-ro", self.image, self.place)

    def umount(self) -> None:
        """Take it off."""
        command("umount", self.place)

    def fail(self) -> None:
        """Let the kernel find a fault: from then on nothing can be written, whoever has files open."""
        command("mount", "-o", "remount,abort", self.place)


@pytest.fixture
def disk(node: Kubelet, tmp_path: Path) -> Generator[Callable[[Release], Disk]]:
    """Puts a disk under the claim of a release."""
    made: list[Disk] = []

    def put(release: Release) -> Disk:
        made.append(Disk(node.claims / f"{release.space.name}-{release.name}", tmp_path / "disk"))
        made[-1].make()
        return made[-1]

    yield put
    for one in made:
        with contextlib.suppress(subprocess.CalledProcessError):
            command("umount", "--lazy", one.place)


def test_the_api_server_is_away_for_a_minute(
    released: Install, disk: Callable[[Release], Disk], seaweedfs: S3Server
) -> None:
    """The page goes on, the operator says why it is not ready, and what was changed meanwhile is done afterwards.

    Other web apps break in the meantime. They have no operator, so none does the work of the one that is cut off.
    """
    release = released()
    pod = release.ready()[0]
    applied(release.space, seaweedfs)
    with cut_off(pod) as told:
        release.space.source("keys", secret="changed-meanwhile")
        killed_while_saving(released)
        the_volume_is_full_then_breaks(released, disk)
    assert any("the API server is out of reach" in one for one in told), told
    assert "the API server is out of reach" in pod.log("operator")
    eventually(lambda: "changed-meanwhile" in str(release.space.values("restic")), 60, lambda: pod.log("operator"))


@contextlib.contextmanager
def cut_off(pod: RunningPod) -> Generator[set[str]]:
    """Cut a pod off from the API server for a minute at least; gives what its operator says of itself meanwhile."""
    told: set[str] = set()
    next(one for one in pod.outward if one.port == API_PORT).cut()
    with ThreadPoolExecutor(1) as thread:
        watched = thread.submit(lambda: told.update(a_minute_of(pod)))
        yield told
        watched.result()
    target = ("127.0.0.1", int(pod.plane.endpoint.rpartition(":")[2]))
    pod.outward.append(Relay.outward(pod.pid, API_PORT, target))


def a_minute_of(pod: RunningPod) -> Iterator[str]:
    """Give what the operator says of itself each second of a minute; the web app is ready in all of them."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert pod.get(WEB, "/ready").is_success
        with contextlib.suppress(httpx.HTTPError):
            yield pod.get(METRICS, "/readyz").text.strip()
        time.sleep(1)


def killed_while_saving(released: Install) -> None:
    """The kernel's own kill at any moment: what was said to be saved is there when the container is started again."""
    release = released("--set", "operator.enabled=false")
    pod = release.ready()[0]
    with saving(pod, 100) as process:
        assert process.stdout
        saved = 0
        while saved < 40:
            saved = int(process.stdout.readline())
        os.kill(pod.state("web")["Pid"], signal.SIGKILL)
        rest = process.communicate()[0].split()
    saved = int(rest[-1]) if rest else saved
    eventually(lambda: pod.state("web")["Running"] and is_ready(pod), 40, lambda: release.node.told(release.space.name))
    assert saved <= counted(pod) <= saved + 1


def counted(pod: RunningPod) -> int:
    """Return how many credentials are there, each of them readable."""
    return int(pod.containers("exec", f"{pod.known}-web", "/app/bin/python", "-c", COUNT))


def the_volume_is_full_then_breaks(released: Install, disk: Callable[[Release], Disk]) -> None:
    """Whoever is logged in may still read; the sentence is in page and log; all that was saved is there afterwards."""
    disks: list[Disk] = []

    def prepare(release: Release) -> tuple[str, ...]:
        disks.append(disk(release))
        return "--set", "operator.enabled=false"

    release = released(prepare=prepare)
    pod, volume = release.ready()[0], disks[0]
    client = first_account(pod, release)
    saved = sum(filled(pod, size) for size in (30_000, 100))
    eventually(lambda: log_in(pod).status_code == 503, 60)  # the write-ahead log may have room for a few more
    refused(pod, client, "The volume of the store is full")
    volume.ballast.unlink()
    assert log_in(pod).url.path == "/"
    volume.fail()
    refused(pod, client, "The volume of the store gives errors")
    stopped(release)
    volume.umount()
    starts_once_it_can_write(release, volume)
    assert counted(release.ready()[0]) == saved


def filled(pod: RunningPod, size: int) -> int:
    """Save until nothing more can be saved; return how many were."""
    with saving(pod, size) as process:
        return int((process.communicate(timeout=120)[0].split() or ["0"])[-1])


def refused(pod: RunningPod, client: httpx.Client, sentence: str) -> None:
    """What writes is refused in a sentence, in page and log; reading goes on."""
    answer = log_in(pod)
    assert sentence in answer.text, pod.log("web")
    assert answer.status_code == 503
    assert sentence in pod.log("web")
    assert client.get("/cloud-credentials/").is_success


def stopped(release: Release) -> None:
    """Scale to nothing and wait until no pod is left."""
    release.space.kubectl("scale", f"deployment/{release.name}", "--replicas=0")
    eventually(lambda: not release.node.there(release.space.name), 60)


def starts_once_it_can_write(release: Release, volume: Disk) -> None:
    """On a read-only volume it says so and is started again and again, until the volume can be written."""
    volume.mount()
    command("mount", "-o", "remount,ro", volume.place)
    release.space.kubectl("scale", f"deployment/{release.name}", "--replicas=1")
    pod = eventually(lambda: release.node.running(release.space.name), 40)[0]
    told = "The data folder /data cannot be used: Read-only file system."
    eventually(lambda: told in pod.log("web"), 30, lambda: pod.log("web"))
    command("mount", "-o", "remount,rw", volume.place)


def test_the_seed_is_missing_at_the_first_start(released: Install) -> None:
    """Page up, not ready, the reason in both; the Secret that is made late is noticed without a restart."""
    release = released("--set", "seed.existingSecret=mine")
    pod = eventually(lambda: release.node.running(release.space.name), 30)[0]
    eventually(
        lambda: "the store is locked" in pod.log("web").lower(), 30, lambda: release.node.told(release.space.name)
    )
    assert pod.get(WEB, "/ready").status_code == 503
    page = httpx.get(pod.address(WEB), follow_redirects=True, trust_env=False)
    assert "there is no secret seed at /seed/seed, and none can be made there (Read-only file system)" in page.text
    eventually(lambda: "there is no secret seed at /seed/seed" in pod.log("operator"), 30)
    eventually(lambda: "no secret seed" in pod.get(METRICS, "/readyz").text, 30)
    assert "backup_credentials_locked 1.0" in pod.get(METRICS, "/metrics").text
    before = pod.state("web")["Pid"]
    release.space.source("mine", seed=new_seed())
    release.ready()
    assert pod.state("web")["Pid"] == before
    first_account(pod, release).close()


def test_two_pods_on_one_volume(released: Install) -> None:
    """Somebody scales by hand: the second web app refuses with a sentence, the second operator waits."""
    release = released()
    first = release.ready()[0]
    release.space.kubectl("scale", f"deployment/{release.name}", "--replicas=2")
    eventually(lambda: len(release.node.running(release.space.name)) == 2, 40)
    second = next(pod for pod in release.node.running(release.space.name) if pod is not first)
    eventually(lambda: "Another server works with /data already" in second.log("web"), 60, lambda: second.log("web"))
    assert first.get(WEB, "/ready").is_success
    assert not is_ready(second)


def test_postgresql_is_killed_and_comes_back(
    released: Install, servers_run: Run, node: Kubelet, seaweedfs: S3Server
) -> None:
    """Page and log say it, no container is restarted, and at the first request afterwards all is there."""
    place = servers_run.folder / "postgres-to-kill"
    place.mkdir()
    address = database.postgres(servers_run, place)
    node.reachable[5433] = f"{place}/.s.PGSQL.5432"

    def prepare(release: Release) -> tuple[str, ...]:
        url = database.empty_database(address).partition("?")[0].replace("@/", "@127.0.0.1:5433/")
        release.space.source("database", url=url)
        return *VALUES, "--set", "web.replicas=1,operator.replicas=1"

    release = released(prepare=prepare)
    web, operator = (release.ready(1, part)[0] for part in ("web", "operator"))
    client = first_account(web, release)
    applied(release.space, seaweedfs)
    started = [one.state(name)["StartedAt"] for one, name in ((web, "web"), (operator, "operator"))]
    resource = f"{release.space.name}/nightly"  # mirrored a moment after its Secret
    eventually(lambda: resource in client.get("/cloud-credentials/").text, 60, lambda: operator.log("operator"))
    database.kill(servers_run, place)
    answer = client.get("/cloud-credentials/")
    assert (answer.status_code, "The database does not answer" in answer.text) == (503, True)
    assert "The database does not answer" in web.log("web")
    assert "The database does not answer" in web.get(WEB, "/ready").text
    release.space.source("keys", secret="changed-meanwhile")
    time.sleep(3)
    database.start(servers_run, place)
    answer = client.get("/cloud-credentials/")
    assert resource in answer.text
    eventually(lambda: "changed-meanwhile" in str(release.space.values("restic")), 60, lambda: operator.log("operator"))
    assert started == [one.state(name)["StartedAt"] for one, name in ((web, "web"), (operator, "operator"))]

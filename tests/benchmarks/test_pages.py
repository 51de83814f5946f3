"""Pages beside a view that does nothing on the same server, start-up and memory beside an app of one view."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from benchmarks import bare
from benchmarks.table import ROWS, Row, in_turns, percentile
from commands.conftest import PROGRAM, clean_environment
from servers.runs import free_port

from webapp.core.store import KeyRing, open_store

pytestmark = pytest.mark.benchmark
LOGIN = ("admin", "correct horse battery")
MANY = 10_000
CALLS = 300
VALUES = {"provider": "AWS", "access_key_id": "AKIDMADEUP", "secret_access_key": "made up", "region": "eu-central-1"}


@contextmanager
def running(command: list[str], port: int, environment: dict[str, str]) -> Iterator[tuple[float, float]]:
    """Run a server; gives the seconds to its first page and its memory in MiB after that."""
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not answered(port):
            time.sleep(0.01)
        took = time.perf_counter() - began
        yield took, psutil.Process(process.pid).memory_info().rss / 2**20
    finally:
        process.terminate()
        process.wait(20)


def answered(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", follow_redirects=True, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an account and as many credentials as one may have."""
    made = tmp_path_factory.mktemp("pages")
    store = open_store(
        f"sqlite:///{made}/backup-credentials.db", KeyRing.from_file(made / "secret-seed.json", create=True)
    )
    store.accounts.create_administrator(store.accounts.setup_code(), *LOGIN)
    with store.together():
        for number in range(MANY):
            store.credentials.add(f"Credential {number:05}", "S3", VALUES, by="admin")
    store.close()
    return made


@pytest.fixture(scope="module")
def both(folder: Path) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """The program, logged in, and the bare app, each as a process."""
    port, other = free_port(), free_port()
    environment = clean_environment(folder) | {"BACKUP_CREDENTIALS_REVERIFY_HOURS": "0"}
    own = [*PROGRAM, "serve", "--port", str(port)]
    with (
        running(own, port, environment) as ours,
        running([sys.executable, bare.__file__, str(other)], other, environment) as plain,
    ):
        ROWS.append(Row("start to first page", ours[0], plain[0], "seconds"))
        ROWS.append(Row("memory after the first page", ours[1], plain[1], "told", "MiB"))
        with client(port) as site, client(other) as nothing:
            log_in(site)
            yield site, nothing


def client(port: int) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{port}", follow_redirects=True, trust_env=False, timeout=30)


def log_in(site: httpx.Client) -> None:
    token = site.get("/login").text.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    done = site.post("/login", data={"csrf_token": token, "name": LOGIN[0], "password": LOGIN[1]})
    assert done.url.path == "/"


def measure(both: tuple[httpx.Client, httpx.Client], what: str, path: str, aim: str, *, fragment: bool = False) -> None:
    """Add the rows of one page."""
    site, nothing = both
    headers = {"HX-Request": "true", "HX-Request-Type": "partial"} if fragment else {}
    assert site.get(path, headers=headers).status_code == 200
    ours, plain = in_turns(lambda: site.get(path, headers=headers), lambda: nothing.get("/"), CALLS, warm=10)
    ROWS.append(Row(f"{what}, p50", percentile(ours, 50), percentile(plain, 50), aim))
    ROWS.append(Row(f"{what}, p99", percentile(ours, 99), percentile(plain, 99), aim))


def test_the_fragment_of_a_provider(both: tuple[httpx.Client, httpx.Client]) -> None:
    path = "/cloud-credentials/fields?provider=S3"
    measure(both, "provider fragment beside a bare view", path, "≤ 3 times", fragment=True)


def test_the_page_of_a_credential(both: tuple[httpx.Client, httpx.Client], folder: Path) -> None:
    store = open_store(
        f"sqlite:///{folder}/backup-credentials.db", KeyRing.from_file(folder / "secret-seed.json", create=False)
    )
    one = store.credentials.find("Credential 00500").id
    store.close()
    measure(both, "page of a credential beside a bare view", f"/cloud-credentials/{one}", "≤ 3 times")


def test_the_list_of_ten_thousand(both: tuple[httpx.Client, httpx.Client]) -> None:
    measure(both, f"list of {MANY:,} credentials beside a bare view", "/cloud-credentials/", "≤ 10 times")
    measure(both, f"search among {MANY:,} beside a bare view", "/cloud-credentials/?text=0042", "≤ 10 times")

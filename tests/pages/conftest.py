"""The real app on a real server, with a store of its own."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from servers.kinds import rclone

from webapp.app import create_app
from webapp.core.runtime import Runtime
from webapp.server import QuietServer
from webapp.settings import Settings

PASSWORD = "a-CANARY-PASSWORD-of-mine"


@dataclass
class Site:
    """A running app, and everything that it has answered."""

    address: str
    code: str
    client: httpx.Client
    runtime: Runtime
    folder: Path
    answers: list[str] = field(default_factory=list)

    def get(self, path: str, *, fragment: bool = False) -> httpx.Response:
        return self.noted(self.client.get(path, headers=partial(fragment)))

    def post(self, path: str, values: dict[str, str], *, fragment: bool = False, **more: object) -> httpx.Response:
        data = {"csrf_token": self.token, **values}
        return self.noted(self.client.post(path, data=data, headers=partial(fragment), **more))

    @property
    def token(self) -> str:
        page = self.client.get("/account")
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
        assert found
        return found.group(1)

    def noted(self, answer: httpx.Response) -> httpx.Response:
        seen = (str(answer.url), str(dict(answer.headers)), answer.text)
        self.answers.append(" ".join(seen))
        return answer

    def set_up(self) -> None:
        values = {"code": self.code, "name": "admin", "password": PASSWORD}
        assert self.post("/setup", values).url.path == "/"


def partial(fragment: bool) -> dict[str, str]:
    return {"HX-Request": "true", "HX-Request-Type": "partial"} if fragment else {}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A fresh app, before its first start-up page was seen."""
    with served(tmp_path) as made:
        yield made


@contextmanager
def served(folder: Path) -> Iterator[Site]:
    """Serve a fresh app from threads of this process, so that a test can reach into it."""
    settings = Settings(data_dir=folder / "data", reverify_hours=0.0)
    runtime = Runtime(settings)
    runtime.start()
    server = QuietServer(("127.0.0.1", 0), create_app(settings, runtime))
    server.prepare()
    thread = threading.Thread(target=server.serve)
    thread.start()
    address = f"http://127.0.0.1:{server.bind_addr[1]}"
    try:
        with httpx.Client(base_url=address, follow_redirects=True, trust_env=False, timeout=60) as client:
            yield Site(address, runtime.store.accounts.setup_code(), client, runtime, folder)
    finally:
        server.stop()
        thread.join()
        runtime.stop()


@pytest.fixture
def admin(site: Site) -> Site:
    """The same after the administrator has logged in."""
    site.set_up()
    return site


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an S3 server with one key."""
    folder = tmp_path_factory.mktemp("s3")
    (folder / "alpha").mkdir()
    with rclone.serving("s3", folder, "--auth-key", "test-key-id,CANARY-test/secret+key") as port:
        yield f"http://127.0.0.1:{port}"

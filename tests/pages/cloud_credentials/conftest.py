"""The app with a real store and real rclone daemons, visited without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from pages.backends import s3_server, silent_server, webdav_server
from pages.visitor import Visitor

from webapp.app import create_app
from webapp.core.runtime import Runtime
from webapp.settings import Settings

ACCOUNT = ("admin", "correct horse battery")


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Values of an S3 credential that works."""
    with s3_server(tmp_path_factory.mktemp("s3")) as values:
        yield values


@pytest.fixture(scope="session")
def webdav(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Values of a WebDAV credential that works."""
    with webdav_server(tmp_path_factory.mktemp("webdav")) as values:
        yield values


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that never answers."""
    with silent_server() as port:
        yield port


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", reverify_hours=0, pool_size=1)


@pytest.fixture
def runtime(settings: Settings) -> Iterator[Runtime]:
    made = Runtime(settings)
    yield made
    made.stop()


@pytest.fixture
def app(settings: Settings, runtime: Runtime) -> Flask:
    return create_app(settings, runtime)


@pytest.fixture
def visitor(app: Flask, runtime: Runtime) -> Visitor:
    """Somebody who is logged in."""
    accounts = runtime.store.accounts
    accounts.create_administrator(accounts.setup_code(), *ACCOUNT)
    return logged_in(app, runtime)


@pytest.fixture
def second(app: Flask, runtime: Runtime, visitor: Visitor) -> Visitor:
    """The same person in another browser."""
    return logged_in(app, runtime)


def logged_in(app: Flask, runtime: Runtime) -> Visitor:
    account = runtime.store.accounts.check(*ACCOUNT, "127.0.0.1")
    client = app.test_client()
    client.set_cookie("session", runtime.store.sessions.start(account.id))
    return Visitor(client)

"""An rclone.conf of a real rclone with sixteen kinds of remotes: taken over, and every one is asked at its server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands.conftest import Program
from servers.fake_internet import clouds, mega
from servers.fake_internet.starting import Internet
from servers.fake_internet.tokens import CLIENT, CLIENT_SECRET
from servers.kinds import ftp
from servers.kinds.azure import AzureServer
from servers.kinds.ftp import FtpServers
from servers.kinds.s3 import S3Server
from servers.kinds.ssh import SshServer
from servers.kinds.swift import SwiftServer
from servers.kinds.web import WebServer
from servers.runs import command

from webapp.core.rclone.metadata import binary

pytestmark = pytest.mark.server
Remote = tuple[str, dict[str, object]]
FAR = "2099-01-01T00:00:00Z"
TOKEN = json.dumps({"access_token": "good-a", "token_type": "Bearer", "refresh_token": "keep-x-0", "expiry": FAR})
OAUTH: dict[str, object] = {"client_id": CLIENT, "client_secret": CLIENT_SECRET, "token": TOKEN}


@pytest.fixture
def on_loopback(
    seaweedfs: S3Server,
    azurite: AzureServer,
    tempauth: SwiftServer,
    vsftpd: FtpServers,
    sshd: SshServer,
    nginx: WebServer,
    webdav: dict[str, object],
) -> dict[str, Remote]:
    """Remotes whose servers run here, in rclone's own words."""
    key, secret = seaweedfs.full
    place: dict[str, object] = {"host": "127.0.0.1", "user": ftp.USER, "pass": ftp.PASSWORD}
    login: dict[str, object] = {"host": "127.0.0.1", "port": sshd.port, "user": sshd.user, "pass": sshd.password}
    return {
        "s3": ("s3", {"provider": "Other", "access_key_id": key, "secret_access_key": secret,
                      "endpoint": seaweedfs.endpoint, "region": "us-east-1"}),
        "azure": ("azureblob", {"account": azurite.account, "key": azurite.key, "endpoint": azurite.endpoint}),
        "swift": ("swift", {"user": "test:tester", "key": tempauth.password, "auth": tempauth.auth}),
        "ftp": ("ftp", {**place, "port": vsftpd.plain}),
        "sftp": ("sftp", login),
        "http": ("http", {"url": nginx.url}),
        "dav": ("webdav", {"url": webdav["url"], "vendor": "rclone", "user": webdav["user"], "pass": webdav["pass"]}),
    }  # fmt: skip


@pytest.fixture
def in_the_fake_internet(internet: Internet) -> dict[str, Remote]:
    """Remotes whose vendors a program of the tests speaks for."""
    robot = internet.service_account.replace("\n", "")
    return {
        "b2": ("b2", {"account": clouds.B2_ID, "key": clouds.B2_KEY}),
        "gcs": ("google cloud storage", {"service_account_credentials": robot, "project_number": "1"}),
        "drive": ("drive", {**OAUTH, "scope": "drive"}),
        "box": ("box", OAUTH),
        "dropbox": ("dropbox", OAUTH),
        "mega": ("mega", {"user": mega.USER, "pass": mega.PASSWORD}),
        "onedrive": ("onedrive", {**OAUTH, "drive_id": "canary-drive", "drive_type": "personal"}),
        "pcloud": ("pcloud", {**OAUTH, "hostname": "api.pcloud.com"}),
        "yandex": ("yandex", OAUTH),
    }


def test_every_remote_is_taken_over_and_accepted_by_its_server(
    program: Program,
    on_loopback: dict[str, Remote],
    in_the_fake_internet: dict[str, Remote],
    internet: Internet,
    tmp_path: Path,
) -> None:
    file, remotes = tmp_path / "rclone.conf", on_loopback | in_the_fake_internet
    for name, (kind, options) in remotes.items():
        pairs = [f"{key}={value}" for key, value in options.items()]
        how = ["--non-interactive", "--obscure", "--no-output"]
        command(binary(), "--config", file, "config", "create", name, kind, *pairs, *how)
    done = program("import", str(file), "--yes")
    assert done.code == 0, done.err
    assert {found["name"] for found in program("list", "--json").data} == set(remotes)
    told = program("verify", "--all", "--json", **internet.environment)
    states = {found["name"]: found["state"] for found in told.data}
    assert states == dict.fromkeys(remotes, "valid") | {"http": "reachable"}, told.out

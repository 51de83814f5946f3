"""How the operator signs in: as a pod, by a program of the kubeconfig, by OpenID Connect, and through a proxy."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cluster.conftest import apply_definition
from cluster.operators import RunningOperator, Space, eventually
from cluster.roles import allow, shipped
from servers.authority import Authority
from servers.interference import Loop
from servers.issuer import CLIENT, REFRESH, Issuer, issuing
from servers.kinds.kubernetes import ControlPlane
from servers.runs import free_port, lack

pytestmark = pytest.mark.server

ACCOUNT = "backup-credentials"
REMEMBERED = 12
"""Seconds after which the API server has forgotten that a token was good (10 s by default)."""


@pytest.fixture
def space(cluster: ControlPlane) -> Iterator[Space]:
    made = Space(cluster)
    yield made
    made.http.close()


def spec() -> dict[str, Any]:
    keys = {"accessKeyId": "AKIA", "secretAccessKey": {"secretKeyRef": {"name": "keys", "key": "secret"}}}
    outputs = [{"name": "out", "format": "rclone"}]
    return {
        "provider": {"s3": {**keys, "endpoint": "http://127.0.0.1:9"}},
        "secrets": outputs,
        "verification": {"interval": "0"},
    }


def works(space: Space, word: str, seconds: float = 5) -> None:
    """Check that a change of a source arrives."""
    space.source("keys", secret=word)
    space.apply("nightly", spec())
    eventually(lambda: f"= {word}" in space.values("out").get("rclone.conf", ""), seconds, lambda: space.get("nightly"))


class Account:
    """A service account with the shipped role, whose tokens stand in a file as kubelet puts them there."""

    def __init__(self, space: Space, folder: Path) -> None:
        self.space, self.folder = space, folder
        space.http.post(f"/api/v1/namespaces/{space.name}/serviceaccounts", json={"metadata": {"name": ACCOUNT}})
        allow(space, shipped(), {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": space.name})
        folder.mkdir()
        (folder / "ca.crt").write_bytes(space.plane.authority.read_bytes())
        (folder / "namespace").write_text(space.name)
        self.number = 0
        self.renew()

    def renew(self) -> None:
        """Put a new token into the file; the one before is not valid any more."""
        before, self.number = self.number, self.number + 1
        bound = f"token-{self.number}"
        self.space.source(bound, any="x")
        path = f"/api/v1/namespaces/{self.space.name}/serviceaccounts/{ACCOUNT}/token"
        reference = {"apiVersion": "v1", "kind": "Secret", "name": bound}
        asked = {"spec": {"expirationSeconds": 600, "boundObjectRef": reference}}
        answer = self.space.http.post(path, json=asked)
        new = self.folder / "token.new"
        new.write_text(answer.raise_for_status().json()["status"]["token"])
        new.replace(self.folder / "token")
        if before:
            self.space.http.delete(f"{self.space.secrets}/token-{before}").raise_for_status()


@pytest.fixture
def account(space: Space, tmp_path: Path) -> Account:
    return Account(space, tmp_path / "serviceaccount")


@contextlib.contextmanager
def run(space: Space, folder: Path, **more: Any) -> Generator[RunningOperator]:
    """Run an operator for the namespace."""
    started = RunningOperator(space.plane, folder, "--namespace", space.name, "--lease-namespace", space.name, **more)
    try:
        yield started.wait_ready()
    finally:
        started.kill()


POD = """\
set -e
mount -t tmpfs none /run
mkdir -p /run/secrets/kubernetes.io/serviceaccount
mount --bind "$0" /run/secrets/kubernetes.io/serviceaccount
exec "$@"
"""
"""Puts the service account where a pod has it, for one program alone."""


def in_pod(account: Account) -> dict[str, Any]:
    """Return what makes an operator believe that it is in a pod."""
    unshare = ["unshare", "--mount", "--map-root-user"]
    if subprocess.run([*unshare, "mount", "-t", "tmpfs", "none", "/run"], capture_output=True, check=False).returncode:
        lack("this system lets nobody mount in a namespace of their own")
    address = urlsplit(account.space.plane.endpoint)
    environment = {
        "KUBECONFIG": "",
        "KUBERNETES_SERVICE_HOST": str(address.hostname),
        "KUBERNETES_SERVICE_PORT": str(address.port),
    }
    return {"inside": [*unshare, "sh", "-c", POD, account.folder], "environment": environment}


def by_program(account: Account) -> dict[str, Any]:
    """Return a kubeconfig that runs a program for a token, as those of cloud providers do."""
    program = account.folder / "credentials"
    reply = '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}'
    program.write_text(
        f"#!/bin/sh\necho ran >> {account.folder}/runs\nprintf '{reply}' \"$(cat {account.folder}/token)\"\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    run_it = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(program), "interactiveMode": "Never"}
    path = kubeconfig(account.space.plane, account.folder / "kubeconfig", {"exec": run_it})
    return {"environment": {"KUBECONFIG": str(path)}}


def kubeconfig(plane: ControlPlane, path: Path, user: dict[str, Any], *, server: str = "") -> Path:
    """Write a kubeconfig with a user."""
    content = json.loads(plane.kubeconfig().read_text())
    content["users"][0]["user"] = user
    if server:
        content["clusters"][0]["cluster"]["server"] = server
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize("way", [in_pod, by_program])
def test_a_token_that_was_replaced_is_taken_anew(
    space: Space, account: Account, tmp_path: Path, way: Callable[[Account], dict[str, Any]]
) -> None:
    with run(space, tmp_path / "operator", **way(account)) as operator:
        works(space, "first")
        account.renew()
        time.sleep(REMEMBERED)
        works(space, "second", 20)
        operator.wait_ready(30)
        space.kubectl("delete", "secret/out")
        eventually(lambda: space.secret("out"), 5)  # the watch came back as well
        refused = operator.metric("backup_credentials_api_requests_total", code="401")
        assert refused < 10, "it asked again and again with the old token"
        token = (account.folder / "token").read_text()
        assert token not in operator.said + operator.get("/metrics")
    if way is by_program:
        assert (account.folder / "runs").read_text().count("ran") in range(2, 6)


@pytest.fixture(scope="module")
def issuer(own_authority: Authority) -> Iterator[Issuer]:
    with issuing(own_authority) as made:
        yield made


@pytest.fixture(scope="module")
def trusting(own_control_plane: Callable[..., ControlPlane], issuer: Issuer, own_authority: Authority) -> ControlPlane:
    """A control plane that trusts the issuer."""
    named = ("--oidc-issuer-url", issuer.address, "--oidc-client-id", CLIENT, "--oidc-ca-file", own_authority.ca_file)
    plane = own_control_plane(controllers=(), api_flags=(*named, "--oidc-username-prefix", "oidc:"))
    apply_definition(plane)
    return plane


@pytest.mark.parametrize("lasts", [3600, -60], ids=["valid", "ended"])
def test_openid_connect(
    trusting: ControlPlane, issuer: Issuer, own_authority: Authority, tmp_path: Path, lasts: int
) -> None:
    """One that has ended is renewed with the refresh token, as kubectl does."""
    space = Space(trusting)
    allow(space, shipped(), {"kind": "User", "name": "oidc:engineer", "apiGroup": "rbac.authorization.k8s.io"})
    config = {
        "client-id": CLIENT,
        "client-secret": "unused",
        "id-token": issuer.id_token(lasts=lasts),
        "refresh-token": REFRESH,
        "idp-issuer-url": issuer.address,
        "idp-certificate-authority-data": base64.b64encode(own_authority.ca.encode()).decode(),
    }
    path = kubeconfig(trusting, tmp_path / "kubeconfig", {"auth-provider": {"name": "oidc", "config": config}})
    before = issuer.renewed
    with run(space, tmp_path / "operator", environment={"KUBECONFIG": str(path)}) as operator:
        works(space, "first")
        assert config["id-token"] not in operator.said
    assert issuer.renewed - before == (0 if lasts > 0 else 1)
    space.http.close()


class Proxy:
    """A proxy that opens tunnels (`CONNECT`) to one place, by whatever name it is asked for."""

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target)
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.tunnels: list[str] = []
        self.loop = Loop()
        self.loop.call(self.begin())

    async def begin(self) -> None:
        self.server = await asyncio.start_server(self.handle, "127.0.0.1", self.port)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            asked = (await reader.readuntil(b"\r\n\r\n")).decode().split()
            self.tunnels.append(" ".join(asked[:2]))
            behind, to_behind = await asyncio.open_connection(self.target.hostname, self.target.port)
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await asyncio.gather(self.pump(reader, to_behind), self.pump(behind, writer))

    async def pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await source.read(65536):
                sink.write(piece)
                await sink.drain()
        sink.close()


def test_everything_goes_through_the_proxy_that_the_environment_names(
    space: Space, account: Account, tmp_path: Path
) -> None:
    """The API server has a name that is known to the proxy alone, so that nothing can go past it."""
    proxy = Proxy(space.plane.endpoint)
    server = "https://kubernetes.default.svc:6443"
    token = (account.folder / "token").read_text()
    path = kubeconfig(space.plane, tmp_path / "kubeconfig", {"token": token}, server=server)
    environment = {"KUBECONFIG": str(path), "HTTPS_PROXY": proxy.address, "NO_PROXY": "example.com"}
    with run(space, tmp_path / "operator", environment=environment):
        works(space, "first")
        space.kubectl("delete", "secret/out")
        eventually(lambda: space.secret("out"), 5)
    assert set(proxy.tunnels) == {"CONNECT kubernetes.default.svc:6443"}
    checked = check(space, tmp_path / "operator", environment)
    assert "ok      API server: v" in checked
    assert "missing" not in checked.replace("missing definition", "")


def test_what_needs_no_proxy_does_not_use_it(space: Space, account: Account, tmp_path: Path) -> None:
    proxy = Proxy(space.plane.endpoint)
    token = (account.folder / "token").read_text()
    path = kubeconfig(space.plane, tmp_path / "kubeconfig", {"token": token})
    environment = {"KUBECONFIG": str(path), "HTTPS_PROXY": proxy.address, "NO_PROXY": "127.0.0.1"}
    with run(space, tmp_path / "operator", environment=environment):
        works(space, "first")
    assert proxy.tunnels == []


def check(space: Space, folder: Path, environment: dict[str, str]) -> str:
    """Return what `operator --check` says, which signs in with the official client."""
    command = [sys.executable, "-m", "webapp", "operator", "--check", "--namespace", space.name]
    everything = {**os.environ, **environment, "BACKUP_CREDENTIALS_DATA_DIR": str(folder)}
    options = ["--lease-namespace", space.name]
    return subprocess.run([*command, *options], env=everything, capture_output=True, text=True, check=False).stdout

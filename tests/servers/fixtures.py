"""Each real server as a fixture, started once in a run by whichever worker asks first."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from servers import authority
from servers.authority import Authority
from servers.fake_internet.starting import Internet, fake_internet
from servers.kinds import azure, database, ftp, kubernetes, s3, ssh, ssh_fleet, swift, web
from servers.runs import Run


@pytest.fixture(scope="session")
def own_authority(servers_run: Run) -> Authority:
    """The authority that signed the certificates of the servers with TLS."""
    return servers_run.once("authority", authority.create)


@pytest.fixture(scope="session")
def other_authority(servers_run: Run) -> Authority:
    """Another one, that signed nothing in use."""
    return servers_run.once("other-authority", authority.create)


@pytest.fixture(scope="session")
def seaweedfs(servers_run: Run) -> s3.S3Server:
    """SeaweedFS."""
    return servers_run.once("seaweedfs", lambda place: s3.seaweedfs(servers_run, place))


@pytest.fixture(scope="session")
def versitygw(servers_run: Run) -> s3.S3Server:
    """versitygw with its IAM service."""
    return servers_run.once("versitygw", lambda place: s3.versitygw(servers_run, place))


@pytest.fixture(scope="session")
def vsftpd(servers_run: Run, own_authority: Authority) -> ftp.FtpServers:
    """vsftpd three times."""
    return servers_run.once("vsftpd", lambda place: ftp.vsftpd(servers_run, place, own_authority))


@pytest.fixture(scope="session")
def apache(servers_run: Run, own_authority: Authority) -> web.WebServer:
    """Apache with WebDAV under TLS."""
    return servers_run.once("apache", lambda place: web.apache(servers_run, place, own_authority))


@pytest.fixture(scope="session")
def nginx(servers_run: Run) -> web.WebServer:
    """nginx."""
    return servers_run.once("nginx", lambda place: web.nginx(servers_run, place))


@pytest.fixture(scope="session")
def sshd(servers_run: Run) -> ssh.SshServer:
    """OpenSSH's sshd."""
    return servers_run.once("sshd", lambda place: ssh.sshd(servers_run, place))


@pytest.fixture(scope="session")
def fleet(servers_run: Run) -> ssh_fleet.Fleet:
    """OpenSSH's sshd with users that may do different things."""
    return servers_run.once("fleet", lambda place: ssh_fleet.fleet(servers_run, place))


@pytest.fixture
def changing_sshd(servers_run: Run, tmp_path: Path) -> Iterator[ssh_fleet.Changing]:
    """An sshd of this test alone, whose host keys change."""
    server = ssh_fleet.Changing(servers_run, tmp_path)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def azurite(servers_run: Run) -> azure.AzureServer:
    """Azurite."""
    return servers_run.once("azurite", lambda place: azure.azurite(servers_run, place))


@pytest.fixture(scope="session")
def tempauth(servers_run: Run) -> swift.SwiftServer:
    """Swift with accounts of its own."""
    return servers_run.once("tempauth", lambda place: swift.tempauth(servers_run, place))


@pytest.fixture(scope="session")
def keystone(servers_run: Run) -> swift.KeystoneServer:
    """Swift behind Keystone."""
    return servers_run.once("keystone", lambda place: swift.keystone(servers_run, place))


@pytest.fixture(scope="session")
def postgres(servers_run: Run) -> str:
    """The address of a private PostgreSQL's socket, to be completed by a database's name."""
    return servers_run.once("postgres", lambda place: database.postgres(servers_run, place))


@pytest.fixture(scope="session")
def internet(servers_run: Run) -> Internet:
    """The providers that cannot be had on loopback."""
    return servers_run.once("internet", lambda place: fake_internet(servers_run, place))


@pytest.fixture(autouse=True)
def no_strangers(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test after which the fake internet was asked for a host that it does not know."""
    asked = request.getfixturevalue("internet") if "internet" in request.fixturenames else None
    yield
    assert asked is None or asked.ask("strangers") == []


@pytest.fixture(scope="session")
def control_plane(servers_run: Run) -> kubernetes.ControlPlane:
    """A Kubernetes control plane that all tests share; each uses a namespace of its own and stops nothing."""
    return servers_run.once("control-plane", lambda place: kubernetes.control_plane(servers_run, place))


@pytest.fixture
def namespace(control_plane: kubernetes.ControlPlane) -> Iterator[str]:
    """A fresh namespace of the shared control plane."""
    name = control_plane.new_namespace()
    yield name
    control_plane.delete_namespace(name)


@pytest.fixture(scope="module")
def own_control_plane(servers_run: Run) -> Iterator[Callable[..., kubernetes.ControlPlane]]:
    """Start control planes that a module has for itself, to stop their parts; takes the options of the starting function."""
    started: list[kubernetes.ControlPlane] = []

    def start(**options: object) -> kubernetes.ControlPlane:
        place = servers_run.folder / f"control-plane-{secrets.token_hex(4)}"
        place.mkdir()
        servers_run.watch()
        started.append(kubernetes.control_plane(servers_run, place, **options))  # pyright: ignore[reportArgumentType]
        return started[-1]

    yield start
    for plane in started:
        plane.end()

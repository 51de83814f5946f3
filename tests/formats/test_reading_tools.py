"""The tools that read a format take our output: they reach a real server, or load it and report the values."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import shlex
import socket
import subprocess
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import boto3
import pytest
import yaml
from azure.storage.blob import BlobServiceClient
from formats import samples
from formats.proving import proves
from servers.runs import free_port, need

from webapp.core.fields import Attributes, as_text
from webapp.core.formats import FORMATS, Source, render
from webapp.core.formats.tools.rclone import options_of
from webapp.core.providers import PROVIDERS
from webapp.core.rclone.metadata import binary
from webapp.core.rclone.obscure import reveal

RCLONES = ("bundled", "debian")
CLOUDS = list(FORMATS["rclone"].providers)


def rclone(which: str) -> Path:
    return binary() if which == "bundled" else need(Path("/usr/bin/rclone"))


def run(*command: str | Path, **environment: str) -> str:
    clean = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **environment}
    done = subprocess.run([str(part) for part in command], env=clean, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


@contextlib.contextmanager
def serving(*arguments: str) -> Generator[int]:
    """Serve with the bundled rclone on a free port."""
    port = free_port()
    with started(str(binary()), "--config", "", "serve", *arguments, "--addr", f"127.0.0.1:{port}", port=port):
        yield port


@contextlib.contextmanager
def started(*command: str, port: int) -> Generator[None]:
    """Run a server until the end of the block; begins when its port answers."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 20
        while not answers(port):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
        yield
    finally:
        process.kill()
        process.wait()


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    """A real S3 server with one bucket, and the credential for it."""
    folder = tmp_path_factory.mktemp("s3")
    (folder / "backups").mkdir()
    with serving("s3", str(folder), "--auth-key", "canaryid,canary+/=secret") as port:
        yield source(
            "S3",
            provider="Other",
            access_key_id="canaryid",
            secret_access_key="canary+/=secret",
            endpoint=f"http://127.0.0.1:{port}",
            region="us-east-1",
        )


SSHD = """Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/key.pub
PasswordAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
PidFile none
Subsystem sftp internal-sftp
"""


@pytest.fixture(scope="module")
def ssh_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    """A real sshd that takes one key, and the credential for it."""
    folder = tmp_path_factory.mktemp("sshd")
    for name in ("host", "key"):
        run(need("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", folder / name)
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd as root gives its rights away in there
    port = free_port()
    (folder / "config").write_text(SSHD.format(port=port, folder=folder))
    with started(str(need(Path("/usr/sbin/sshd"))), "-D", "-f", str(folder / "config"), port=port):
        yield source(
            "SFTP",
            host="127.0.0.1",
            port=port,
            user=getpass.getuser(),
            key_pem=(folder / "key").read_text(),
            host_keys=" ".join((folder / "host.pub").read_text().split()[:2]),
        )


def source(provider_type: str, /, **attributes: str | int) -> Source:
    values: Attributes = attributes
    return Source("Real server", PROVIDERS[provider_type], values)


def written(folder: Path, format_key: str, given: Source, **options: str) -> tuple[dict[str, str], Path]:
    """Write a format's files and return the environment that its tool gets."""
    folder.mkdir(exist_ok=True, mode=0o700)
    own = {"folder": str(folder)} if any(option.key == "folder" for option in FORMATS[format_key].options) else {}
    made = render(format_key, given, {**own, **options})
    for key in made.files.keys() & made.data.keys():
        (folder / key).write_bytes(made.data[key])
        (folder / key).chmod(0o600)
    named = {name: str(folder / key) for key, name in made.files.items() if name and key in made.data}
    return {**made.environment, **named}, folder


@proves(("rclone", "volsync-rclone"), CLOUDS, "rclone (the bundled one and Debian's) reads every awkward value back")
@pytest.mark.parametrize("which", RCLONES)
@pytest.mark.parametrize("provider", CLOUDS)
@pytest.mark.parametrize("format_key", ["rclone", "volsync-rclone"])
def test_rclone_reads_every_awkward_value_back(format_key: str, provider: str, which: str, tmp_path: Path) -> None:
    given = samples.source(provider)
    environment, _ = written(tmp_path / "c", format_key, given)
    read = json.loads(run(rclone(which), "config", "dump", **environment))["backup"]
    wanted = options_of(given, {})
    obscured = {field.rclone.name for field in given.provider.fields if field.rclone and field.rclone.obscured}
    plain = {key: reveal(value) if key in obscured else value for key, value in read.items()}
    assert plain == {key: reveal(value) if key in obscured else value for key, value in wanted.items()}


@proves(
    ("rclone", "rclone-env", "volsync-rclone"),
    "S3",
    "rclone (the bundled one and Debian's) lists an S3 server of rclone",
)
@pytest.mark.parametrize("which", RCLONES)
@pytest.mark.parametrize("format_key", ["rclone", "rclone-env", "volsync-rclone"])
def test_rclone_lists_an_s3_server(format_key: str, which: str, bucket: Source, tmp_path: Path) -> None:
    environment, _ = written(tmp_path / "c", format_key, bucket)
    assert run(rclone(which), "lsf", "backup:", **environment).splitlines() == ["backups/"]


def account(kind: str, port: int, password: str) -> Source:
    """Return the credential of a server of rclone's."""
    place: dict[str, str | int] = {"host": "127.0.0.1", "port": port, "user": "u", "pass": password}
    web: dict[str, str | int] = {"url": f"http://127.0.0.1:{port}", "vendor": "OTHER", "user": "u", "pass": password}
    return source(kind.upper(), **(web if kind == "webdav" else place))


@proves(
    ("rclone", "rclone-env"),
    ("WEBDAV", "FTP", "SFTP"),
    "rclone (the bundled one and Debian's) logs in to a server of rclone",
)
@pytest.mark.parametrize("which", RCLONES)
@pytest.mark.parametrize("format_key", ["rclone", "rclone-env"])
@pytest.mark.parametrize("kind", ["webdav", "ftp", "sftp"])
def test_rclone_logs_in_with_an_awkward_password(kind: str, format_key: str, which: str, tmp_path: Path) -> None:
    password = "  a'b\"c`d$e#f;g=h%(user)si\\ü "
    (tmp_path / "served/found").mkdir(parents=True)
    options = ("--user", "u", "--pass", password)
    with serving(kind, str(tmp_path / "served"), *options) as port:
        environment, _ = written(tmp_path / "c", format_key, account(kind, port, password))
        assert run(rclone(which), "lsf", "backup:", **environment).splitlines() == ["found/"]


RESTIC_S3 = ("restic", "restic-rclone", "k8up", "volsync-restic")


@proves(RESTIC_S3, "S3", "restic initialises, backs up and lists on an S3 server of rclone")
@pytest.mark.parametrize("format_key", RESTIC_S3)
def test_restic_backs_up_to_an_s3_server(format_key: str, bucket: Source, tmp_path: Path) -> None:
    options = {"repository": f"backups/{format_key}", "password": samples.REPOSITORY_PASSWORD}
    environment, folder = written(tmp_path / "c", format_key, bucket, **options)
    backed_up(folder, environment)


def backed_up(folder: Path, environment: dict[str, str], *more: str) -> None:
    """Make a repository, back something up and list it."""
    path = os.pathsep.join((str(binary().parent), os.environ["PATH"]))
    used = {**environment, "PATH": path, "XDG_CACHE_HOME": str(folder / "cache")}
    (folder / "letter").write_text("keep me")
    restic = need("restic")
    run(restic, *more, "init", **used)
    run(restic, *more, "backup", folder / "letter", **used)
    (snapshot,) = json.loads(run(restic, *more, "snapshots", "--json", **used))
    assert snapshot["paths"] == [str(folder / "letter")]


@proves("restic-rclone", ("WEBDAV", "FTP", "SFTP"), "restic backs up through rclone on a server of rclone")
@pytest.mark.parametrize("kind", ["webdav", "ftp", "sftp"])
def test_restic_backs_up_through_rclone(kind: str, tmp_path: Path) -> None:
    (tmp_path / "served").mkdir()
    with serving(kind, str(tmp_path / "served"), "--user", "u", "--pass", "a password") as port:
        options = {"repository": "kept", "password": samples.REPOSITORY_PASSWORD}
        environment, folder = written(tmp_path / "c", "restic-rclone", account(kind, port, "a password"), **options)
        backed_up(folder, environment)


@proves("restic", "SFTP", "restic initialises, backs up and lists over OpenSSH")
def test_restic_backs_up_over_sftp_with_key_and_host_key(ssh_server: Source, tmp_path: Path) -> None:
    options = {"repository": str(tmp_path / "kept"), "password": samples.REPOSITORY_PASSWORD}
    environment, folder = written(tmp_path / "c", "restic", ssh_server, **options)
    command = shlex.join([str(need("ssh")), "-F", str(folder / "ssh_config"), "real-server", "-s", "sftp"])
    backed_up(folder, environment, "-o", f"sftp.command={command}")


@proves("restic", "HTTP", "restic initialises, backs up and lists on a REST server")
def test_restic_backs_up_to_a_rest_server(tmp_path: Path) -> None:
    (tmp_path / "served").mkdir()
    with serving("restic", str(tmp_path / "served")) as port:
        options = {"repository": "repository", "password": samples.REPOSITORY_PASSWORD}
        given = source("HTTP", url=f"http://127.0.0.1:{port}/")
        environment, folder = written(tmp_path / "c", "restic", given, **options)
        backed_up(folder, environment)


@proves("ssh-auth", "SFTP", "sftp logs in to OpenSSH and refuses another host key; ssh-keygen reads the key")
def test_ssh_logs_in_with_the_files_and_refuses_another_host_key(ssh_server: Source, tmp_path: Path) -> None:
    _, folder = written(tmp_path / "c", "ssh-auth", ssh_server)
    sftp = [need("sftp"), "-F", folder / "ssh_config", "-b", "-", "real-server"]
    command = [str(part) for part in sftp]
    done = subprocess.run(command, input=b"pwd\n", capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert run(need("ssh-keygen"), "-y", "-f", folder / "ssh-privatekey").startswith("ssh-ed25519 ")
    port = ssh_server.attributes["port"]
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {samples.PUBLIC}\n")
    done = subprocess.run(command, input=b"pwd\n", capture_output=True, timeout=30, check=False)
    assert b"HOST IDENTIFICATION HAS CHANGED" in done.stderr


@proves(("aws-credentials", "velero"), "S3", "boto3 lists an S3 server of rclone")
@pytest.mark.parametrize(("format_key", "name"), [("aws-credentials", "credentials"), ("velero", "cloud")])
def test_boto3_reads_the_file_and_lists_an_s3_server(
    format_key: str, name: str, bucket: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment, folder = written(tmp_path / "c", format_key, bucket, profile="nightly")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / name))
    assert environment == {"AWS_SHARED_CREDENTIALS_FILE": str(folder / name)}
    session = boto3.Session(profile_name="nightly", region_name="us-east-1")
    client = session.client("s3", endpoint_url=bucket.text("endpoint"))
    assert [found["Name"] for found in client.list_buckets()["Buckets"]] == ["backups"]


@proves("aws-credentials", "S3", "boto3 reads every awkward value back")
def test_boto3_reads_every_awkward_value_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = samples.source("S3")
    _, folder = written(tmp_path / "c", "aws-credentials", given)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
    found = boto3.Session(profile_name="default").get_credentials()
    assert (found.access_key, found.secret_key) == (given.text("access_key_id"), given.text("secret_access_key"))


@proves("azure-connection-string", "AZUREBLOB", "azure-storage-blob reads account, key and address")
def test_azures_library_reads_the_connection_string() -> None:
    given = samples.source("AZUREBLOB")
    text = render("azure-connection-string", given, {}).environment["AZURE_STORAGE_CONNECTION_STRING"]
    with BlobServiceClient.from_connection_string(text) as client:
        assert (client.account_name, client.credential.account_key) == ("madeup", samples.AZURE_KEY)
        assert client.url == "https://madeup.blob.core.windows.net/"


@pytest.mark.parametrize("provider", FORMATS["objstore"].providers)
def test_a_yaml_parser_reads_objstores_configuration(provider: str) -> None:
    given = samples.source(provider)
    made = yaml.safe_load(render("objstore", given, {"bucket": "backups"}).data["objstore.yml"])
    assert made["type"] == {"AZUREBLOB": "AZURE", "GOOGLE_CLOUD_STORAGE": "GCS", "OPENSTACK_SWIFT": "SWIFT"}.get(
        provider, provider
    )
    values = set(map(str, made["config"].values()))
    assert {str(value) for value in given.provider.secret_values(given.attributes)} <= values


@proves("ssh-auth", "SFTP", "ssh-keygen reads the private key")
def test_ssh_reads_the_key_also_one_that_was_pasted_in_pem(tmp_path: Path) -> None:
    """OpenSSH before 9.6 reads no Ed25519 key in that form; the same key is the same file each time."""
    given = samples.source("SFTP", "ssh-auth")
    assert given.text("key_pem").startswith("-----BEGIN PRIVATE KEY-----")
    _, folder = written(tmp_path / "c", "ssh-auth", given)
    key = folder / "ssh-privatekey"
    assert run(need(Path("/usr/bin/ssh-keygen")), "-y", "-P", "", "-f", key).split()[:2] == samples.PUBLIC.split()[:2]
    assert render("ssh-auth", given, {}).data["ssh-privatekey"] == render("ssh-auth", given, {}).data["ssh-privatekey"]


@proves("env", PROVIDERS, "a process gets every awkward value as its variable")
@pytest.mark.parametrize("provider", FORMATS["env"].providers)
def test_a_process_gets_every_field_as_a_variable(provider: str) -> None:
    given = samples.source(provider)
    environment = render("env", given, {"variable_prefix": "BACKUP_"}).environment
    told = run("/usr/bin/env", "-0", **environment).split("\0")
    found = dict(line.split("=", 1) for line in told if line.startswith("BACKUP_"))
    assert found == {f"BACKUP_{key.upper()}": as_text(value) for key, value in given.attributes.items()}


def test_a_yaml_parser_reads_clouds_yaml_against_the_key_names_of_openstacksdk() -> None:
    given = samples.source("OPENSTACK_SWIFT")
    cloud = yaml.safe_load(render("openstack-clouds", given, {}).data["clouds.yaml"])["clouds"]["backup"]
    assert cloud["auth"]["password"] == given.text("key")
    assert cloud["auth"].keys() == {"auth_url", "username", "password", "project_name", "user_domain_name"}

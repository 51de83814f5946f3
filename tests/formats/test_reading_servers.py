"""The tools themselves, with our output, against the real servers of each kind of storage."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from azure.storage.blob import BlobServiceClient
from formats import samples
from formats.proving import proves
from formats.tools import given, run, source
from servers.authority import Authority
from servers.fake_internet import clouds, entra, mega
from servers.fake_internet.starting import Internet
from servers.fake_internet.tokens import CLIENT, CLIENT_SECRET
from servers.kinds.azure import AzureServer
from servers.kinds.s3 import S3Server
from servers.kinds.swift import KeystoneServer, SwiftServer
from servers.kinds.web import WebServer
from servers.runs import Run as ServersRun
from servers.runs import free_port, listens, need
from servers.vendor_hosts import VendorHosts, vendor_host

from webapp.core.formats import Source, UnsupportedFormatError
from webapp.core.rclone.metadata import binary

pytestmark = pytest.mark.server
RCLONES = {"bundled": binary, "debian": lambda: need(Path("/usr/bin/rclone"))}
SYSTEM_PYTHON = Path("/usr/bin/python3")
FAR = "2099-01-01T00:00:00Z"
TOKEN = json.dumps({"access_token": "good-a", "token_type": "Bearer", "refresh_token": "keep-x-0", "expiry": FAR})
OAUTH: dict[str, object] = {"client_id": CLIENT, "client_secret": CLIENT_SECRET, "token": TOKEN}


@pytest.fixture(params=sorted(RCLONES))
def rclone(request: pytest.FixtureRequest) -> Path:
    """Both versions of rclone: the bundled one and Debian's."""
    return RCLONES[request.param]()


FORMS = ("rclone", "rclone-env")
BOTH_FORMS = pytest.mark.parametrize("form", FORMS)


def lists(
    rclone: Path, folder: Path, credential: Source, path: str = "", *, form: str = "rclone", **environment: str
) -> list[str]:
    """Return what rclone lists with our rclone.conf, or with our variables."""
    used = given(folder, form, credential)
    return run(rclone, "lsf", f"backup:{path}", "--retries=1", "--low-level-retries=1", **used, **environment).split()


@proves(FORMS, "AZUREBLOB", "the bundled rclone lists Azurite by key and by signature")
@BOTH_FORMS
def test_the_bundled_rclone_lists_azure_by_key_and_by_signature(
    form: str, azurite: AzureServer, tmp_path: Path
) -> None:
    """Debian's 1.60 takes `endpoint` for a domain behind the account's name, so that it reaches no address of one's own."""
    rclone = binary()
    assert lists(rclone, tmp_path / "a", source("AZUREBLOB", azurite.values()), form=form) == ["alpha/", "beta/"]
    signed = source("AZUREBLOB", {"sas_url": azurite.container_sas()})
    assert lists(rclone, tmp_path / "b", signed, "alpha", form=form) == []


@proves("rclone", "OPENSTACK_SWIFT", "rclone (the bundled one and Debian's) lists Swift with accounts of its own")
def test_rclone_lists_swift(rclone: Path, tempauth: SwiftServer, tmp_path: Path) -> None:
    assert lists(rclone, tmp_path / "a", source("OPENSTACK_SWIFT", tempauth.values())) == ["alpha/", "beta/"]


def keystone_log_ins(server: KeystoneServer) -> dict[str, Source]:
    """Return a credential with a password, and one with an application credential, which needs nothing else."""
    name, secret = server.application
    application = {"auth": server.auth, "application_credential_id": name, "application_credential_secret": secret}
    return {
        "password": source("OPENSTACK_SWIFT", server.values()),
        "application": source("OPENSTACK_SWIFT", {**application, "region": "RegionOne"}),
    }


LOG_INS = ("password", "application")


@proves(
    ("rclone", "rclone-env"),
    "OPENSTACK_SWIFT",
    "rclone (the bundled one and Debian's) lists Swift behind Keystone v3, also with an application credential",
)
@pytest.mark.parametrize("log_in", LOG_INS)
@pytest.mark.parametrize("format_key", ["rclone", "rclone-env"])
def test_rclone_lists_swift_behind_keystone(
    format_key: str, log_in: str, rclone: Path, keystone: KeystoneServer, tmp_path: Path
) -> None:
    used = given(tmp_path / "c", format_key, keystone_log_ins(keystone)[log_in])
    assert "alpha/" in run(rclone, "lsf", "backup:", "--retries=1", **used).split()


@proves("rclone", "S3", "rclone (the bundled one and Debian's) lists SeaweedFS with a full and a limited key")
def test_rclone_lists_seaweedfs(rclone: Path, seaweedfs: S3Server, tmp_path: Path) -> None:
    full = source("S3", seaweedfs.values(seaweedfs.full))
    assert {"alpha/", "beta/"} <= set(lists(rclone, tmp_path / "a", full))
    limited = source("S3", seaweedfs.values(seaweedfs.limited))
    assert "a.txt" in lists(rclone, tmp_path / "b", limited, "alpha")


@proves(FORMS, "HTTP", "rclone (the bundled one and Debian's) lists nginx, with and without a password")
@BOTH_FORMS
def test_rclone_lists_nginx(form: str, rclone: Path, nginx: WebServer, tmp_path: Path) -> None:
    packed = base64.b64encode(f"{nginx.user}:{nginx.password}".encode()).decode()
    assert "open/" in lists(rclone, tmp_path / "a", source("HTTP", {"url": nginx.url}), form=form)
    closed = source("HTTP", {"url": f"{nginx.url}closed/", "headers": f"Authorization,Basic {packed}"})
    assert lists(rclone, tmp_path / "b", closed, form=form) == []


PRINCIPAL: dict[str, object] = {
    "account": entra.ACCOUNT,
    "tenant": entra.TENANT,
    "client_id": entra.PRINCIPAL,
    "client_secret": entra.SECRET,
}
FAKE: dict[str, tuple[dict[str, object], list[str]]] = {
    "AZUREBLOB": (PRINCIPAL, ["alpha/"]),
    "B2": ({"account": clouds.B2_ID, "key": clouds.B2_KEY}, ["alpha/"]),
    "BOX": (OAUTH, ["docs/"]),
    "DROPBOX": (OAUTH, ["docs/"]),
    "GOOGLE_DRIVE": (OAUTH, ["docs/"]),
    "MEGA": ({"user": mega.USER, "pass": mega.PASSWORD}, []),
    "ONEDRIVE": ({**OAUTH, "drive_id": "canary-drive", "drive_type": "PERSONAL"}, ["docs/"]),
    "PCLOUD": (OAUTH, []),
    "YANDEX": (OAUTH, []),
}


LATER = {"MEGA", "B2", "AZUREBLOB"}
"""What Debian's rclone 1.60 is not asked for: it is built without MEGA, speaks an earlier version of B2's interface, and
knows a service principal of Azure only by a file."""

PAIRS = [(provider, which) for provider in FAKE for which in RCLONES if provider not in LATER or which != "debian"]


@proves(FORMS, FAKE, "rclone lists in the fake internet")
@BOTH_FORMS
@pytest.mark.parametrize(("provider", "which"), PAIRS)
def test_rclone_lists_in_the_fake_internet(
    provider: str, which: str, form: str, internet: Internet, tmp_path: Path
) -> None:
    values, found = FAKE[provider]
    assert lists(RCLONES[which](), tmp_path / "c", source(provider, values), form=form, **internet.environment) == found


@proves(
    FORMS,
    ("GOOGLE_CLOUD_STORAGE", "GOOGLE_PHOTOS"),
    "rclone (the bundled one and Debian's) lists in the fake internet",
)
@BOTH_FORMS
def test_rclone_lists_google_cloud_storage_and_photos(
    form: str, rclone: Path, internet: Internet, tmp_path: Path
) -> None:
    robot = source("GOOGLE_CLOUD_STORAGE", {"service_account_credentials": internet.service_account})
    assert {"alpha/", "beta/"} <= set(lists(rclone, tmp_path / "g", robot, form=form, **internet.environment))
    photos = source("GOOGLE_PHOTOS", OAUTH)
    assert lists(rclone, tmp_path / "p", photos, "album", form=form, **internet.environment) == ["Trip/"]


def backed_up(folder: Path, environment: dict[str, str]) -> None:
    """Make a repository with restic, back something up and list it."""
    (folder / "letter").write_text("keep me")
    path = os.pathsep.join((str(binary().parent), os.environ["PATH"]))
    used = {**environment, "PATH": path, "XDG_CACHE_HOME": str(folder / "cache")}
    restic = need("restic")
    run(restic, "init", **used)
    run(restic, "backup", folder / "letter", **used)
    (snapshot,) = json.loads(run(restic, "snapshots", "--json", **used))
    assert snapshot["paths"] == [str(folder / "letter")]


def with_password(folder: Path, credential: Source, repository: str, form: str = "restic") -> dict[str, str]:
    """Return restic's variables for a repository."""
    return given(folder, form, credential, repository=repository, password=samples.REPOSITORY_PASSWORD)


@proves("restic", "S3", "restic initialises, backs up and lists on SeaweedFS")
def test_restic_backs_up_to_seaweedfs_with_the_limited_key(seaweedfs: S3Server, tmp_path: Path) -> None:
    credential = source("S3", seaweedfs.values(seaweedfs.limited))
    backed_up(tmp_path, with_password(tmp_path, credential, "alpha/limited"))


@proves("restic", "OPENSTACK_SWIFT", "restic initialises, backs up and lists on Swift with accounts of its own")
def test_restic_backs_up_to_swift(tempauth: SwiftServer, tmp_path: Path) -> None:
    backed_up(tmp_path, with_password(tmp_path, source("OPENSTACK_SWIFT", tempauth.values()), "alpha/restic"))


@proves(
    "restic",
    "OPENSTACK_SWIFT",
    "restic initialises, backs up and lists on Swift behind Keystone v3, also with an application credential",
)
@pytest.mark.parametrize("log_in", LOG_INS)
def test_restic_backs_up_to_swift_behind_keystone(log_in: str, keystone: KeystoneServer, tmp_path: Path) -> None:
    credential = keystone_log_ins(keystone)[log_in]
    backed_up(tmp_path, with_password(tmp_path, credential, f"alpha/restic-{log_in}"))


@pytest.fixture
def azure_host(azurite: AzureServer, tmp_path: Path) -> Iterator[VendorHosts]:
    """Azurite under the name that a storage account has at Azure."""
    with vendor_host(
        f"{azurite.account}.blob.core.windows.net", urlsplit(azurite.endpoint).port or 0, tmp_path
    ) as host:
        yield host


@proves("restic", "AZUREBLOB", "restic initialises, backs up and lists on Azurite under Azure's own host name")
def test_restic_backs_up_to_azurite_under_azures_own_name(
    azurite: AzureServer, azure_host: VendorHosts, tmp_path: Path
) -> None:
    credential = source("AZUREBLOB", {"account": azurite.account, "key": azurite.key})
    backed_up(tmp_path, with_password(tmp_path, credential, "alpha/restic") | azure_host.environment)


def test_restic_is_refused_for_an_address_that_it_cannot_use(azurite: AzureServer, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFormatError, match="Use the format restic-rclone"):
        with_password(tmp_path, source("AZUREBLOB", azurite.values()), "alpha/restic")


@proves(
    ("restic", "restic-rclone"),
    "GOOGLE_CLOUD_STORAGE",
    "restic initialises, backs up and lists on a storage emulator behind the fake internet",
)
@pytest.mark.parametrize("form", ["restic", "restic-rclone"])
def test_restic_backs_up_to_google_cloud_storage(form: str, internet: Internet, tmp_path: Path) -> None:
    robot = source("GOOGLE_CLOUD_STORAGE", {"service_account_credentials": internet.service_account})
    backed_up(tmp_path, with_password(tmp_path, robot, f"alpha/{form}", form) | internet.environment)


@proves("restic-rclone", "OPENSTACK_SWIFT", "restic backs up through rclone on Swift with accounts of its own")
def test_restic_backs_up_through_rclone_to_swift(tempauth: SwiftServer, tmp_path: Path) -> None:
    account = source("OPENSTACK_SWIFT", tempauth.values())
    backed_up(tmp_path, with_password(tmp_path, account, "alpha/through", "restic-rclone"))


@proves("restic-rclone", "AZUREBLOB", "restic backs up through rclone on Azurite")
def test_restic_backs_up_through_rclone_to_azure(azurite: AzureServer, tmp_path: Path) -> None:
    account = source("AZUREBLOB", azurite.values())
    backed_up(tmp_path, with_password(tmp_path, account, "alpha/through", "restic-rclone"))


def objstore_lists(folder: Path, credential: Source, **environment: str) -> list[str]:
    """Return what objstore's own client lists below the prefix `metrics` of the bucket `alpha`."""
    given(folder, "objstore", credential, bucket="alpha", prefix="metrics")
    return run(need("objstore-list"), folder / "objstore.yml", **environment).split()


@proves("objstore", "S3", "objstore's own client writes, lists and deletes on SeaweedFS")
def test_objstores_client_writes_and_lists_on_seaweedfs(seaweedfs: S3Server, tmp_path: Path) -> None:
    credential = source("S3", seaweedfs.values(seaweedfs.limited))
    assert objstore_lists(tmp_path / "c", credential) == ["canary/object"]


@proves(
    "objstore",
    "OPENSTACK_SWIFT",
    "objstore's own client writes, lists and deletes on Swift behind Keystone v3, also with an application credential",
)
@pytest.mark.parametrize("log_in", LOG_INS)
def test_objstores_client_writes_and_lists_on_swift(log_in: str, keystone: KeystoneServer, tmp_path: Path) -> None:
    assert objstore_lists(tmp_path / "c", keystone_log_ins(keystone)[log_in]) == ["canary/object"]


@proves(
    "objstore", "AZUREBLOB", "objstore's own client writes, lists and deletes on Azurite under Azure's own host name"
)
def test_objstores_client_writes_and_lists_on_azurite_under_azures_own_name(
    azurite: AzureServer, azure_host: VendorHosts, tmp_path: Path
) -> None:
    credential = source("AZUREBLOB", {"account": azurite.account, "key": azurite.key})
    assert objstore_lists(tmp_path / "c", credential, **azure_host.environment) == ["canary/object"]


@proves(
    "objstore",
    "GOOGLE_CLOUD_STORAGE",
    "objstore's own client writes, lists and deletes on a storage emulator behind the fake internet",
)
def test_objstores_client_writes_and_lists_on_google_cloud_storage(internet: Internet, tmp_path: Path) -> None:
    robot = source("GOOGLE_CLOUD_STORAGE", {"service_account_credentials": internet.service_account})
    assert objstore_lists(tmp_path / "c", robot, **internet.environment) == ["canary/object"]


@proves("velero", "S3", "Velero's own plugin for AWS writes, reads, lists and deletes on SeaweedFS")
def test_veleros_plugin_for_aws_writes_reads_and_lists_on_seaweedfs(seaweedfs: S3Server, tmp_path: Path) -> None:
    """Velero names the file of the Secret to its plugin in the configuration of the BackupStorageLocation."""
    credential = source("S3", seaweedfs.values(seaweedfs.limited))
    given(tmp_path / "c", "velero", credential, profile="nightly")
    place = {"bucket": "alpha", "region": "us-east-1", "s3Url": seaweedfs.endpoint, "s3ForcePathStyle": "true"}
    config = {**place, "profile": "nightly", "credentialsFile": str(tmp_path / "c/cloud")}
    pairs = [f"{key}={value}" for key, value in config.items()]
    said = run(need("velero-store"), need("velero-plugin-for-aws"), "velero.io/aws", *pairs)
    assert said.split() == ["canary/object", "kept"]


SDK = """import openstack
cloud = openstack.connect(cloud="backup")
print(*[found.name for found in cloud.object_store.containers()])"""


@proves(
    "openstack-clouds",
    "OPENSTACK_SWIFT",
    "openstacksdk lists Swift behind Keystone v3, also with an application credential",
)
@pytest.mark.parametrize("log_in", LOG_INS)
def test_openstacksdk_lists_with_clouds_yaml(log_in: str, keystone: KeystoneServer, tmp_path: Path) -> None:
    need(Path("/usr/lib/python3/dist-packages/openstack"))
    used = given(tmp_path / "c", "openstack-clouds", keystone_log_ins(keystone)[log_in])
    assert "alpha" in run(need(SYSTEM_PYTHON), "-W", "ignore", "-c", SDK, **used).split()


@proves("restic", "OPENSTACK_SWIFT", "python-swiftclient lists Swift behind Keystone v3 with the same variables")
@pytest.mark.parametrize("log_in", LOG_INS)
def test_swiftclient_lists_with_the_variables_of_restic(log_in: str, keystone: KeystoneServer, tmp_path: Path) -> None:
    used = with_password(tmp_path / "c", keystone_log_ins(keystone)[log_in], "alpha/x")
    kind = {"OS_AUTH_TYPE": "v3applicationcredential"} if log_in == "application" else {}
    assert "alpha" in run(need(Path("/usr/bin/swift")), "--auth-version", "3", "list", **used, **kind).split()


@proves("restic", "OPENSTACK_SWIFT", "python-swiftclient lists Swift with accounts of its own with the same variables")
def test_swiftclient_lists_with_the_variables_of_version_1(tempauth: SwiftServer, tmp_path: Path) -> None:
    used = with_password(tmp_path / "c", source("OPENSTACK_SWIFT", tempauth.values()), "alpha/x")
    assert run(need(Path("/usr/bin/swift")), "list", **used).split() == ["alpha", "beta"]


@proves("azure-connection-string", "AZUREBLOB", "azure-storage-blob lists Azurite")
def test_azures_library_lists_with_the_connection_string(azurite: AzureServer, tmp_path: Path) -> None:
    text = given(tmp_path, "azure-connection-string", source("AZUREBLOB", azurite.values()))
    with BlobServiceClient.from_connection_string(text["AZURE_STORAGE_CONNECTION_STRING"]) as client:
        assert [found.name for found in client.list_containers()] == ["alpha", "beta"]


GOOGLE_AUTH = """import sys, google.oauth2.service_account as s, google.auth.transport.requests as t
made = s.Credentials.from_service_account_file(sys.argv[1], scopes=["https://www.googleapis.com/auth/devstorage.read_only"])
made.refresh(t.Request()); print(made.service_account_email, made.token)"""


@proves(
    "google-json", "GOOGLE_CLOUD_STORAGE", "google-auth gets a token in the fake internet, which checks the signature"
)
def test_google_auth_gets_a_token_with_the_key_file(internet: Internet, tmp_path: Path) -> None:
    need(Path("/usr/lib/python3/dist-packages/google/auth"))
    robot = source("GOOGLE_CLOUD_STORAGE", {"service_account_credentials": internet.service_account})
    path = given(tmp_path, "google-json", robot)["GOOGLE_APPLICATION_CREDENTIALS"]
    said = run(need(SYSTEM_PYTHON), "-W", "ignore", "-c", GOOGLE_AUTH, path, **internet.environment)
    assert said.split() == ["robot@canary-project.iam.gserviceaccount.com", "good-robot"]


WAL = "000000010000000000000001"
"""The name of a file that a test of the connection does not read."""


@proves("cloudnative-pg", "S3", "barman's cloud tools reach SeaweedFS")
def test_barman_reaches_s3_with_what_cloudnative_pg_hands_on(seaweedfs: S3Server, tmp_path: Path) -> None:
    """CloudNativePG gives barman's tools the values of its Secret as AWS's own variables (pkg/.../credentials.go)."""
    keys = given(tmp_path, "cloudnative-pg", source("S3", seaweedfs.values(seaweedfs.full)))
    environment = {
        "AWS_ACCESS_KEY_ID": keys["ACCESS_KEY_ID"],
        "AWS_SECRET_ACCESS_KEY": keys["ACCESS_SECRET_KEY"],
        "AWS_DEFAULT_REGION": keys["ACCESS_REGION"],
    }
    tool = need(Path("/usr/bin/barman-cloud-wal-archive"))
    run(tool, "--test", "--endpoint-url", seaweedfs.endpoint, "s3://alpha/barman", "main", WAL, **environment)


@proves("cloudnative-pg", "AZUREBLOB", "barman's cloud tools reach Azurite")
def test_barman_reaches_azure_with_the_connection_string(azurite: AzureServer, tmp_path: Path) -> None:
    keys = given(tmp_path, "cloudnative-pg", source("AZUREBLOB", azurite.values()))
    environment = {"AZURE_STORAGE_CONNECTION_STRING": keys["AZURE_CONNECTION_STRING"]}
    tool = need(Path("/usr/bin/barman-cloud-backup-list"))
    where = f"{azurite.endpoint}/alpha/barman"
    said = run(tool, "--cloud-provider", "azure-blob-storage", "--format", "json", where, "main", **environment)
    assert json.loads(said) == {"backups_list": []}


@proves("pgbackrest", "S3", "pgbackrest repo-ls and info on an S3 server of rclone under a private authority")
def test_pgbackrest_lists_s3_with_the_private_authority(
    own_authority: Authority, servers_run: ServersRun, tmp_path: Path
) -> None:
    (tmp_path / "served/backups").mkdir(parents=True)
    (tmp_path / "served/backups/found").mkdir()
    (tmp_path / "served/backups/found/file").write_text("x")
    port, secret = free_port(), "canary+/=secret"
    tls = ["--cert", str(own_authority.certificate), "--key", str(own_authority.key)]
    command = [binary(), "--config", "", "serve", "s3", tmp_path / "served", "--addr", f"127.0.0.1:{port}", *tls]
    servers_run.start(
        [*map(str, command), "--auth-key", f"canaryid,{secret}"], ready=lambda: listens(port), log=tmp_path / "log"
    )
    values: dict[str, object] = {
        "provider": "Other",
        "access_key_id": "canaryid",
        "secret_access_key": secret,
        "endpoint": f"https://localhost:{port}",  # pgBackRest compares names with the certificate, not addresses
        "region": "us-east-1",
        "ca_certificate": own_authority.ca,
    }
    folder = tmp_path / "c"
    given(folder, "pgbackrest", source("S3", values), bucket="backups", path="/", cipher_pass="a pass of the cipher")
    tool = [need(Path("/usr/bin/pgbackrest")), "--no-config", f"--config-include-path={folder}"]
    assert run(*tool, "--log-level-file=off", "repo-ls").split() == ["found"]
    assert json.loads(run(*tool, "--log-level-file=off", "--output=json", "info")) == []
    mounted = tmp_path / "thanos"
    given(mounted, "objstore", source("S3", values), bucket="backups", prefix="metrics")
    assert run(need("objstore-list"), mounted / "objstore.yml").split() == ["canary/object"]

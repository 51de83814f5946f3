"""OpenStack Swift as Debian packages it, with its own accounts (tempauth), and with Keystone v3."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
from cryptography.fernet import Fernet

from servers.runs import Run, answers, command, free_port, listens, need, need_root

SYSTEM_PYTHON = Path("/usr/bin/python3")
RINGS = """
import os, sys
from swift.common.ring import RingBuilder
for name, port in zip(sys.argv[2::2], sys.argv[3::2]):
    builder = RingBuilder(4, 1, 0)
    builder.add_dev({"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": int(port), "device": "d1", "weight": 1})
    builder.rebalance()
    builder.get_ring().save(os.path.join(sys.argv[1], name + ".ring.gz"))
"""
COMMON = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
user = root
swift_dir = {place}
workers = 0
log_address = {place}/no-such-log
"""
STORAGE = """devices = {place}/disks
mount_check = false
fallocate_reserve = 0
disable_fallocate = true
recon_cache_path = {place}/cache
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""
PROXY = """[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache listing_formats bulk {auth} copy slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{memcached}
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = {password} .admin
user_test_limited = {limited}
"""
FILTERS = ("catch_errors", "gatekeeper", "healthcheck", "listing_formats", "bulk", "copy", "slo", "dlo")
KEYSTONE = """[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
www_authenticate_uri = {auth}
auth_url = {auth}
auth_type = password
username = admin
password = {password}
project_name = admin
project_domain_id = default
user_domain_id = default
delay_auth_decision = true
interface = public
region_name = RegionOne
[filter:keystoneauth]
use = egg:swift#keystoneauth
operator_roles = admin, member
"""
OBJECT, CONTAINER, ACCOUNT = "object", "container", "account"


@dataclass(frozen=True)
class SwiftServer:
    """A Swift with accounts of its own.

    Attributes:
        auth: The address of its log-in.
        password: Of the administrator `test:tester`.
        limited: Password of `test:limited`, who may use the container `alpha` only.
    """

    auth: str
    password: str
    limited: str

    def values(self, **more: object) -> dict[str, object]:
        """Return what a person types into the form."""
        return {"user": "test:tester", "key": self.password, "auth": self.auth, "auth_version": "1", **more}


@dataclass(frozen=True)
class KeystoneServer:
    """A Swift behind Keystone; the user `backup` is a member of the project `storage`.

    Attributes:
        auth: The address of Keystone's version 3.
        password: Of the user.
        application: Id and secret of an application credential.
    """

    auth: str
    password: str
    application: tuple[str, str]

    def values(self, **more: object) -> dict[str, object]:
        """Return what a person types into the form."""
        named = {"user": "backup", "key": self.password, "domain": "Default", "tenant": "storage"}
        place = {"tenant_domain": "Default", "region": "RegionOne", "auth_version": "3"}
        return {**named, **place, "auth": self.auth, **more}

    def brief_application(self, seconds: float) -> dict[str, object]:
        """Return what a person types for an application credential that ends soon."""
        ends = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%f")
        with httpx.Client(base_url=self.auth, trust_env=False, timeout=30) as client:
            client.headers["X-Auth-Token"] = token(client, "backup", self.password, "storage")
            user = client.get("auth/tokens", headers={"X-Subject-Token": client.headers["X-Auth-Token"]}).json()
            asked = {"application_credential": {"name": f"brief-{ends}", "expires_at": ends}}
            where = f"users/{user['token']['user']['id']}/application_credentials"
            made = posted(client, where, asked)["application_credential"]
        secret = {"application_credential_id": made["id"], "application_credential_secret": made["secret"]}
        return {"auth": self.auth, "auth_version": "3", "region": "RegionOne", **secret}


def tempauth(run: Run, place: Path) -> SwiftServer:
    """Start Swift with two users and make two containers."""
    password, limited = (f"canary-{secrets.token_hex(8)}" for _ in range(2))
    port = storage(run, place, lambda memcached: PROXY.format(
        auth="tempauth", memcached=memcached, password=password, limited=limited))  # fmt: skip
    auth = f"http://127.0.0.1:{port}/auth/v1.0"
    said = httpx.get(auth, headers={"X-Auth-User": "test:tester", "X-Auth-Key": password}, trust_env=False)
    token = {"X-Auth-Token": said.raise_for_status().headers["X-Auth-Token"]}
    rights = {"X-Container-Read": "test:limited,.rlistings", "X-Container-Write": "test:limited"}
    for name, more in (("alpha", rights), ("beta", {})):
        address = f"{said.headers['X-Storage-Url']}/{name}"
        httpx.put(address, headers=token | more, trust_env=False).raise_for_status()
    return SwiftServer(auth, password, limited)


def storage(run: Run, place: Path, proxy: Callable[[int], str], more: str = "") -> int:
    """Start memcached and the four servers of Swift; return the port of the proxy."""
    need_root("start Swift")
    ports = {kind: free_port() for kind in (OBJECT, CONTAINER, ACCOUNT, "proxy", "memcached")}
    (place / "disks/d1").mkdir(parents=True)
    (place / "cache").mkdir()
    (place / "swift.conf").write_text(
        "[swift-hash]\nswift_hash_path_prefix = a\nswift_hash_path_suffix = b\n[storage-policy:0]\nname = only\ndefault = yes\n"
    )
    rings = [text for kind in (OBJECT, CONTAINER, ACCOUNT) for text in (kind, str(ports[kind]))]
    command(need(SYSTEM_PYTHON), "-c", RINGS, place, *rings)
    for kind in (OBJECT, CONTAINER, ACCOUNT):
        text = COMMON.format(port=ports[kind], place=place) + STORAGE.format(place=place, kind=kind)
        (place / f"{kind}.conf").write_text(text)
    filters = "".join(f"[filter:{name}]\nuse = egg:swift#{name}\n" for name in FILTERS)
    head = COMMON.format(port=ports["proxy"], place=place)
    (place / "proxy.conf").write_text(f"{head}{proxy(ports['memcached'])}{filters}{more}")
    memcached = [need("memcached"), "-u", "root", "-l", "127.0.0.1", "-p", ports["memcached"], "-m", "16"]
    run.start(memcached, ready=partial(listens, ports["memcached"]), log=place / "memcached.log")
    with ThreadPoolExecutor(4) as together:
        list(together.map(lambda kind: server(run, place, kind, ports[kind]), (OBJECT, CONTAINER, ACCOUNT, "proxy")))
    return ports["proxy"]


def server(run: Run, place: Path, kind: str, port: int) -> None:
    """Start one of the four servers."""
    program = need(f"swift-{kind}-server")
    run.start(
        [program, place / f"{kind}.conf"],
        ready=partial(answers, f"http://127.0.0.1:{port}/healthcheck") if kind == "proxy" else partial(listens, port),
        log=place / f"{kind}.log",
        seconds=60,
    )


def keystone(run: Run, place: Path) -> KeystoneServer:
    """Start Keystone, then Swift behind it, with one project, one user and one application credential."""
    need_root("start Keystone")
    password, admin = (f"canary-{secrets.token_hex(8)}" for _ in range(2))
    auth = identity(run, place, admin)
    port = storage(run, place, lambda memcached: PROXY.format(
        auth="authtoken keystoneauth", memcached=memcached, password="x", limited="x"
    ), KEYSTONE.format(auth=auth, password=admin))  # fmt: skip
    with httpx.Client(base_url=auth, trust_env=False, timeout=30) as client:
        client.headers["X-Auth-Token"] = token(client, "admin", admin, "admin")
        project = posted(client, "projects", {"project": {"name": "storage", "domain_id": "default"}})["project"]["id"]
        wanted = {"user": {"name": "backup", "password": password, "domain_id": "default"}}
        user = posted(client, "users", wanted)["user"]["id"]
        role = client.get("roles?name=member").json()["roles"][0]["id"]
        client.put(f"projects/{project}/users/{user}/roles/{role}").raise_for_status()
        service = posted(client, "services", {"service": {"type": "object-store", "name": "swift"}})["service"]["id"]
        address = f"http://127.0.0.1:{port}/v1/AUTH_$(project_id)s"
        public = {"interface": "public", "region": "RegionOne", "url": address, "service_id": service}
        posted(client, "endpoints", {"endpoint": public})
        client.headers["X-Auth-Token"] = token(client, "backup", password, "storage")
        asked = {"application_credential": {"name": "backups"}}
        made = posted(client, f"users/{user}/application_credentials", asked)["application_credential"]
        make_container(client, password, f"http://127.0.0.1:{port}/v1/AUTH_{project}/alpha")
    return KeystoneServer(auth, password, (made["id"], made["secret"]))


def make_container(client: httpx.Client, password: str, address: str) -> None:
    """Make a container; the first answers of a Swift that has not met its Keystone yet may be refusals."""
    until = time.monotonic() + 20
    while True:
        headers = {"X-Auth-Token": token(client, "backup", password, "storage")}
        made = httpx.put(address, headers=headers, trust_env=False, timeout=30)
        if made.is_success or time.monotonic() > until:
            made.raise_for_status()
            return
        time.sleep(0.3)


def identity(run: Run, place: Path, admin: str) -> str:
    """Start Keystone on a database of its own; return the address of its version 3."""
    port, own = free_port(), {"OS_KEYSTONE_CONFIG_DIR": str(place)}
    for folder in ("fernet", "credential"):
        make_keys(place / folder)
    (place / "keystone.conf").write_text(
        f"[database]\nconnection = sqlite:///{place}/keystone.db\n[token]\nprovider = fernet\n"
        f"[fernet_tokens]\nkey_repository = {place}/fernet\n[credential]\nkey_repository = {place}/credential\n"
    )
    manage = partial(command, need("keystone-manage"), "--config-file", place / "keystone.conf")
    manage("db_sync")
    command(
        SYSTEM_PYTHON,
        "-c",
        f"import sqlite3; sqlite3.connect('{place}/keystone.db').execute('PRAGMA journal_mode=WAL')",
    )
    auth = f"http://127.0.0.1:{port}/v3"
    manage(
        "bootstrap", "--bootstrap-password", admin, "--bootstrap-public-url", auth, "--bootstrap-region-id", "RegionOne"
    )
    wsgi = need(Path("/usr/bin/keystone-wsgi-public"))
    run.start(
        [need("uwsgi"), "--plugin", "python3", "--http-socket", f"127.0.0.1:{port}", "--wsgi-file", wsgi, "--master",
         "--processes", "1", "--post-buffering", "65536", "--need-app", "--die-on-term",
         "--add-header", "Connection: close"],  # it hangs up after each answer; a client that is not told sends into it
        ready=partial(answers, auth),
        log=place / "keystone.log",
        seconds=60,
        environment=own | {"HOME": os.environ.get("HOME", "/")},
    )  # fmt: skip
    return auth


def make_keys(folder: Path) -> None:
    """Write a primary key and the next one, as `keystone-manage fernet_setup` does after some seconds of loading."""
    folder.mkdir(mode=0o700)
    for number in ("0", "1"):
        (folder / number).write_bytes(Fernet.generate_key())
        (folder / number).chmod(0o600)


def token(client: httpx.Client, user: str, password: str, project: str) -> str:
    """Log in and return a token for a project."""
    who = {"name": user, "domain": {"id": "default"}, "password": password}
    scope = {"project": {"name": project, "domain": {"id": "default"}}}
    asked = {"auth": {"identity": {"methods": ["password"], "password": {"user": who}}, "scope": scope}}
    return client.post("auth/tokens", json=asked).raise_for_status().headers["X-Subject-Token"]


def posted(client: httpx.Client, path: str, body: dict[str, object]) -> dict[str, dict[str, str]]:
    """Make something and return what the server says of it."""
    return client.post(path, json=body).raise_for_status().json()

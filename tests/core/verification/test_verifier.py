from __future__ import annotations

import base64
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from webapp.core.providers import PROVIDERS
from webapp.core.validation import check
from webapp.core.verification.checks import Checks
from webapp.core.verification.daemons import FOR_ONE_CHECK, DaemonPool, launcher
from webapp.core.verification.replies import classify
from webapp.core.verification.states import Result, State
from webapp.core.verification.verifier import Verifier

pytestmark = pytest.mark.server
Ports = dict[str, int]


def raw(kind: str, port: int, /, **changed: object) -> tuple[str, dict[str, object]]:
    """Return provider type and good values for one of the servers."""
    address = f"http://127.0.0.1:{port}"
    login = {"user": "u", "pass": "right-password"}
    key = {"access_key_id": "test-key-id", "secret_access_key": "test-secret-key"}
    values: dict[str, tuple[str, dict[str, object]]] = {
        "s3": ("S3", {"provider": "Other", "endpoint": address, "region": "us-east-1", **key}),
        "webdav": ("WEBDAV", {"url": address, "vendor": "OTHER", **login}),
        "sftp": ("SFTP", {"host": "127.0.0.1", "port": port, "skip_host_key_check": True, **login}),
        "ftp": ("FTP", {"host": "127.0.0.1", "port": port, **login}),
        "http": (
            "HTTP",
            {"url": address, "headers": f"Authorization,Basic {base64.b64encode(b'u:right-password').decode()}"},
        ),
    }
    provider, good = values[kind]
    return provider, {**good, **changed}


def verify(verifier: Verifier, provider: str, values: dict[str, object], **more: object) -> Result:
    checked = check(PROVIDERS[provider], values)
    assert checked.ok, checked.errors
    return verifier.verify(checked.provider, checked.attributes, **more)


@pytest.mark.parametrize("kind", ["s3", "webdav", "sftp", "ftp"])
def test_right(verifier: Verifier, addresses: Ports, kind: str) -> None:
    result = verify(verifier, *raw(kind, addresses[kind]))
    assert result.state is State.VALID, result


def test_http_is_reachable_and_no_more(verifier: Verifier, addresses: Ports) -> None:
    assert verify(verifier, *raw("http", addresses["http"])).state is State.REACHABLE


WRONG = [
    ("s3", {"secret_access_key": "wrong-secret"}, State.INVALID, "secret_access_key"),
    ("s3", {"access_key_id": "other-key"}, State.INVALID, "access_key_id"),
    ("s3", {"verify_target": "no-such-bucket"}, State.MISCONFIGURED, "verify_target"),
    ("s3", {"endpoint": "http://127.0.0.1:9"}, State.UNREACHABLE, "endpoint"),
    ("s3", {"endpoint": "http://no-such-host.invalid"}, State.UNREACHABLE, "endpoint"),
    ("webdav", {"pass": "wrong-password"}, State.INVALID, "pass"),
    ("webdav", {"url": "http://127.0.0.1:9"}, State.UNREACHABLE, "url"),
    ("sftp", {"pass": "wrong-password"}, State.INVALID, "pass"),
    ("sftp", {"port": 9}, State.UNREACHABLE, "host"),
    (
        "sftp",
        {
            "skip_host_key_check": False,
            "host_keys": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJx9E2kIX0Aaa3uE2E0y0QfZ1qYb0WJ7yYc2n0m5W0aa",
        },
        State.MISCONFIGURED,
        "host_keys",
    ),
    ("ftp", {"pass": "wrong-password"}, State.INVALID, "pass"),
    ("ftp", {"port": 9}, State.UNREACHABLE, "host"),
    ("http", {"headers": "Authorization,Basic eDp5"}, State.INVALID, "headers"),
]


@pytest.mark.parametrize(("kind", "changed", "state", "field"), WRONG)
def test_wrong(
    verifier: Verifier, addresses: Ports, kind: str, changed: dict[str, object], state: State, field: str
) -> None:
    result = verify(verifier, *raw(kind, addresses[kind], **changed))
    assert (result.state, result.field) == (state, field), result
    assert "wrong-" not in result.detail


def test_a_named_bucket_and_writing(verifier: Verifier, addresses: Ports, files: Path) -> None:
    before = sorted(files.rglob("*"))
    result = verify(verifier, *raw("s3", addresses["s3"], verify_target="alpha"), write=True)
    assert result.state is State.VALID
    assert "deleting" in result.message
    assert sorted(files.rglob("*")) == before


def test_two_accounts_in_turn_and_a_changed_password(verifier: Verifier, addresses: Ports) -> None:
    states = [
        verify(verifier, *raw("sftp", addresses["sftp"], **{"pass": word})).state
        for word in ("right-password", "wrong-password") * 3
    ]
    assert states == [State.VALID, State.INVALID] * 3


@pytest.fixture
def silent() -> object:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_the_deadline_holds(verifier: Verifier, silent: int) -> None:
    begun = time.monotonic()
    result = verify(verifier, *raw("s3", silent), deadline=1.0)
    assert result.state is State.UNREACHABLE
    assert time.monotonic() - begun < 3


def test_cancel_ends_at_once(verifier: Verifier, silent: int) -> None:
    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    begun = time.monotonic()
    assert verify(verifier, *raw("s3", silent), cancel=cancel).state is State.CANCELLED
    assert time.monotonic() - begun < 3


def test_one_check_per_key(verifier: Verifier, silent: int) -> None:
    checks = Checks(verifier)
    checked = check(PROVIDERS["S3"], raw("s3", silent)[1])
    first = checks.start(checked.provider, checked.attributes, key="k")
    assert checks.start(checked.provider, checked.attributes, key="k") is first
    assert first.wait(0.1) is None
    assert first.progress
    first.cancel()
    assert first.wait(5) == first.result
    checks.stop()


def test_hubic_is_told_without_asking(verifier: Verifier) -> None:
    assert verify(verifier, "HUBIC", {"token": "x"}).state is State.UNSUPPORTED


def test_no_secret_is_seen_in_a_process(pool: DaemonPool) -> None:
    with pool.take(10) as daemon:
        process = psutil.Process(daemon.pid)
        assert set(process.environ()) <= {
            *FOR_ONE_CHECK,
            "LC_CTYPE",
            "PWD",
        }  # Python and the shell set one for themselves
        assert "--config" in process.cmdline()
        assert daemon.folder.parent.stat().st_mode & 0o077 == 0


def test_daemons_get_less_of_a_busy_machine_when_told_so() -> None:
    polite = DaemonPool(1, environment={}, niceness=10)
    polite.start()
    with polite.take(10) as daemon:
        tasks = [psutil.Process(daemon.pid), *(psutil.Process(one.id) for one in psutil.Process(daemon.pid).threads())]
        assert {task.nice() for task in tasks} == {min(19, os.nice(0) + 10)}
    polite.stop()


def test_a_full_queue_tells_the_place(pool: DaemonPool) -> None:
    places: list[int] = []
    with pool.take(10), pool.take(10), pool.take(10), pool.take(10, None, places.append):
        pass
    assert all(place == 1 for place in places)


@pytest.mark.parametrize("path", [os.defpath, ""], ids=["by setpriv", "by Python"])
def test_no_daemon_outlives_its_app(path: str) -> None:
    program = (
        "import time;from webapp.core.verification.daemons import DaemonPool\n"
        "p=DaemonPool(2,environment={});p.start()\n"
        "while p.ready<2: time.sleep(.01)\n"
        "print(*(d.pid for d in p._ready),flush=True);time.sleep(60)\n"
    )
    environment = os.environ | {"PATH": path}
    app = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment)
    assert app.stdout
    pids = [int(pid) for pid in app.stdout.readline().split()]
    os.kill(app.pid, signal.SIGKILL)
    app.wait()
    until = time.monotonic() + 5
    while any(psutil.pid_exists(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.02)
    assert not [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"]
    app.stdout.close()


def test_no_daemon_starts_for_an_app_that_has_ended() -> None:
    ended = (*launcher()[:-1], "1")
    done = subprocess.run([*ended, sys.executable, "-c", "print('started')"], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")


REPLIES = [
    (
        "S3",
        "operation error S3: ListBuckets, api error AccessDenied: Access Denied",
        State.VALID_LIMITED,
        "verify_target",
    ),
    ("S3", "api error AuthorizationHeaderMalformed: the region 'x' is wrong", State.MISCONFIGURED, "region"),
    ("B2", "failed to authorize account: failed to authenticate: x (401 bad_auth_token)", State.INVALID, "key"),
    ("DROPBOX", "expired_access_token/..", State.INVALID, "token"),
    (
        "GOOGLE_DRIVE",
        "couldn't find root directory ID: googleapi: Error 401: Invalid Credentials, authError",
        State.INVALID,
        "token",
    ),
    ("ONEDRIVE", "unable to get drive_id and drive_type", State.MISCONFIGURED, "drive_id"),
    ("PCLOUD", "pcloud error: Invalid 'access_token' provided. (2094)", State.INVALID, "token"),
    ("YANDEX", "[401 - UnauthorizedError]", State.INVALID, "token"),
    ("MEGA", "couldn't login: Object (typically, node or user) not found", State.INVALID, "pass"),
    (
        "GOOGLE_CLOUD_STORAGE",
        "oauth2: cannot fetch token: 400 invalid_grant, Invalid JWT Signature.",
        State.INVALID,
        "service_account_credentials",
    ),
    ("AZUREBLOB", "RESPONSE 403: 403 AuthorizationFailure", State.INVALID, "key"),
    ("OPENSTACK_SWIFT", "Authorization Failed", State.INVALID, "key"),
    ("OPENSTACK_SWIFT", "Can't find AuthVersion in AuthUrl - set explicitly", State.MISCONFIGURED, "auth_version"),
    ("FTP", '530 "Login incorrect."', State.INVALID, "pass"),
    ("FTP", "Non-anonymous sessions must use encryption.", State.MISCONFIGURED, "encryption"),
    (
        "WEBDAV",
        "tls: failed to verify certificate: x509: certificate signed by unknown authority",
        State.UNREACHABLE,
        "ca_certificate",
    ),
    (
        "SFTP",
        "ssh: handshake failed: ssh: unable to authenticate, attempted methods [none publickey]",
        State.INVALID,
        "key_pem",
    ),
]


@pytest.mark.parametrize(("provider", "text", "state", "field"), REPLIES)
def test_a_reply_means(provider: str, text: str, state: State, field: str) -> None:
    found = classify(PROVIDERS[provider], f"error in ListJSON: {text}", {})
    assert (found.state, found.field) == (state, field), found

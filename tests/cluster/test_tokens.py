"""OAuth tokens in Secrets: renewed by the operator before they end, each refresh token used once, none lost."""

from __future__ import annotations

import configparser
import json
import os
import secrets
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from cluster.operators import RunningOperator, Space, eventually, running
from servers.fake_internet.starting import Internet
from servers.fake_internet.tokens import CLIENT, CLIENT_SECRET
from servers.kinds.kubernetes import ControlPlane

from webapp.core.rclone.metadata import binary
from webapp.core.runtime import Runtime
from webapp.settings import Settings

RCLONE = {"name": "rclone", "format": "rclone", "options": {"remote": "box", "token": "access"}}
PAST = "2020-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def operator(
    cluster: ControlPlane, internet: Internet, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningOperator]:
    """An operator for whom Box is the fake internet's."""
    environment = {**internet.environment, "NO_PROXY": "127.0.0.1"}
    with running(cluster, tmp_path_factory.mktemp("operator"), environment=environment) as started:
        yield started


@pytest.fixture
def space(cluster: ControlPlane, operator: RunningOperator) -> Iterator[Space]:
    made = Space(cluster)
    yield made
    made.http.close()


def token(kind: str, family: str, *, number: int = 0) -> str:
    return json.dumps({"access_token": "bad-old", "refresh_token": f"{kind}-{family}-{number}", "expiry": PAST})


def box(space: Space, given: str, name: str = "nightly") -> None:
    """Make a resource whose token stands in a Secret."""
    space.source("login", secret=CLIENT_SECRET, token=given)
    refer = {key: {"secretKeyRef": {"name": "login", "key": key}} for key in ("secret", "token")}
    block = {"clientId": CLIENT, "clientSecret": refer["secret"], "token": refer["token"]}
    space.apply(name, {"provider": {"box": block}, "secrets": [RCLONE], "verification": {"interval": "0"}})


def written(space: Space) -> Mapping[str, str]:
    """Return the token that stands in the output by now; empty while there is none."""
    parser = configparser.RawConfigParser()
    parser.read_string(space.values("rclone").get("rclone.conf", "[box]\ntoken = {}"))
    return json.loads(parser.get("box", "token"))


def renewed_to(space: Space, family: str, number: int) -> None:
    eventually(
        lambda: written(space).get("access_token") == f"good-{family}-{number}",
        40,
        lambda: (written(space), space.get("nightly").get("status")),
    )


def lists(space: Space, internet: Internet, folder: Path) -> str:
    """Return what rclone lists with the Secret as a pod mounts it."""
    path = folder / "rclone.conf"
    path.write_text(space.values("rclone")["rclone.conf"])
    path.chmod(0o600)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **internet.environment}
    command = [str(binary()), "--config", str(path), "lsf", "box:"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True).stdout


def test_renewed_before_it_ends_and_never_handed_whole(
    space: Space, internet: Internet, operator: RunningOperator, tmp_path: Path
) -> None:
    family = f"op{secrets.token_hex(4)}"
    box(space, token("brief", family))
    space.wait("nightly", "True", seconds=40)
    assert written(space)["access_token"] == f"good-{family}-1"
    assert "refresh_token" not in written(space)
    assert "docs/" in lists(space, internet, tmp_path)
    ends = operator.metric("backup_credentials_token_ends_timestamp_seconds", namespace=space.name)
    assert 0 < ends - time.time() < 3600
    renewed_to(space, family, 2)  # a few seconds later it lasts for less than ten minutes
    assert "docs/" in lists(space, internet, tmp_path)
    space.wait("nightly", "True")
    number = int(written(space)["access_token"].rpartition("-")[2])
    assert internet.ask("renewals")[family] - number in {0, 1}  # each renewal reached the Secret; one may be on its way


def test_a_killed_operator_goes_on_with_the_token_that_it_kept(
    space: Space, operator: RunningOperator, internet: Internet
) -> None:
    """The Secret of the person still holds the first refresh token, which has been used up."""
    family = f"op{secrets.token_hex(4)}"
    box(space, token("brief", family))
    renewed_to(space, family, 2)
    operator.kill()
    before = internet.ask("renewals")[family]
    operator.start()
    operator.wait_ready()
    renewed_to(space, family, before + 1)
    space.wait("nightly", "True")


def test_another_token_in_the_secret_counts_from_then_on(space: Space) -> None:
    first, second = (f"op{secrets.token_hex(4)}" for _ in range(2))
    box(space, token("once", first))
    renewed_to(space, first, 1)
    space.source("login", secret=CLIENT_SECRET, token=token("once", second))
    renewed_to(space, second, 1)


def test_a_log_in_that_is_over_is_told_and_mended(space: Space) -> None:
    family = f"op{secrets.token_hex(4)}"
    box(space, token("once", family))
    renewed_to(space, family, 1)
    space.source("login", secret=CLIENT_SECRET, token=token("gone", family))
    space.wait("nightly", "False", "TokenEnded")
    assert written(space)["access_token"] == f"good-{family}-1"  # what worked last stays
    space.source("login", secret=CLIENT_SECRET, token=token("once", f"{family}b"))
    space.wait("nightly", "True")
    assert written(space)["access_token"] == f"good-{family}b-1"


def test_a_published_log_in_is_renewed_in_the_store(space: Space, operator: RunningOperator) -> None:
    family = f"op{secrets.token_hex(4)}"
    values = {"client_id": CLIENT, "client_secret": CLIENT_SECRET, "token": token("brief", family)}
    runtime = Runtime(Settings(data_dir=operator.folder))
    stored = runtime.service.add(f"Box {family}", "BOX", values, by="test")
    runtime.publishing.publish(stored.id, [space.name], by="test")
    spec = {"store": {"name": stored.name}, "secrets": [RCLONE], "verification": {"interval": "0"}}
    space.apply("nightly", spec)
    renewed_to(space, family, 1)
    renewed_to(space, family, 2)
    kept = json.loads(str(runtime.store.credentials.get(stored.id).attributes["token"]))
    assert kept["refresh_token"] >= f"brief-{family}-2"
    space.wait("nightly", "True")
    runtime.stop()

"""The operator as a program: its check, its lease, its permissions, the store beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cluster.operators import RunningOperator, Space, eventually, running
from cluster.roles import USER, allow
from servers.kinds.kubernetes import ControlPlane

from webapp.core.runtime import Runtime
from webapp.core.store.keyring import new_seed
from webapp.settings import Settings

NEVER = {"interval": "0"}
OUT = [{"name": "out", "format": "rclone"}]


@pytest.fixture
def space(cluster: ControlPlane) -> Iterator[Space]:
    made = Space(cluster)
    yield made
    made.http.close()


def s3(**more: Any) -> dict[str, Any]:
    block = {
        "accessKeyId": "AKIA",
        "secretAccessKey": {"secretKeyRef": {"name": "keys", "key": "secret"}},
        "endpoint": "http://127.0.0.1:9",
    }
    return {"provider": {"s3": block}, "secrets": OUT, "verification": NEVER, **more}


def command(plane: ControlPlane, folder: Path, *arguments: str, user: str = "admin") -> tuple[int, str]:
    environment = {
        **os.environ,
        "KUBECONFIG": str(plane.kubeconfig(user)),
        "BACKUP_CREDENTIALS_DATA_DIR": str(folder),
    }
    done = subprocess.run(
        [sys.executable, "-m", "webapp", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_the_check_finds_what_is_there_and_what_is_not(cluster: ControlPlane, space: Space, tmp_path: Path) -> None:
    code, text = command(cluster, tmp_path, "operator", "--check")
    assert (code, "missing" in text) == (0, False), text
    code, text = command(cluster, tmp_path, "operator", "--check", "--json", "--namespace", space.name, user="person")
    found = {one["what"]: one["ok"] for one in json.loads(text)}
    assert code == 1
    assert found[f"create secrets in {space.name}"] is False
    assert found["secret seed"] is True


def test_a_second_instance_waits_and_takes_over(cluster: ControlPlane, space: Space, tmp_path: Path) -> None:
    served = ("--namespace", space.name)
    space.source("keys", secret="x")
    with running(cluster, tmp_path / "one", *served, "--identity", "one") as first:
        second = RunningOperator(cluster, tmp_path / "one", *served, "--identity", "two")
        try:
            eventually(lambda: "another instance" in second.said, 30)
            space.apply("nightly", s3())
            space.wait("nightly", "True")
            assert first.stop() == 0
            eventually(lambda: "held by two" in second.said, 20, lambda: first.said + second.said)
            space.kubectl("delete", "secret/out")
            eventually(lambda: space.secret("out"), 20)
        finally:
            second.kill()


def test_a_killed_instance_is_followed_by_the_next(cluster: ControlPlane, space: Space, tmp_path: Path) -> None:
    """Nobody gave the lease back, so it has to end: 15 seconds after it was renewed last."""
    served = ("--namespace", space.name, "--lease-namespace", space.name)
    space.source("keys", secret="x")
    with running(cluster, tmp_path / "one", *served, "--identity", "one") as first:
        second = RunningOperator(cluster, tmp_path / "one", *served, "--identity", "two")
        try:
            eventually(lambda: "another instance" in second.said, 30)
            assert second.get("/livez").startswith("ok")
            assert second.get("/readyz").startswith("ok")
            first.kill()
            eventually(lambda: "held by two" in second.said, 25, lambda: second.said)
            space.apply("nightly", s3())
            space.wait("nightly", "True", seconds=20)
        finally:
            second.kill()


def test_the_store_shows_the_resource_and_offers_its_own(cluster: ControlPlane, space: Space, tmp_path: Path) -> None:
    space.source("keys", secret="x")
    settings = Settings(data_dir=tmp_path)
    runtime = Runtime(settings)
    values = {
        "provider": "Other",
        "access_key_id": "A",
        "secret_access_key": "stored",
        "endpoint": "http://127.0.0.1:9",
    }
    credential = runtime.service.add("Nightly S3", "S3", values, by="test")
    with running(cluster, tmp_path, "--namespace", space.name):
        space.apply("own", s3())
        space.apply(
            "fed",
            {"store": {"name": "nightly s3"}, "secrets": [{"name": "fed", "format": "rclone"}]}
            | {"verification": NEVER},
        )
        space.wait("own", "True")
        space.wait("fed", "False", "NotPublished")
        runtime.publishing.publish(credential.id, [space.name], by="test")
        space.wait("fed", "True", seconds=10)
        assert "= stored" in space.values("fed")["rclone.conf"]
        kept = runtime.store.repositories.secret(credential.id, "b/db", "password", by="me", given="of the web app")
        options: dict[str, Any] = {"repository": "b/db"}
        restic = [{"name": "restic", "format": "restic", "options": options}]
        space.apply("fed", {"store": {"name": "nightly s3"}, "secrets": restic, "verification": NEVER})
        made = eventually(lambda: space.values("restic").get("RESTIC_PASSWORD"), 10)
        assert made != kept, "whoever names a repository has not been given its password"
        options["password"] = {"secretKeyRef": {"name": "keys", "key": "secret"}}
        space.apply("fed", {"store": {"name": "nightly s3"}, "secrets": restic, "verification": NEVER})
        eventually(lambda: space.values("restic")["RESTIC_PASSWORD"] == "x", 10)
        assert [one.created_by for one in runtime.store.repositories.list(credential.id)] == ["me"]
        out = [{"name": "fed", "format": "rclone"}]
        space.apply("fed", {"store": {"name": "nightly s3"}, "secrets": out, "verification": NEVER})
        eventually(lambda: space.secret("restic") is None and space.secret("fed"), 10)
        mirrored = eventually(lambda: [one for one in runtime.store.cluster.search().items if one.ready == "True"], 5)
        assert {one.name for one in mirrored} <= {"own", "fed"}
        eventually(lambda: runtime.store.cluster.get(space.name, "own").ready == "True", 5)
        space.kubectl("annotate", "bc/fed", "backupcredentials.dev/verify=now")
        eventually(lambda: space.get("fed")["status"].get("lastVerification", {}).get("state") == "unreachable", 30)
        last = runtime.store.credentials.get(credential.id).verification
        assert last
        assert last.state == "unreachable"  # it was verified where the web app keeps the result and a renewed token
        offered = runtime.store.publications.list(credential.id)
        runtime.publishing.withdraw(offered[0].id, by="test")
        eventually(lambda: space.secret("fed") is None, 5)
        space.wait("fed", "False", "NotPublished")
        space.kubectl("delete", "bc/own")
        eventually(lambda: all(one.name != "own" for one in runtime.store.cluster.search().items), 5)
    runtime.stop()


def test_a_sealed_value_is_for_one_place_alone(cluster: ControlPlane, space: Space, tmp_path: Path) -> None:
    runtime = Runtime(Settings(data_dir=tmp_path))
    sealed = runtime.sealing.seal(space.name, "nightly", "secretAccessKey", "hush-sealed", by="test")
    spec = s3()
    spec["provider"]["s3"]["secretAccessKey"] = {"sealed": sealed}
    with running(cluster, tmp_path, "--namespace", space.name):
        space.apply("nightly", spec)
        space.wait("nightly", "True")
        assert "= hush-sealed" in space.values("out")["rclone.conf"]
        space.apply("thief", {**spec, "secrets": [{"name": "stolen", "format": "rclone"}]})
        space.wait("thief", "False", "SealedForAnother")
        assert space.secret("stolen") is None
    runtime.stop()


def test_the_seed_is_made_once_and_what_is_refused_is_said(cluster: ControlPlane, tmp_path: Path) -> None:
    space = Space(cluster)
    asked = ("make-seed-secret", "seed", "--namespace", space.name)
    allow(space, [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["create"]}])
    assert command(cluster, tmp_path, *asked, user=USER) == (0, "The Secret seed was made.\n")
    made = space.values("seed")
    refused = command(cluster, tmp_path, *asked, user=USER)  # it may not be looked at
    assert refused == (1, "Error: The API server refused the Secret seed: Forbidden.\n")
    assert command(cluster, tmp_path, *asked) == (0, "The Secret seed is there already; it stays.\n")
    code, text = command(cluster, tmp_path, *asked, "--key", "another")
    assert (code, "has no key another" in text) == (1, True)
    assert space.values("seed") == made
    space.http.close()


def test_it_waits_for_its_secret_seed_and_says_so(cluster: ControlPlane, tmp_path: Path) -> None:
    seed, served = tmp_path / "mounted/seed", ("--namespace", Space(cluster).name)
    named = {"BACKUP_CREDENTIALS_SEED_FILE": str(seed)}
    waiting = RunningOperator(cluster, tmp_path / "data", *served, environment=named)
    try:
        eventually(lambda: "there is no secret seed at" in waiting.get("/readyz"), 40, lambda: waiting.said)
        assert waiting.get("/livez").startswith("ok")
        assert "waiting: The store is locked" in waiting.said
        assert waiting.metric("backup_credentials_locked") == 1
        seed.parent.mkdir()
        seed.write_text(new_seed())
        waiting.wait_ready()
        eventually(lambda: "backup_credentials_locked 0.0" in waiting.get("/metrics"), 30, lambda: waiting.said)
        assert waiting.stop() == 0
    finally:
        waiting.kill()


def test_it_waits_for_the_definition_and_says_so(own_control_plane: Any, tmp_path: Path) -> None:
    plane = own_control_plane(controllers=())
    waiting = RunningOperator(plane, tmp_path)
    try:
        eventually(lambda: "not installed" in waiting.get("/readyz"), 40, lambda: waiting.said)
        assert waiting.get("/livez").startswith("ok")
        code, text = command(plane, tmp_path, "operator", "--check")
        assert code == 1
        assert "crd --apply" in text
        assert command(plane, tmp_path, "crd", "--apply")[0] == 0
        waiting.wait_ready()
        time.sleep(0.2)
        assert waiting.stop() == 0
    finally:
        waiting.kill()

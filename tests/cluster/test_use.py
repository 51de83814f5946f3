"""What a platform engineer does: Secrets that restic and rclone read, verified against real servers."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Any

from cluster.operators import RunningOperator, Space, eventually
from servers.kinds.s3 import S3Server
from servers.kinds.ssh import SshServer
from servers.runs import need

from webapp.core.rclone.metadata import binary
from webapp.core.runtime import Runtime
from webapp.core.verification.states import State
from webapp.settings import Settings

REFERRED = {"secretKeyRef": {"name": "keys", "key": "secret"}}
RCLONE = {"name": "rclone", "format": "rclone", "options": {"remote": "nightly"}}


def restic_output(space: Space) -> dict[str, Any]:
    """Return an output for restic with a repository of this namespace alone: tests share the bucket."""
    return {"name": "restic", "format": "restic", "options": {"repository": f"alpha/{space.name}"}}


def s3(server: S3Server, **more: Any) -> dict[str, Any]:
    block = {"accessKeyId": server.full[0], "secretAccessKey": REFERRED, "endpoint": server.endpoint}
    named = {"provider": "Other", "region": "us-east-1"}
    return {"provider": {"s3": {**block, **named}}, "secrets": [RCLONE], **more}


def files(space: Space, name: str, folder: Path) -> dict[str, str]:
    """Mount a Secret as a pod would, and return the values that are no files' names."""
    folder.mkdir(exist_ok=True)
    values = space.values(name)
    for key, text in values.items():
        path = folder / key
        path.write_text(text)
        path.chmod(0o600)
    return values


def run(*command: str | Path, **environment: str) -> str:
    clean = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **environment}
    done = subprocess.run([str(part) for part in command], env=clean, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def test_s3_by_hand(space: Space, seaweedfs: S3Server, tmp_path: Path) -> None:
    space.source("keys", secret=seaweedfs.full[1])
    outputs = [restic_output(space), RCLONE]
    space.apply("nightly", s3(seaweedfs, secrets=outputs, verification={"target": "alpha"}))
    space.kubectl("wait", "--for=condition=Ready", "bc/nightly", "--timeout=20s")
    space.kubectl("wait", "--for=condition=Verified", "bc/nightly", "--timeout=30s")
    values = files(space, "restic", tmp_path / "restic")
    restic = need("restic")
    run(restic, "init", **values)
    (tmp_path / "backup").write_text("precious")
    run(restic, "backup", "--no-cache", tmp_path / "backup", **values)
    assert str(tmp_path / "backup") in run(restic, "ls", "--no-cache", "latest", **values)
    files(space, "rclone", tmp_path / "rclone")
    listed = run(binary(), "--config", tmp_path / "rclone/rclone.conf", "lsf", "nightly:alpha")
    assert f"{space.name}/" in listed
    row = space.kubectl("get", "bc", "nightly").splitlines()[1].split()
    assert row[:1] + row[3:6] == ["nightly", "True", "Synced", "True"]
    assert "The provider accepted this credential" in space.kubectl("describe", "bc", "nightly")


def test_sftp_by_hand(space: Space, sshd: SshServer, tmp_path: Path) -> None:
    space.source("keys", secret=sshd.key)
    folder = tmp_path / "mounted"
    block = {"host": "127.0.0.1", "port": sshd.port, "user": sshd.user, "keyPem": REFERRED, "hostKeys": sshd.host_key}
    options = {"repository": "repo", "folder": str(folder)}
    outputs = [{"name": "restic", "format": "restic", "options": options}, RCLONE]
    space.apply("nightly", {"provider": {"sftp": block}, "secrets": outputs})
    space.wait("nightly", "True", "CredentialAccepted", "Verified", seconds=30)
    values = files(space, "restic", folder)
    ssh = f"ssh -F {folder}/ssh_config nightly -s sftp"
    environment = {key: values[key] for key in ("RESTIC_REPOSITORY", "RESTIC_PASSWORD")}
    run(need("restic"), "-o", f"sftp.command={ssh}", "init", **environment)
    files(space, "rclone", tmp_path / "rclone")
    assert "repo/" in run(binary(), "--config", tmp_path / "rclone/rclone.conf", "lsf", "nightly:")


def test_a_wrong_key_shows_and_its_correction_too(space: Space, seaweedfs: S3Server, operator: RunningOperator) -> None:
    space.source("keys", secret="wrong" * 8)
    space.apply("nightly", s3(seaweedfs))
    space.wait("nightly", "False", "CredentialRejected", "Verified", seconds=30)
    assert space.condition("nightly") == ("True", "Synced")
    assert space.secret("rclone")
    assert ("Warning", "CredentialRejected") in eventually(space.events, 3)
    assert operator.metric("backup_credentials_verified", namespace=space.name, name="nightly") == 0
    before = operator.writes()
    space.source("keys", secret=seaweedfs.full[1])
    space.wait("nightly", "True", "CredentialAccepted", "Verified", seconds=30)
    time.sleep(0.5)
    assert operator.metric("backup_credentials_verified", namespace=space.name, name="nightly") == 1
    after = operator.writes()
    assert after["secrets"] - before["secrets"] == 1
    assert after["backupcredentials/status"] - before["backupcredentials/status"] == 2


def test_an_annotation_asks_for_a_verification_now(
    space: Space, seaweedfs: S3Server, operator: RunningOperator
) -> None:
    space.source("keys", secret=seaweedfs.full[1])
    space.apply("nightly", s3(seaweedfs))
    space.wait("nightly", "True", kind="Verified", seconds=30)
    done = operator.metric("backup_credentials_verifications_total")
    space.kubectl("annotate", "bc/nightly", "backupcredentials.dev/verify=please")
    eventually(lambda: space.get("nightly")["status"]["lastVerification"].get("requested") == "please", 20)
    time.sleep(1)
    assert operator.metric("backup_credentials_verifications_total") == done + 1


def test_a_gate_keeps_the_last_good_secrets(space: Space, seaweedfs: S3Server) -> None:
    space.source("keys", secret=seaweedfs.full[1])
    space.apply("nightly", s3(seaweedfs, verification={"gate": True}))
    space.wait("nightly", "True", seconds=30)
    good = space.values("rclone")
    space.source("keys", secret="wrong" * 8)
    space.wait("nightly", "False", "NotVerified", seconds=30)
    assert space.values("rclone") == good
    space.source("keys", secret=seaweedfs.full[1])
    space.wait("nightly", "True", seconds=30)


def test_a_credential_of_the_web_app_is_verified_where_its_resource_says(seaweedfs: S3Server, tmp_path: Path) -> None:
    """What is found there is no word about the place that the web app looks into."""
    runtime = Runtime(Settings(data_dir=tmp_path))
    key, secret = seaweedfs.full
    values = {"access_key_id": key, "secret_access_key": secret, "endpoint": seaweedfs.endpoint, "provider": "Other"}
    credential = runtime.service.add("Nightly", "S3", {**values, "region": "us-east-1"}, by="test")
    assert runtime.service.verify_stored(credential.id).state is State.VALID
    assert runtime.service.verify_stored(credential.id, target="missing-bucket").state is State.MISCONFIGURED
    kept = runtime.store.credentials.get(credential.id).verification
    assert kept
    assert kept.state == State.VALID
    runtime.stop()


def test_a_gate_writes_nothing_before_the_first_verification(space: Space, seaweedfs: S3Server) -> None:
    space.source("keys", secret="wrong" * 8)
    space.apply("nightly", s3(seaweedfs, verification={"gate": True}))
    space.wait("nightly", "False", "NotVerified", seconds=30)
    assert space.secret("rclone") is None

"""What the operator does, on a real API server: Secrets as asked for, and no write that is not needed."""

from __future__ import annotations

import base64
import contextlib
import json
import secrets
import time
from pathlib import Path
from typing import Any

from cluster.operators import COLLECTED, RunningOperator, Space, eventually
from servers.kinds.kubernetes import ControlPlane

NEVER = {"interval": "0"}
"""No verification: what is tested here are Secrets."""


def s3(**changes: Any) -> dict[str, Any]:
    block = {
        "accessKeyId": {"secretKeyRef": {"name": "keys", "key": "id"}},
        "secretAccessKey": {"secretKeyRef": {"name": "keys", "key": "secret"}},
        "endpoint": "http://127.0.0.1:9",
    }
    block["accessKeyId"] = "AKIA"
    return {
        "provider": {"s3": {**block, **changes.pop("block", {})}},
        "secrets": [{"name": "out", "format": "rclone"}],
        "verification": NEVER,
        **changes,
    }


def test_a_resource_becomes_a_secret_by_two_writes(space: Space, operator: RunningOperator) -> None:
    space.source("keys", secret="hush-1")
    before, reads = (
        operator.writes(),
        operator.metric("backup_credentials_api_requests_total", verb="get", resource="secrets"),
    )
    space.apply("nightly", s3())
    space.wait("nightly", "True", "Synced")
    assert "secret_access_key = hush-1" in space.values("out")["rclone.conf"]
    secret = space.secret("out")
    assert secret
    assert secret["metadata"]["ownerReferences"][0]["name"] == "nightly"
    assert secret["metadata"]["annotations"] == {"backupcredentials.dev/owner": "nightly"}
    time.sleep(0.5)
    after = operator.writes()
    assert {key: after[key] - before.get(key, 0) for key in after if after[key] != before.get(key, 0)} == {
        "secrets": 1,
        "backupcredentials/status": 1,
    }
    assert operator.metric("backup_credentials_api_requests_total", verb="get", resource="secrets") - reads == 1
    assert space.events() == []
    status = space.get("nightly")["status"]
    assert status["observedGeneration"] == 1
    assert status["secrets"][0]["resourceVersion"] == secret["metadata"]["resourceVersion"]
    assert "hush" not in str(space.get("nightly"))
    resource = space.get("nightly")
    assert "finalizers" not in resource["metadata"]
    assert not any("kopf" in key for key in resource["metadata"].get("annotations", {}))


def test_kubectl_waits_for_ready(space: Space) -> None:
    space.source("keys", secret="x")
    space.apply("nightly", s3())
    space.kubectl("wait", "--for=condition=Ready", "bc/nightly", "--timeout=10s")


def test_a_changed_source_reaches_its_output_by_one_write_each(space: Space, operator: RunningOperator) -> None:
    space.source("keys", secret="old")
    space.apply("nightly", s3())
    space.wait("nightly", "True")
    before = operator.writes()
    space.source("keys", secret="new")
    eventually(lambda: "= new" in space.values("out")["rclone.conf"], 10)
    time.sleep(0.5)
    after = operator.writes()
    assert (after["secrets"] - before["secrets"], sum(after.values()) - sum(before.values())) == (1, 2)


def test_an_unchanged_resource_costs_no_write(space: Space, operator: RunningOperator) -> None:
    space.source("keys", secret="x")
    space.apply("nightly", s3())
    space.wait("nightly", "True")
    time.sleep(0.3)
    before = operator.writes()
    space.kubectl("annotate", "bc/nightly", "anything=new")
    space.kubectl("label", "secret/keys", "anything=new")
    time.sleep(1)
    after = operator.writes()
    changed = {key: after[key] - before[key] for key in after if after[key] != before[key]}
    assert changed in ({}, {"backupcredentials/status": 1})  # the source's version moved, and the status names it


def test_a_deleted_output_comes_back(space: Space) -> None:
    space.source("keys", secret="x")
    space.apply("nightly", s3())
    space.wait("nightly", "True")
    space.kubectl("delete", "secret/out")
    eventually(lambda: space.secret("out"), 2)


def test_an_edited_output_is_repaired_and_what_others_added_stays(space: Space) -> None:
    space.source("keys", secret="x")
    space.apply("nightly", s3())
    space.wait("nightly", "True")
    right = space.values("out")
    space.kubectl("label", "secret/out", "mine=too")
    space.kubectl("patch", "secret/out", "--type=merge", "-p", '{"data":{"rclone.conf":"eA==","more":"eA=="}}')
    eventually(lambda: space.values("out") == right, 2)
    assert (space.secret("out") or {})["metadata"]["labels"]["mine"] == "too"


def test_an_output_that_was_made_immutable_follows_its_source(space: Space) -> None:
    space.source("keys", secret="old")
    space.apply("nightly", s3())
    space.wait("nightly", "True")
    version = json.loads(space.kubectl("patch", "secret/out", "-o", "json", "-p", '{"immutable":true}'))["metadata"]
    eventually(lambda: space.get("nightly")["status"]["secrets"][0]["resourceVersion"] == version["resourceVersion"])
    space.source("keys", secret="new")
    eventually(lambda: "= new" in space.values("out")["rclone.conf"], 5)
    space.wait("nightly", "True")
    assert space.events() == []


def test_what_a_quota_forbids_is_said_and_done_when_there_is_room(space: Space) -> None:
    space.source("keys", secret="x")
    quota = {"metadata": {"name": "few"}, "spec": {"hard": {"count/secrets": "1"}}}
    space.kubectl("create", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "ResourceQuota", **quota}))
    used = {"status": {"hard": quota["spec"]["hard"], "used": {"count/secrets": "1"}}}
    space.kubectl("patch", "quota/few", "--subresource=status", "--type=merge", "-p", json.dumps(used))
    time.sleep(0.5)  # the API server hears of its own quotas by a watch
    space.apply("nightly", s3())
    space.wait("nightly", "False", "APIError")
    told = space.get("nightly")["status"]["conditions"][0]["message"]
    assert told == "The API server refuses the Secret out: a quota of the namespace is used up."
    space.kubectl("delete", "quota/few")
    space.wait("nightly", "True", seconds=20)


def test_what_the_api_server_refuses_beside_the_secrets_is_said(space: Space) -> None:
    space.source("keys", secret="old")
    space.apply("nightly", s3(rolloutRestart={"matchLabels": {"no name": "x"}}))
    space.wait("nightly", "True")
    space.source("keys", secret="new")
    space.wait("nightly", "False", "APIError")
    assert "refuses to list deployments: 400 BadRequest" in space.get("nightly")["status"]["conditions"][0]["message"]
    assert "= new" in space.values("out")["rclone.conf"]
    assert space.condition("nightly", "SecretsSynced")[0] == "True"


def test_an_output_may_be_what_another_resource_reads(space: Space) -> None:
    """The operator knows it by its own write before the watch tells of it."""
    space.source("keys", secret="one")
    first = {"secretKeyRef": {"name": "out", "key": "ACCESS_KEY_ID"}}
    second = s3(block={"secretAccessKey": first}, secrets=[{"name": "second", "format": "rclone"}])
    space.apply("second", second)
    space.wait("second", "False", "SourceNotFound")
    space.apply("first", s3(secrets=[{"name": "out", "format": "env"}], block={"accessKeyId": "AKIA1"}))
    eventually(lambda: "AKIA1" in space.values("second").get("rclone.conf", ""), 2)
    space.apply("first", s3(secrets=[{"name": "out", "format": "env"}], block={"accessKeyId": "AKIA2"}))
    eventually(lambda: "AKIA2" in space.values("second")["rclone.conf"], 2)


def test_a_foreign_secret_is_never_touched_until_it_may_be_adopted(space: Space) -> None:
    space.source("keys", secret="x")
    version = space.source("out", password="mine")
    space.apply("nightly", s3())
    space.wait("nightly", "False", "TargetConflict")
    assert (space.secret("out") or {})["metadata"]["resourceVersion"] == version
    assert ("Warning", "TargetConflict") in eventually(space.events, 3)
    space.kubectl("annotate", "secret/out", "backupcredentials.dev/adopt=nightly")
    space.wait("nightly", "True")
    assert set(space.values("out")) == {"rclone.conf"}


def test_the_older_of_two_writes_and_the_younger_says_so(space: Space) -> None:
    space.source("keys", secret="x")
    space.apply("old", s3())
    space.wait("old", "True")
    time.sleep(1.1)
    space.apply("young", s3())
    space.wait("young", "False", "TargetConflict")
    assert "old" in space.get("young")["status"]["conditions"][0]["message"]
    space.kubectl("delete", "bc/old")
    space.wait("young", "True", seconds=COLLECTED)


def test_a_missing_source_is_told_once_and_found_when_it_comes(space: Space) -> None:
    space.apply("nightly", s3())
    space.wait("nightly", "False", "SourceNotFound")
    time.sleep(3)
    assert space.events() == [("Warning", "SourceNotFound")]
    space.source("keys", other="x")
    space.wait("nightly", "False", "SourceKeyNotFound", seconds=2)
    space.source("keys", secret="x")
    space.wait("nightly", "True", seconds=2)
    assert space.secret("out")


def test_what_a_format_cannot_carry_is_told_and_nothing_is_written(space: Space) -> None:
    space.source("keys", secret="x")
    wanted = [{"name": "out", "format": "rclone"}, {"name": "ssh", "format": "ssh-auth"}]
    space.apply("nightly", s3(secrets=wanted))
    space.wait("nightly", "False", "FormatUnsupported")
    assert space.secret("out") is None
    space.apply("self", s3(secrets=[{"name": "keys", "format": "rclone"}]))
    space.wait("self", "False", "OutputIsSource")
    assert space.values("keys") == {"secret": "x"}


def test_another_type_replaces_the_secret(space: Space) -> None:
    space.source("keys", secret="x", user="u")
    block = {"host": "127.0.0.1", "user": "u", "pass": {"secretKeyRef": {"name": "keys", "key": "secret"}}}
    spec = {"provider": {"ftp": block}, "verification": NEVER}
    space.apply("nightly", {**spec, "secrets": [{"name": "out", "format": "env"}]})
    space.wait("nightly", "True")
    assert (space.secret("out") or {})["type"] == "Opaque"
    space.apply("nightly", {**spec, "secrets": [{"name": "out", "format": "basic-auth"}]})
    eventually(lambda: (space.secret("out") or {}).get("type") == "kubernetes.io/basic-auth", 5)
    space.wait("nightly", "True")


def test_an_output_that_is_no_longer_asked_for_goes_and_its_labels_too(space: Space) -> None:
    space.source("keys", secret="x")
    both = [{"name": "out", "format": "rclone", "labels": {"a": "1"}}, {"name": "more", "format": "rclone-env"}]
    space.apply("nightly", s3(secrets=both))
    space.wait("nightly", "True")
    space.apply("nightly", s3(secrets=[{"name": "out", "format": "rclone", "labels": {"b": "2"}}]))
    eventually(lambda: space.secret("more") is None, 3)
    eventually(lambda: space.get("nightly")["status"]["observedGeneration"] == 2, 3)
    labels = (space.secret("out") or {})["metadata"]["labels"]
    assert labels == {"app.kubernetes.io/managed-by": "backup-credentials", "b": "2"}


def test_outputs_go_with_their_resource_or_stay(space: Space) -> None:
    space.source("keys", secret="x")
    space.apply("goes", s3(secrets=[{"name": "goes", "format": "rclone"}]))
    space.apply("stays", s3(secrets=[{"name": "stays", "format": "rclone"}], deletionPolicy="Retain"))
    space.wait("goes", "True")
    space.wait("stays", "True")
    assert "ownerReferences" not in (space.secret("stays") or {})["metadata"]
    space.kubectl("delete", "bc/goes", "bc/stays")
    eventually(lambda: space.secret("goes") is None, COLLECTED)
    assert space.secret("stays")


def test_a_generated_password_is_made_once(space: Space) -> None:
    space.source("keys", secret="x")
    options = {"repository": "backups/db", "password": {"generate": True}}
    spec = s3(secrets=[{"name": "out", "format": "restic", "options": options}])
    space.apply("nightly", spec)
    space.wait("nightly", "True")
    password = space.values("out")["RESTIC_PASSWORD"]
    assert len(password) > 30
    space.kubectl("delete", "bc/nightly")
    eventually(lambda: space.secret("out") is None, COLLECTED)
    space.apply("nightly", spec)
    space.wait("nightly", "True")
    assert space.values("out")["RESTIC_PASSWORD"] == password


def test_a_generated_password_outlives_its_output(space: Space) -> None:
    """Taken out of the list, kept or removed, and asked for again: who made it anew would lose the backups."""
    space.source("keys", secret="x")
    restic = {
        "name": "out",
        "format": "restic",
        "options": {"repository": "backups/db", "password": {"generate": True}},
    }
    space.apply("nightly", s3(secrets=[restic]))
    space.wait("nightly", "True")
    password = space.values("out")["RESTIC_PASSWORD"]
    space.apply("nightly", s3(secrets=[]))
    eventually(lambda: space.secret("out") is None, 5)
    space.apply("nightly", s3(secrets=[{**restic, "name": "again"}], deletionPolicy="Retain"))
    eventually(lambda: space.values("again").get("RESTIC_PASSWORD") == password, 5)
    space.apply("nightly", s3(secrets=[], deletionPolicy="Retain"))
    eventually(lambda: space.get("nightly")["status"]["synced"] == "0/0", 5)
    assert space.values("again")["RESTIC_PASSWORD"] == password
    space.apply("nightly", s3(secrets=[{**restic, "name": "again"}]))
    eventually(lambda: space.get("nightly")["status"]["synced"] == "1/1", 5)
    assert space.values("again")["RESTIC_PASSWORD"] == password


def test_each_kind_of_trouble_is_one_event_and_the_end_of_it_another(space: Space) -> None:
    space.apply("nightly", s3())
    space.wait("nightly", "False", "SourceNotFound")
    for data, reason in (
        ({"other": "eA=="}, "SourceKeyNotFound"),
        ({"secret": base64.b64encode(b"\xff\xfe").decode()}, "SourceUndecodable"),
        ({"secret": base64.b64encode(b"two\nlines").decode()}, "ValueInvalid"),
    ):
        space.http.request("DELETE", f"{space.secrets}/keys")
        space.http.post(space.secrets, json={"metadata": {"name": "keys"}, "data": data}).raise_for_status()
        space.wait("nightly", "False", reason, seconds=5)
        assert space.secret("out") is None
    space.source("keys", secret="x")
    space.wait("nightly", "True", seconds=5)
    told = eventually(lambda: space.events() if ("Normal", "Synced") in space.events() else None, 5)
    for reason in ("SourceKeyNotFound", "SourceUndecodable", "ValueInvalid"):
        assert told.count(("Warning", reason)) == 1


def test_a_foreign_value_never_enters_memory(space: Space, operator: RunningOperator) -> None:
    foreign, known = (f"canary-{secrets.token_hex(16)}" for _ in range(2))
    space.source("foreign", password=foreign)
    space.source("keys", secret=known)
    space.apply("nightly", s3())
    space.wait("nightly", "True")
    space.source("foreign", password=foreign, more="changed")
    space.kubectl("patch", "secret/foreign", "--type=merge", "-p", '{"metadata":{"labels":{"a":"b"}}}')
    time.sleep(0.5)
    assert in_memory(operator, known), "this test looks in the wrong place"
    assert not in_memory(operator, foreign)


def in_memory(operator: RunningOperator, value: str) -> bool:
    """Tell whether a value stands in the operator's memory, in plain or as the API server sends it."""
    needles = (value.encode(), base64.b64encode(value.encode())[:-4])
    with (
        Path(f"/proc/{operator.process.pid}/maps").open() as maps,
        Path(f"/proc/{operator.process.pid}/mem").open("rb", 0) as memory,
    ):
        for line in maps:
            place, rights = line.split()[:2]
            begin, end = (int(part, 16) for part in place.split("-"))
            if not rights.startswith("rw") or "[v" in line:
                continue
            memory.seek(begin)
            with contextlib.suppress(OSError):
                held = memory.read(end - begin)
                if any(needle in held for needle in needles):
                    return True
    return False


def test_a_restart_writes_nothing_and_finds_what_changed(space: Space, operator: RunningOperator) -> None:
    space.source("keys", secret="x")
    for number in range(5):
        space.apply(f"nightly-{number}", s3(secrets=[{"name": f"out-{number}", "format": "rclone"}]))
    for number in range(5):
        space.wait(f"nightly-{number}", "True")
    time.sleep(0.5)
    assert operator.stop() == 0
    space.kubectl("delete", "secret/out-0")
    space.kubectl("patch", "secret/out-1", "--type=merge", "-p", '{"data":{"rclone.conf":"eA=="}}')
    operator.start()
    operator.wait_ready()
    eventually(lambda: space.secret("out-0"), 5)
    eventually(lambda: space.values("out-1")["rclone.conf"] != "x", 5)
    time.sleep(0.5)
    assert operator.writes() == {"secrets": 2, "backupcredentials/status": 2}
    assert operator.metric("backup_credentials_api_requests_total", verb="get", resource="secrets") <= 3


def test_pods_are_renewed_when_an_output_changed(space: Space, cluster: ControlPlane) -> None:
    pod = {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "a", "image": "a"}]}}
    body = {"metadata": {"name": "db"}, "spec": {"selector": {"matchLabels": {"app": "db"}}, "template": pod}}
    path = f"/apis/apps/v1/namespaces/{space.name}/deployments"
    assert space.http.post(path, json=body).is_success
    space.source("keys", secret="x")
    space.apply("nightly", s3(rolloutRestart={"targets": [{"kind": "Deployment", "name": "db"}]}))
    space.wait("nightly", "True")

    def mark() -> str:
        template = space.http.get(f"{path}/db").json()["spec"]["template"]["metadata"]
        return template.get("annotations", {}).get("backupcredentials.dev/credential-changed", "")

    assert mark() == ""
    space.source("keys", secret="y")
    eventually(mark, 3)


def test_the_canary_is_in_secrets_alone(space: Space, operator: RunningOperator) -> None:
    canary = base64.b32encode(b"canary-of-the-operator").decode()
    space.source("keys", secret=canary)
    space.apply("nightly", s3())
    space.wait("nightly", "True")
    space.source("keys", secret=canary + "\nbroken")
    space.wait("nightly", "False", "ValueInvalid")
    told = [str(space.get("nightly")), str(space.events()), operator.said, operator.get("/metrics")]
    assert not [text for text in told if canary in text]

"""The definition itself: one file, small enough, served by a real API server and readable with kubectl."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cluster.conftest import ROOT, apply_definition
from cluster.samples import BLOCKS, ref, resource, spec
from servers.kinds.kubernetes import ControlPlane

from credential_operator.crd import definition
from credential_operator.crd.providers import offered
from webapp.core.naming import camel, members

LARGEST = 256 * 1024
"""Bytes of an annotation: plain `kubectl apply` keeps the whole definition in one."""


def nodes(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, schema
    for name, node in schema.get("properties", {}).items():
        yield from nodes(node, f"{path}.{name}")
    for part in ("items", "additionalProperties"):
        if isinstance(schema.get(part), dict):
            yield from nodes(schema[part], f"{path}[]")


def root() -> dict[str, Any]:
    return definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def test_the_file_is_what_the_command_prints() -> None:
    command = [sys.executable, "-m", "webapp", "crd"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert (ROOT / "deploy/crd.yaml").read_text(encoding="utf-8") == printed, (
        "run `backup-credentials crd > deploy/crd.yaml`"
    )
    assert yaml.safe_load(printed) == definition()


def test_it_fits_into_an_annotation() -> None:
    assert len(json.dumps(definition()).encode()) < LARGEST


def test_everything_has_a_bound() -> None:
    free = {".apiVersion", ".kind"}
    for path, node in nodes(root()):
        if node["type"] == "string" and path not in free:
            assert "maxLength" in node or node.get("format") == "date-time", path
        if node["type"] == "array":
            assert "maxItems" in node, path
        if node["type"] == "integer" and path.startswith(".spec"):
            assert "enum" in node or {"minimum", "maximum"} <= node.keys(), path
        if "additionalProperties" in node:
            assert "maxProperties" in node, path


def test_everything_is_described() -> None:
    for path, node in nodes(root()):
        assert path in {".apiVersion", ".kind", ".metadata"} or path.endswith("[]") or node.get("description"), path


def test_no_rule_above_a_provider_names_one() -> None:
    provider = root()["properties"]["spec"]["properties"]["provider"]
    above = [root(), root()["properties"]["spec"], provider]
    rules = [rule["rule"] for node in above for rule in node.get("x-kubernetes-validations", ())]
    assert [rule for rule in rules if any(f".{member}" in rule for member in provider["properties"])] == []


def test_every_field_is_there_once() -> None:
    blocks = root()["properties"]["spec"]["properties"]["provider"]["properties"]
    assert list(blocks) == list(members())
    for member in BLOCKS:
        assert list(blocks[member]["properties"]) == [camel(field.key) for field in offered(members()[member])]


def test_a_secret_cannot_be_plain() -> None:
    blocks = root()["properties"]["spec"]["properties"]["provider"]["properties"]
    for member, known in members().items():
        for field in offered(known) if member in BLOCKS else ():
            node = blocks[member]["properties"][camel(field.key)]
            assert (node["type"] == "object") == field.secret, field.key


@pytest.mark.server
def test_applying_it_twice_changes_nothing(cluster: ControlPlane) -> None:
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/backupcredentials.backupcredentials.dev"
    with cluster.client() as client:
        before = client.get(path).json()["metadata"]["resourceVersion"]
        said = apply_definition(cluster)
        assert client.get(path).json()["metadata"]["resourceVersion"] == before
    assert said == "backupcredentials.backupcredentials.dev is in the cluster.\n"


@pytest.mark.server
def test_plain_kubectl_takes_it(cluster: ControlPlane) -> None:
    said = cluster.kubectl("apply", "--dry-run=server", "-f", ROOT / "deploy/crd.yaml")
    assert "customresourcedefinition.apiextensions.k8s.io/backupcredentials" in said


@pytest.mark.server
def test_apply_without_a_cluster_is_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "webapp", "crd", "--apply"]
    environment = {"PATH": "/usr/bin", "HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / "none")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: There is no kubeconfig that can be used. Does kubectl work here?\n"


@pytest.mark.server
def test_apply_without_permission_says_which(cluster: ControlPlane) -> None:
    command = [sys.executable, "-m", "webapp", "crd", "--apply"]
    environment = {"PATH": "/usr/bin", "KUBECONFIG": str(cluster.kubeconfig("person"))}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert 'User "person" cannot patch resource "customresourcedefinitions"' in done.stderr


@pytest.mark.server
@pytest.mark.parametrize("member", BLOCKS)
def test_explain_tells_every_field(cluster: ControlPlane, member: str) -> None:
    said = " ".join(cluster.kubectl("explain", f"bc.spec.provider.{member}").split())
    for field in offered(members()[member]):
        assert f"{camel(field.key)} <" in said
        assert field.help in said


@pytest.mark.server
def test_a_list_shows_what_matters(cluster: ControlPlane, namespace: str) -> None:
    given = {**spec("b2"), "secrets": [{"name": "a", "format": "rclone"}, {"name": "b", "format": "env"}]}
    cluster.kubectl("apply", "-f", "-", given=json.dumps(resource(given)), namespace=namespace)
    moment = "2026-01-01T00:00:00Z"
    conditions = [
        {"type": name, "status": "True", "reason": reason, "message": "", "lastTransitionTime": moment}
        for name, reason in (("Ready", "Synced"), ("Verified", "CredentialAccepted"))
    ]
    patch = json.dumps({"status": {"provider": "Backblaze B2", "synced": "2/2", "conditions": conditions}})
    cluster.kubectl("patch", "bc", "nightly", "--subresource=status", "--type=merge", "-p", patch, namespace=namespace)
    heading, line = cluster.kubectl("get", "bc", namespace=namespace).splitlines()
    assert heading.split() == ["NAME", "PROVIDER", "READY", "REASON", "VERIFIED", "SECRETS", "AGE"]
    assert line.startswith("nightly   Backblaze B2   True    Synced   True       2/2 ")


@pytest.mark.server
def test_kubectl_still_lists_secrets(cluster: ControlPlane, namespace: str) -> None:
    """A category that is named as a resource would be listed in its place."""
    cluster.kubectl("create", "secret", "generic", "mine", "--from-literal=a=b", namespace=namespace)
    assert "secret/mine" in cluster.kubectl("get", "secrets", "-o", "name", namespace=namespace)
    cluster.kubectl("apply", "-f", "-", given=json.dumps(resource(spec("b2"))), namespace=namespace)
    for category in definition()["spec"]["names"]["categories"]:
        assert "nightly" in cluster.kubectl("get", category, namespace=namespace)


@pytest.mark.server
def test_a_reference_may_be_added_beside_another_by_apply(cluster: ControlPlane, namespace: str) -> None:
    one = resource({**spec("b2"), "secrets": [{"name": "a", "format": "rclone"}]})
    two = resource({**spec("b2"), "secrets": [{"name": "b", "format": "rclone"}]})
    for owner, given in (("one", one), ("two", two)):
        arguments = ["apply", "--server-side", f"--field-manager={owner}", "-f", "-"]
        cluster.kubectl(*arguments, given=json.dumps(given), namespace=namespace)
    stored = json.loads(cluster.kubectl("get", "bc", "nightly", "-o", "json", namespace=namespace))
    assert [item["name"] for item in stored["spec"]["secrets"]] == ["a", "b"]
    assert stored["spec"]["provider"]["b2"]["key"] == ref("key")

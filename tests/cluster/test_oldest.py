"""The oldest API server that can be built here takes the definition, refuses and takes the same, and is served.

The other tests run on the newest one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cluster.accepted import accepted
from cluster.conftest import ROOT, apply_definition
from cluster.operators import Space, running
from cluster.refused import refused
from cluster.samples import resource
from cluster.test_admission import PATH
from servers.kinds.kubernetes import ControlPlane

pytestmark = pytest.mark.server

OLDEST = "v1.29.6"
KUBERNETES_OWN = frozenset(
    {"Duplicate value", *(f"may not be more than {limit}" for limit in (63, 253, 1024))},
)
"""Sentences of Kubernetes itself that had other words then."""


@pytest.fixture(scope="module")
def oldest(own_control_plane: Callable[..., ControlPlane]) -> ControlPlane:
    plane = own_control_plane(controllers=(), api_program="oldest-api-server")
    with plane.client() as client:
        assert client.get("/version").json()["gitVersion"] == OLDEST
    apply_definition(plane)
    return plane


def test_plain_kubectl_takes_the_definition(oldest: ControlPlane) -> None:
    said = oldest.kubectl("apply", "--dry-run=server", "-f", ROOT / "deploy/crd.yaml")
    assert "customresourcedefinition.apiextensions.k8s.io/backupcredentials" in said


def test_it_refuses_and_takes_the_same(oldest: ControlPlane) -> None:
    with oldest.client() as client:
        answers = {row.name: client.post(PATH, json=resource(row.spec)) for row in refused()}
        taken = {name: client.post(PATH, json=resource(spec)).json() for name, spec in accepted()}
    assert [name for name, answer in answers.items() if answer.status_code not in {400, 422}] == []
    other_words = {row.sentence for row in refused() if row.sentence not in answers[row.name].json()["message"]}
    assert [words for words in other_words if not any(own in words for own in KUBERNETES_OWN)] == []
    assert [name for name, spec in accepted() if taken[name].get("spec") != spec] == []


def test_the_operator_works_with_it(oldest: ControlPlane, tmp_path: Path) -> None:
    space = Space(oldest)
    space.source("keys", secret="one")
    login = {"host": "127.0.0.1", "user": "u", "pass": {"secretKeyRef": {"name": "keys", "key": "secret"}}}
    outputs = [{"name": "out", "format": "rclone"}]
    with running(oldest, tmp_path, "--namespace", space.name, "--lease-namespace", space.name) as operator:
        space.apply("nightly", {"provider": {"ftp": login}, "secrets": outputs, "verification": {"interval": "0"}})
        space.kubectl("wait", "--for=condition=Ready", "bc/nightly", "--timeout=10s")
        assert operator.writes() == {"secrets": 1, "backupcredentials/status": 1}
        assert space.kubectl("get", "bc", "nightly").splitlines()[1].split()[:3] == ["nightly", "FTP", "True"]
    space.http.close()

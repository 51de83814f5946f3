"""Real servers that credentials are verified against, as rclone serves them."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from webapp.core.rclone.metadata import binary

S3_KEY = "CANARYACCESSKEY01"
S3_SECRET = "canary/S3+secret=value"
DAV_PASSWORD = "canary-dav-pass&word"


@contextlib.contextmanager
def s3_server(folder: Path) -> Iterator[dict[str, str]]:
    """Serve S3 with the bucket `backups`; gives the values of a credential that works there."""
    (folder / "backups").mkdir()
    with rclone_serving("s3", folder, "--auth-key", f"{S3_KEY},{S3_SECRET}") as port:
        yield {
            "provider": "Other",
            "access_key_id": S3_KEY,
            "secret_access_key": S3_SECRET,
            "endpoint": f"http://127.0.0.1:{port}",
            "verify_target": "backups",
        }


@contextlib.contextmanager
def webdav_server(folder: Path) -> Iterator[dict[str, str]]:
    """Serve WebDAV; gives the values of a credential that works there."""
    with rclone_serving("webdav", folder, "--user", "u", "--pass", DAV_PASSWORD) as port:
        yield {"url": f"http://127.0.0.1:{port}/", "vendor": "RCLONE", "user": "u", "pass": DAV_PASSWORD}


@contextlib.contextmanager
def silent_server() -> Iterator[int]:
    """Accept connections and never answer; gives the port."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(50)
        yield listening.getsockname()[1]


@contextlib.contextmanager
def rclone_serving(kind: str, folder: Path, *options: str) -> Iterator[int]:
    port = free_port()
    command = [str(binary()), "serve", kind, str(folder), "--config", "", "--addr", f"127.0.0.1:{port}", *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 20
        while not reachable(port):
            assert time.monotonic() < until, f"rclone serve {kind} did not start"
            time.sleep(0.02)
        yield port
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def reachable(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False

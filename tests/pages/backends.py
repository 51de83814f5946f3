"""Real servers that credentials are verified against, as rclone serves them."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

from servers.kinds import rclone

S3_KEY = "CANARYACCESSKEY01"
S3_SECRET = "canary/S3+secret=value"
DAV_PASSWORD = "canary-dav-pass&word"


@contextlib.contextmanager
def s3_server(folder: Path) -> Iterator[dict[str, str]]:
    """Serve S3 with the bucket `backups`; gives the values of a credential that works there."""
    (folder / "backups").mkdir()
    with rclone.serving("s3", folder, "--auth-key", f"{S3_KEY},{S3_SECRET}") as port:
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
    with rclone.serving("webdav", folder, "--user", "u", "--pass", DAV_PASSWORD) as port:
        yield {"url": f"http://127.0.0.1:{port}/", "vendor": "RCLONE", "user": "u", "pass": DAV_PASSWORD}


@contextlib.contextmanager
def silent_server() -> Iterator[int]:
    """Accept connections and never answer; gives the port."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(50)
        yield listening.getsockname()[1]

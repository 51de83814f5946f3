"""rclone's own servers, for a test or a module of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from servers.runs import Run, free_port, listens
from servers.waiting import eventually
from webapp.core.rclone.metadata import binary


@contextmanager
def serving(kind: str, folder: Path, *options: str) -> Generator[int]:
    """Serve a folder with `rclone serve`; gives the port on 127.0.0.1.

    Args:
        kind: What is spoken: `s3`, `webdav`, `sftp`, `ftp` or `http`.
        folder: What is served.
        options: Further options of the command.
    """
    port = free_port()
    command = [str(binary()), "--config", "", "serve", kind, str(folder), "--addr", f"127.0.0.1:{port}", *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    Run.current().record(process.pid)  # ends it also when this process is killed
    try:
        eventually(partial(listens, port), 30, lambda: f"rclone serve {kind}")
        yield port
    finally:
        process.kill()
        process.wait()

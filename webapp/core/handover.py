"""Files that exist only while one process lives: a folder in memory, and a watcher that outlives every kill.

The process that is handed the files takes this process's place, so signals, exit code, terminal and standard streams
are its own. The watcher is told by the kernel when that process has ended, however it ended, and removes the folder.
"""

from __future__ import annotations

import os
import select
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from webapp.core.errors import NotFoundError

IN_MEMORY = ("XDG_RUNTIME_DIR", "/run/user", "/dev/shm")  # noqa: S108  tmpfs, and the folder in it is private
"""Where Linux keeps files in memory."""

TURN = 20_000
"""Milliseconds between two calls of what is done while the process lives."""

PATIENCE, PAUSE = 600.0, 1.0
"""Seconds for which what comes after is tried, and between two tries: a database may be away for a while."""

PREFIX = "backup-credentials-"


def private_folder() -> Path:
    """Make a folder of mode 0700, in memory where there is such a place."""
    sweep()
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=memory()))


def memory() -> Path | None:
    """Return a folder that is kept in memory and can be written; none when there is no such place."""
    places = (os.environ.get(IN_MEMORY[0], ""), f"{IN_MEMORY[1]}/{os.getuid()}", IN_MEMORY[2])
    return next((Path(place) for place in places if place and os.access(place, os.W_OK | os.X_OK)), None)


def sweep() -> None:
    """Remove folders of this user whose process is gone, left over when a watcher was killed as well."""
    for folder in (memory() or Path(tempfile.gettempdir())).glob(f"{PREFIX}*"):
        with suppress(OSError, ValueError):
            if folder.stat().st_uid == os.getuid() and not Path(f"/proc/{int(folder.name.split('-')[2])}").exists():
                shutil.rmtree(folder, ignore_errors=True)


def write_private(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files of mode 0600; one that is there already is an error, and no link is followed."""
    for name, value in files.items():
        number = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(number, "wb") as file:
            file.write(value)


def watch(
    folder: Path, *, meanwhile: Callable[[], None] | None = None, after: Callable[[], None] | None = None
) -> None:
    """Start a watcher that removes the folder once this process has ended.

    Args:
        folder: What is removed.
        meanwhile: Called every 20 seconds while the process lives; one call that fails ends nothing.
        after: Called before the folder is removed; one that fails is called again, for ten minutes.
    """
    watched = os.pidfd_open(os.getpid())
    first = os.fork()
    if first:
        os.close(watched)
        os.waitpid(first, 0)
        return
    try:
        os.setsid()
        if os.fork() == 0:
            _stay(watched, folder, meanwhile, after)
    finally:
        os._exit(0)


def _stay(watched: int, folder: Path, meanwhile: Callable[[], None] | None, after: Callable[[], None] | None) -> None:
    """Wait in a process of its own, without the streams that others wait for."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    waiting = select.poll()
    waiting.register(watched, select.POLLIN)
    try:
        while not waiting.poll(TURN if meanwhile else None):
            with suppress(Exception):  # the files are in use, and what comes after must still come
                if meanwhile:
                    meanwhile()
        if after:
            _insist(after)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _insist(work: Callable[[], None]) -> None:
    """Do something until it has worked, or its time is over; what is not there any more is not waited for."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return work()
        except NotFoundError:
            return None
        except Exception:
            if time.monotonic() > until:
                raise
            time.sleep(PAUSE)

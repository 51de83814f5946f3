"""Watches the processes that the app starts: their arguments, and what stands in rclone's environment."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

PAUSE = 0.01
"""Seconds between two looks; a daemon of a check lives longer than ten of these."""


class Watch:
    """Looks at this process's descendants until it is stopped.

    Attributes:
        seen: What was found, by what and where it is.
        rclones: How many different rclone processes were looked at.
    """

    def __init__(self) -> None:
        self.seen: dict[tuple[str, bytes], None] = {}
        self.rclones: set[int] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self._ended.is_set():
            for child in descendants(os.getpid()):
                self._look(child)
            time.sleep(PAUSE)

    def _look(self, pid: int) -> None:
        with contextlib.suppress(OSError):
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
            self.seen["the arguments of a process", arguments] = None
            if b"rclone\0rcd" in arguments:
                self.rclones.add(pid)
                self.seen["the environment of rclone", Path(f"/proc/{pid}/environ").read_bytes()] = None


def descendants(pid: int) -> Iterator[int]:
    """Give the processes below one, by the kernel's own lists: reading all of /proc would take too long."""
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                yield child
                yield from descendants(child)

"""Runs the real program in processes of its own, each with a data folder of the test."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from commands import forks
from servers.kinds import rclone

PROGRAM = (sys.executable, "-m", "webapp")
FTP = {"host": "ftp.example.com", "user": "backup", "pass": "canary-ftp-password", "encryption": "EXPLICIT"}
"""Values that can be saved without anybody being asked."""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)

    @property
    def line(self) -> str:
        """The only line on standard error."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        return lines[0]


def clean_environment(folder: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BACKUP_CREDENTIALS_")}
    own = {"BACKUP_CREDENTIALS_DATA_DIR": str(folder), "PYTHONWARNINGS": "error"}
    return {**kept, **own, **{name: value for name, value in more.items() if value}}


class Program:
    """The command line with one data folder.

    Args:
        folder: The data folder.
        loads: True to load the program for each command as a shell does, instead of forking a loaded one.
    """

    def __init__(self, folder: Path, *, loads: bool = False) -> None:
        self.folder, self.loads = folder, loads
        self.environment = clean_environment(folder)

    def __call__(self, *arguments: str | bytes, given: object = b"", **environment: str) -> Ended:
        done = self.raw(*arguments, given=given, **environment)
        return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())

    def raw(
        self, *arguments: str | bytes, given: object = b"", **environment: str
    ) -> subprocess.CompletedProcess[bytes]:
        data = given if isinstance(given, bytes) else json.dumps(given).encode()
        together = {**self.environment, **environment}
        if not self.loads:
            return forks.run(arguments, data, together)
        return subprocess.run(
            [*PROGRAM, *arguments], input=data, env=together, capture_output=True, timeout=60, check=False
        )

    @contextlib.contextmanager
    def serving(self, *arguments: str, program: Sequence[str] = PROGRAM, **environment: str) -> Generator[Served]:
        process = subprocess.Popen(
            [*program, "serve", *(arguments or ("--port", "0"))],
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        served = Served(process)
        try:
            served.wait_for("Ctrl-C stops it.")
            yield served
        finally:
            served.stop()


class Served:
    """A running server and what it printed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._queue: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as output:
            for line in output:
                self._queue.put(line.rstrip())

    def wait_for(self, text: str, seconds: float = 30) -> str:
        until = time.monotonic() + seconds
        while time.monotonic() < until and (self.process.poll() is None or not self._queue.empty()):
            with contextlib.suppress(queue.Empty):
                self.lines.append(self._queue.get(timeout=0.1))
                if text in self.lines[-1]:
                    return self.lines[-1]
        raise AssertionError(f"never said {text!r}: {self.lines}")

    @property
    def address(self) -> str:
        line = next(line for line in self.lines if " is at " in line)
        return line.rpartition(" ")[2].rstrip("/")

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def stop(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            code = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        self._reader.join(5)
        return code


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path / "data")


@pytest.fixture
def filled(program: Program) -> Program:
    """A store with one credential, `Nightly`."""
    assert program("add", "Nightly", "--provider", "FTP", given=FTP).code == 0
    return program


@pytest.fixture(scope="session")
def webdav(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, object]]:
    """A real WebDAV server; gives the values of a credential that works there."""
    with rclone.serving("webdav", tmp_path_factory.mktemp("webdav"), "--user", "u", "--pass", "canary-dav") as port:
        yield {"url": f"http://127.0.0.1:{port}/", "vendor": "RCLONE", "user": "u", "pass": "canary-dav"}

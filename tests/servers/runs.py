"""One test run: its folder, its servers, and the way that worker processes share them.

The controlling pytest process makes the folder and names it in the environment; workers inherit that. A server is
started by whichever process asks first, under a file lock; the others read what it left. Servers belong to the run and
not to a worker, so they are killed by the controller at the end, or by `reaper.py` when the controller was killed.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pickle
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import httpx
import psutil
import pytest

from servers import parts, reaper

T = TypeVar("T")
VARIABLE = "BACKUP_CREDENTIALS_TEST_RUN"
CLEAN = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
"""Environment of every server: nothing of the developer's own settings reaches it."""


class StartError(Exception):
    """A server did not come up; the text ends with what it logged."""


def need(what: str | Path, *, found: object | None = None) -> Path:
    """Return the path of a program or file that a test needs, or skip the test by name (fail it with CI=true).

    Args:
        what: Name of a program, or the path of a file.
        found: A path that was found already, or None to look for it.
    """
    path = found or (what if isinstance(what, Path) and what.exists() else parts.program(str(what)))
    if not path:
        lack(f"{Path(what).name} is not installed; `python -m tests.run` installs it where it may")
    return Path(str(path))


def need_root(why: str) -> None:
    """Skip the test (fail it with CI=true) unless this process may do what only root may."""
    if os.getuid():
        lack(f"only root can {why}")


def lack(reason: str) -> None:
    """Skip the running test for want of a part; with CI=true that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def free_port(*, also: int = 0) -> int:
    """Return a free TCP port on 127.0.0.1, below the range that the system hands out by itself.

    Args:
        also: When set, the port this much higher is free as well.
    """
    for _ in range(200):
        port = random.randint(11000, 21999)
        if is_free(port) and (not also or is_free(port + also)):
            return port
    raise StartError("no free port on 127.0.0.1")


def is_free(port: int) -> bool:
    """Tell whether nothing listens on a port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False


def listens(port: int) -> bool:
    """Tell whether something accepts connections on a port of 127.0.0.1."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def answers(url: str, status: int = 200) -> bool:
    """Tell whether an address answers with a status."""
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(url, timeout=2, trust_env=False).status_code == status
    return False


class Run:
    """The servers of one test run."""

    def __init__(self, folder: Path, controller: int) -> None:
        self.folder = folder
        self.controller = controller

    @classmethod
    def create(cls) -> Run:
        """Make the run of this process and name it to the processes it starts."""
        folder = Path(tempfile.mkdtemp(prefix="bc-test-"))
        folder.chmod(0o755)  # servers with users of their own must reach their files
        os.environ[VARIABLE] = f"{os.getpid()}:{folder}"
        return cls(folder, os.getpid())

    @classmethod
    def current(cls) -> Run:
        """Return the run that this process belongs to."""
        controller, _, folder = os.environ[VARIABLE].partition(":")
        return cls(Path(folder), int(controller))

    def end(self) -> None:
        """Kill all servers and remove the folder."""
        reaper.tidy(self.folder)
        os.environ.pop(VARIABLE, None)

    def once(self, name: str, start: Callable[[Path], T]) -> T:
        """Return what `start` made, called once in the whole run with an empty folder for the server's files.

        Raises:
            StartError: The server did not come up, now or at the first try.
        """
        kept = self.folder / f"{name}.made"
        with self.locked(name):
            if not kept.exists():
                kept.write_bytes(pickle.dumps(self.attempt(name, start)))
        made = pickle.loads(kept.read_bytes())
        if isinstance(made, StartError):
            raise made
        return made

    def attempt(self, name: str, start: Callable[[Path], T]) -> T | StartError:
        """Call `start`; return the failure instead of raising it, so that other processes need not try again."""
        place = self.folder / name
        place.mkdir()
        place.chmod(0o755)
        self.watch()
        try:
            return start(place)
        except StartError as problem:
            return problem
        except (OSError, subprocess.SubprocessError, httpx.HTTPError, KeyError) as problem:
            output = getattr(problem, "stderr", None) or b""
            return StartError(f"{name}: {problem!r} {output!r}")

    def watch(self) -> None:
        """Start the process that ends the servers when the controller is killed, once."""
        with contextlib.suppress(FileExistsError):
            (self.folder / "reaper").touch(exist_ok=False)
            subprocess.Popen(
                [sys.executable, reaper.__file__, str(self.controller), str(self.folder)],
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            ).returncode = 0  # outlives this process on purpose

    @contextlib.contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Hold a lock among all processes and threads of the run."""
        with (self.folder / f"{name}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def start(
        self,
        argv: Sequence[str | Path | int],
        *,
        ready: Callable[[], bool],
        log: Path,
        seconds: float = 30,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> int:
        """Start a server and wait until it is ready.

        Args:
            argv: The command.
            ready: Tells whether the server answers.
            log: File for its output.
            seconds: How long it may take.
            environment: Added to a clean environment.
            folder: Working folder.

        Returns:
            The process id, also the id of its process group.

        Raises:
            StartError: It ended or was not ready in time; the text holds the end of its log.
        """
        with log.open("wb") as output:
            process = subprocess.Popen(
                [str(part) for part in argv],
                env=CLEAN | dict(environment or {}),
                cwd=folder or log.parent,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.record(process.pid)
        self.await_ready(process, ready, log, seconds)
        process.returncode = 0  # belongs to the run from here on, not to this object
        return process.pid

    def await_ready(
        self, process: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path, seconds: float
    ) -> None:
        """Wait for a server that was started; kill it when it is not ready in time."""
        last = time.monotonic() + seconds
        while process.poll() is None and time.monotonic() < last:
            if ready():
                return
            time.sleep(0.02)
        process.kill()
        process.wait()
        tail = log.read_text(errors="replace")[-2000:]
        raise StartError(f"{process.args[0]} did not start in {seconds:.0f} s:\n{tail}")

    def record(self, pid: int) -> None:
        """Note a process that is to be killed at the end."""
        (self.folder / f"{pid}.pid").write_text(json.dumps([pid, psutil.Process(pid).create_time()]))

    def stop(self, pid: int) -> None:
        """Kill a server before the end of the run."""
        record = self.folder / f"{pid}.pid"
        reaper.end(*json.loads(record.read_text()))
        record.unlink()

    def undo(self, argv: Sequence[str | Path]) -> None:
        """Note a command that undoes something outside the folder, run at the end, last noted first."""
        number = len(list(self.folder.glob("*.undo")))
        path = self.folder / f"{number:04}-{os.getpid()}.undo"
        path.write_text(json.dumps([str(part) for part in argv]))


def command(*argv: str | Path, given: str = "", environment: Mapping[str, str] | None = None) -> str:
    """Run a command to its end and return what it printed; raises CalledProcessError."""
    done = subprocess.run(
        [str(part) for part in argv],
        input=given,
        env=CLEAN | dict(environment or {}),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout


def copy_private(source: Path, target: Path) -> Path:
    """Copy a file so that only its owner may read it."""
    shutil.copy(source, target)
    target.chmod(0o600)
    return target

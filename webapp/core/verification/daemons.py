"""A pool of rclone daemons, each of which serves one check and is then killed.

One daemon for all checks would mix up accounts, keep the certificates of the first check, keep secrets in its memory
and take everyone down when it crashes. Starting one takes some 80 ms, so they are started ahead.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from queue import SimpleQueue

from webapp.core.errors import CredentialError, TransientError
from webapp.core.rclone.metadata import binary
from webapp.core.verification.unixhttp import call, ready

PASSED_ON = (
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "https_proxy",
    "http_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
"""The only variables of our environment that a daemon sees."""

STARTERS = 2
START_SECONDS = 10.0
IDLE_SECONDS = 300.0
PAUSE = 0.2
"""Seconds after which a start that failed is tried again."""

LOG = logging.getLogger(__name__)
LAUNCHER = (
    "import ctypes,os,sys;ctypes.CDLL(None).prctl(1,9);os.getppid()==int(sys.argv[1]) or os._exit(1);"
    "os.execv(sys.argv[2],sys.argv[2:])"
)
"""Asks Linux to kill the daemon when this process dies, by whatever signal (prctl PR_SET_PDEATHSIG), then becomes it."""

FOR_ONE_CHECK = {"GOGC": "off", "GOMEMLIMIT": "128MiB"}
"""Lets Go collect garbage only when memory runs out: collecting is a third of a start, and the process ends soon."""


@cache
def launcher() -> tuple[str, ...]:
    """Return the command that a daemon is started through; see `LAUNCHER`.

    util-linux's setpriv starts in a tenth of Python's time. The shell behind it looks whether we died before Linux was
    asked. BusyBox's setpriv does not know the option, and a small image may have no shell.
    """
    setpriv = shutil.which("setpriv")
    ask = (setpriv or "", "--pdeathsig", "KILL")
    if setpriv and subprocess.run((*ask, "/bin/sh", "-c", ":"), capture_output=True, check=False).returncode == 0:  # noqa: S603  no value of anyone's
        return (*ask, "/bin/sh", "-c", '[ "$PPID" = "$0" ] && exec "$@"', str(os.getpid()))
    return (sys.executable, "-I", "-S", "-c", LAUNCHER, str(os.getpid()))


def polite(niceness: int) -> tuple[str, ...]:
    """Return the command that lowers the priority of the one behind it; none where that is not to be had or wanted."""
    nice = shutil.which("nice")
    return (nice, "-n", str(niceness)) if nice and niceness else ()


class Daemon:
    """One running rclone on a private unix socket."""

    def __init__(self, folder: Path, environment: Mapping[str, str], niceness: int) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=folder))
        self.socket = self.folder / "rc"
        self._killing = threading.Lock()
        rclone = str(binary())
        daemon = (rclone, "rcd", "--config", "", "--rc-no-auth", "--rc-addr", f"unix://{self.socket}")
        try:
            self._process = self._begun((*launcher(), *polite(niceness), *daemon), {**FOR_ONE_CHECK, **environment})
        except OSError:
            _remove(self.folder)
            raise

    def _begun(self, command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603  own program, no value of anyone's in the arguments
            command,
            env=environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )

    def wait_until_ready(self) -> bool:
        """Tell whether it answers within the time that a start may take."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.alive:
            if ready(self.socket):
                return True
            time.sleep(0.005)
        return False

    @property
    def alive(self) -> bool:
        """Tell whether the process runs."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def call(self, method: str, parameters: Mapping[str, object], *, seconds: float) -> tuple[int, dict[str, object]]:
        """Ask the daemon; see `unixhttp.call`."""
        return call(self.socket, method, parameters, seconds=seconds)

    def kill(self) -> None:
        """End the process at once, whatever it does, and remove its folder. May be called twice and from any thread."""
        with self._killing:
            if self.alive:  # the number of one that has ended may belong to somebody else by now
                self._kill()
        for left in (*self.folder.glob("*"), self.folder):
            _remove(left)

    def _kill(self) -> None:
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            self._process.kill()
        self._process.wait()


def _remove(path: Path) -> None:
    try:
        path.rmdir() if path.is_dir() else path.unlink()
    except OSError:
        return


class DaemonPool:
    """Keeps a few daemons ready.

    Args:
        size: How many are kept while checks come in; one is kept when none came for `idle_seconds`.
        environment: What the daemons see; by default the proxy and certificate settings of this process.
        idle_seconds: Seconds without a check after which only one is kept.
        niceness: How much less than this process they get of a busy machine, from 0 to 19 (nice(2)).
    """

    def __init__(
        self,
        size: int = 2,
        *,
        environment: Mapping[str, str] | None = None,
        idle_seconds: float = IDLE_SECONDS,
        niceness: int = 0,
    ) -> None:
        self.size = max(1, size)
        self._environment = own_environment() if environment is None else dict(environment)
        self._idle_seconds, self._niceness = idle_seconds, niceness
        self._ready: deque[Daemon] = deque()
        self._ended: SimpleQueue[Daemon | None] = SimpleQueue()
        self._queue: deque[object] = deque()
        self._starting = 0
        self._short = False
        self._taken = time.monotonic()
        self._running = False
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to start daemons in the background."""
        self._folder = tempfile.TemporaryDirectory(prefix="backup-credentials-")
        self._running = True
        # A daemon dies with the thread that started it, so these threads live as long as the pool.
        work = (*[self._keep_ready] * STARTERS, self._kill_ended)
        self._threads = [threading.Thread(target=one, daemon=True) for one in work]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Kill every daemon that waits and start no more."""
        with self._changed:
            self._running = False
            left = list(self._ready)
            self._ready.clear()
            self._ended.put(None)
            self._changed.notify_all()
        for daemon in left:
            daemon.kill()
        for thread in self._threads:
            thread.join()
        self._folder.cleanup()

    @property
    def waiting(self) -> int:
        """How many checks wait for a daemon."""
        return len(self._queue)

    @property
    def ready(self) -> int:
        """How many daemons wait for a check."""
        return len(self._ready)

    @contextmanager
    def take(
        self,
        seconds: float,
        cancel: threading.Event | None = None,
        on_wait: Callable[[int], None] | None = None,
    ) -> Generator[Daemon]:
        """Give a daemon for one check; it is killed afterwards, without a wait for its end.

        Args:
            seconds: How long to wait for one.
            cancel: Ends the wait when it is set.
            on_wait: Told the place in the queue, from 1, whenever it may have changed.

        Raises:
            TransientError: None came free in time, or the wait was cancelled.
        """
        daemon = self._next(seconds, cancel, on_wait)
        try:
            yield daemon
        finally:
            self._end(daemon)

    def _end(self, daemon: Daemon) -> None:
        with self._changed:
            if self._running:
                self._ended.put(daemon)
                self._changed.notify_all()
                return
        daemon.kill()

    def _kill_ended(self) -> None:
        while daemon := self._ended.get():
            daemon.kill()

    def _next(self, seconds: float, cancel: threading.Event | None, on_wait: Callable[[int], None] | None) -> Daemon:
        ticket, until = object(), time.monotonic() + seconds
        with self._changed:
            self._taken = time.monotonic()
            self._queue.append(ticket)
            if len(self._queue) > len(self._ready):
                self._changed.notify_all()
            try:
                while not (self._queue[0] is ticket and self._drop_dead()):
                    if on_wait:
                        on_wait(self._queue.index(ticket) + 1)
                    self._wait_turn(until, cancel)
                return self._ready.popleft()
            finally:
                self._queue.remove(ticket)
                # Nobody else waits: the next start is left until this check ends, which it would slow down.
                if self._queue:
                    self._changed.notify_all()

    def _drop_dead(self) -> int:
        """Tell how many wait that live: one that was killed, as for want of memory, would be taken for a bad reply."""
        for daemon in [daemon for daemon in self._ready if not daemon.alive]:
            self._ready.remove(daemon)
            self._ended.put(daemon)
        return len(self._ready)

    def _wait_turn(self, until: float, cancel: threading.Event | None) -> None:
        if not self._running or time.monotonic() > until or (cancel and cancel.is_set()):
            raise TransientError("No check could be started in time. Try again in a moment.")
        self._changed.wait(0.05)

    @property
    def _wanted(self) -> int:
        idle = time.monotonic() - self._taken > self._idle_seconds
        return max(1 if idle else self.size, len(self._queue))

    def _keep_ready(self) -> None:
        while self._running:
            if not self._claim_start():
                self._shrink()
                continue
            daemon = self._started()
            with self._changed:
                self._starting -= 1
                keep = self._running and daemon is not None
                if keep and daemon:
                    self._ready.append(daemon)
                self._changed.notify_all()
            if daemon and not keep:
                daemon.kill()
            if not keep:
                time.sleep(PAUSE)

    def _started(self) -> Daemon | None:
        """Return a daemon that answers; nothing when there is no memory, no place or no process left for one."""
        try:
            daemon = Daemon(Path(self._folder.name), self._environment, self._niceness)
        except (OSError, CredentialError) as error:
            if not self._short:  # said once, and again when it comes back
                LOG.warning("no rclone can be started: %s", type(error).__name__)
            self._short = True
            return None
        self._short = False
        if daemon.wait_until_ready():
            return daemon
        daemon.kill()
        return None

    def _claim_start(self) -> bool:
        """Tell whether one more daemon is wanted; if not, wait a moment for a change."""
        with self._changed:
            if len(self._ready) + self._starting >= self._wanted:
                self._changed.wait(1.0)
                return False
            self._starting += 1
            return True

    def _shrink(self) -> None:
        with self._changed:
            surplus = self._drop_dead() - self._wanted
            extra = [self._ready.pop() for _ in range(surplus)] if surplus > 0 else []
        for daemon in extra:
            daemon.kill()


def own_environment() -> dict[str, str]:
    """Return the variables that a daemon may see."""
    return {name: os.environ[name] for name in PASSED_ON if name in os.environ}

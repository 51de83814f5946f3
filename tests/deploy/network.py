"""Ways into and out of a pod whose network is its own loopback alone: relays between network namespaces.

A socket belongs to the namespace in which it was made, whoever uses it later. So a thread enters a pod's namespace for
as long as it takes to make one, and nothing of the machine's own network is changed.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import threading
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Self

NETWORK = 0x40000000
"""CLONE_NEWNET of setns(2)."""
SIZE = 1 << 16
_libc = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def inside(pid: int) -> Generator[None]:
    """Let this thread stand in the network of a process."""
    with (
        Path("/proc/thread-self/ns/net").open("rb") as own,
        Path(f"/proc/{pid}/ns/net").open("rb") as other,
    ):
        enter(other.fileno())
        try:
            yield
        finally:
            enter(own.fileno())


def enter(descriptor: int) -> None:
    """Enter a network namespace."""
    if _libc.setns(descriptor, NETWORK):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


class Relay:
    """Takes connections on a port of a loopback and passes them on.

    Args:
        listener: A socket that listens.
        connect: Makes the other end.
    """

    def __init__(self, listener: socket.socket, connect: Callable[[], socket.socket]) -> None:
        self._listener, self._connect = listener, connect
        self._open: set[socket.socket] = set()
        self.port: int = listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    @classmethod
    def inward(cls, pid: int, port: int) -> Self:
        """Let this machine reach a port of a pod."""

        def connect() -> socket.socket:
            with inside(pid):
                made = socket.socket()
            made.connect(("127.0.0.1", port))
            return made

        return cls(listening(0), connect)

    @classmethod
    def outward(cls, pid: int, port: int, target: tuple[str, int] | str) -> Self:
        """Let a pod reach an address of this machine, or the path of a socket, at a port of its own loopback."""
        with inside(pid):
            listener = listening(port)
        return cls(listener, lambda: connected(target))

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                taken, _ = self._listener.accept()
                threading.Thread(target=self._pass_on, args=(taken,), daemon=True).start()

    def _pass_on(self, taken: socket.socket) -> None:
        with taken:
            try:
                other = self._connect()
            except OSError:
                return
            with other, self._known(taken):
                back = threading.Thread(target=copy, args=(other, taken), daemon=True)
                back.start()
                copy(taken, other)
                back.join()

    @contextlib.contextmanager
    def _known(self, taken: socket.socket) -> Generator[None]:
        self._open.add(taken)
        try:
            yield
        finally:
            self._open.discard(taken)

    def cut(self) -> None:
        """Take no more connections, and end those that are there."""
        self.close()
        for one in tuple(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Take no more connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def listening(port: int) -> socket.socket:
    """Return a socket that listens on loopback."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    made.listen(64)
    return made


def connected(target: tuple[str, int] | str) -> socket.socket:
    """Connect to an address or to the path of a socket."""
    made = socket.socket(socket.AF_UNIX if isinstance(target, str) else socket.AF_INET)
    made.connect(target)
    return made


def copy(source: socket.socket, target: socket.socket) -> None:
    """Pass on what comes until it ends."""
    with contextlib.suppress(OSError):
        while data := source.recv(SIZE):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)

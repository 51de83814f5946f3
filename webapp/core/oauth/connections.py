"""Connections to vendors: an answer has an end however it comes in, and the trusted authorities are read once."""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPSConnection

if TYPE_CHECKING:
    from urllib3.response import HTTPResponse


class Alarm:
    """Cuts a connection once its time is over.

    The limits of requests count anew with each byte, so that headers or a body that drip would never end.

    Args:
        seconds: From now.
    """

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._sockets: list[socket.socket] = []
        self._timer.start()

    @property
    def over(self) -> bool:
        """Tell whether the time is over."""
        return time.monotonic() >= self._until

    def watch(self, connected: socket.socket) -> None:
        """Cut this connection, too; a copy of its number is kept, as TLS takes the socket for itself."""
        self._sockets.append(socket.socket(fileno=os.dup(connected.fileno())))
        if self.over:
            self._cut()

    def stop(self) -> None:
        """End it."""
        self._timer.cancel()
        self._timer.join()
        for watched in self._sockets:
            watched.close()

    def _cut(self) -> None:
        for watched in self._sockets:
            with suppress(OSError):  # it is cut already
                watched.shutdown(socket.SHUT_RDWR)


_alarm: ContextVar[Alarm] = ContextVar("alarm")


class _Timed(HTTPSConnection):
    """A connection that the alarm of this thread watches from the moment that an answer is waited for."""

    def getresponse(self) -> HTTPResponse:
        _alarm.get().watch(self.sock)
        return super().getresponse()


class _Adapter(HTTPAdapter):
    """Opens such connections."""

    def get_connection_with_tls_context(self, *given: Any, **more: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*given, **more)
        pool.ConnectionCls = _Timed
        return pool

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        path = Path(verify if isinstance(verify, str) else DEFAULT_CA_BUNDLE_PATH)
        return host, {"ssl_context": trusting(path, path.stat().st_mtime_ns)}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Add nothing: the connection's context has the authorities, and asks for a certificate."""


@lru_cache(maxsize=4)
def trusting(path: Path, changed: int) -> ssl.SSLContext:
    """Return a context that trusts the authorities in a file or folder; reading some hundred of them takes a while.

    Args:
        path: The file or folder.
        changed: When it was changed; another time makes a new context.
    """
    del changed
    if path.is_dir():
        return ssl.create_default_context(capath=path)
    return ssl.create_default_context(cafile=path)


@contextmanager
def connected(seconds: float) -> Generator[tuple[requests.Session, Alarm]]:
    """Give a session over which https alone is spoken, and an alarm that cuts it after so many seconds."""
    alarm = Alarm(seconds)
    before = _alarm.set(alarm)
    try:
        with requests.Session() as session:
            session.adapters.clear()
            session.mount("https://", _Adapter())
            yield session, alarm
    finally:
        _alarm.reset(before)
        alarm.stop()

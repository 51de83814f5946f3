"""Calls to a TrueNAS, one after another, over one WebSocket."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, cast

from websocket import ABNF, WebSocket, WebSocketException

from webapp.core.errors import PermanentError, TransientError
from webapp.core.ssh.truenas.address import Address
from webapp.core.ssh.truenas.framing import Framing, JsonRpc, Legacy
from webapp.core.ssh.truenas.transport import open_websocket, versions
from webapp.core.ssh.wire.transport import CancelledError, Deadline

LOOK = 0.5
"""Seconds between two looks at whether the person cancelled."""

CALL_SECONDS = 30.0
"""Seconds that one call may take: `user.update` makes a home, `service.control` starts a service."""

FRAME_LIMIT = 4 * 1024 * 1024
"""Characters of one answer that are read; a user or the settings of SSH are a few thousand."""

POLICY_VIOLATION = 1008

STEPS = 8
"""Waits until a connection is open, at most: name, connection, handshake and answer, for its versions and for itself."""


class Client:
    """A connection to a TrueNAS. Use it in a `with` statement.

    Args:
        address: Where the web interface is.
        framing: How it frames calls.
        pin: Fingerprint of the one certificate to accept; empty for verification.
        timeout: Seconds for connecting.
        cancel: Set when the person stops it.

    Raises:
        CredentialError: Not reachable, not trusted, no TrueNAS.
    """

    def __init__(
        self,
        address: Address,
        framing: Framing,
        *,
        pin: str = "",
        timeout: float = 10.0,
        cancel: threading.Event | None = None,
    ) -> None:
        self.address, self.framing = address, framing
        self._cancel = cancel or threading.Event()
        self._socket: WebSocket = open_websocket(address, framing.path, pin=pin, timeout=timeout)
        self._socket.settimeout(LOOK)
        self._greet()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection without waiting for the other side."""
        self._socket.shutdown()

    @property
    def modern(self) -> bool:
        """Tell whether this is the JSON-RPC interface."""
        return isinstance(self.framing, JsonRpc)

    def ask(self, method: str, *params: Any) -> Mapping[str, Any]:
        """Call a method whose result is an object; raises as `call` does, and when it is none.

        Raises:
            PermanentError: The remote answered with something else.
        """
        found = self.call(method, *params)
        if not isinstance(found, dict):
            raise self.strange()
        return cast("Mapping[str, Any]", found)

    def ask_all(self, method: str, *params: Any) -> list[Mapping[str, Any]]:
        """Call a method whose result is a list of objects; raises as `ask` does."""
        found = self.call(method, *params)
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in cast("list[Any]", found)):
            raise self.strange()
        return cast("list[Mapping[str, Any]]", found)

    def strange(self) -> PermanentError:
        """Return what is said of an answer that no TrueNAS gives."""
        return PermanentError(f"{self.address.host} answered in a way that no TrueNAS does.", field="url")

    def call(self, method: str, *params: Any, seconds: float = CALL_SECONDS) -> Any:
        """Call a method and return its result.

        Raises:
            RemoteCallError: The remote refused it.
            CancelledError: The person stopped it.
            CredentialError: The connection broke or the answer took too long.
        """
        identifier = secrets.token_hex(8)
        self._send(self.framing.call(identifier, method, list(params)))
        until = time.monotonic() + seconds
        while not self.framing.answers(frame := self._receive(until), identifier):
            continue
        return self.framing.result(frame)

    def _greet(self) -> None:
        greeting = self.framing.greeting()
        if greeting is None:
            return
        try:
            self._send(greeting)
            greeted = self.framing.greeted(self._receive(time.monotonic() + CALL_SECONDS))
        except BaseException:
            self.close()
            raise
        if not greeted:
            self.close()
            raise PermanentError(f"{self.address.host} does not speak the protocol of TrueNAS.", field="url")

    def _send(self, frame: dict[str, Any]) -> None:
        try:
            self._socket.send(json.dumps(frame))
        except (OSError, WebSocketException):
            raise self._broken() from None

    def _receive(self, until: float) -> dict[str, Any]:
        """Return the next frame; pings are answered by the library."""
        while True:
            text = self._read(until)
            try:
                frame = json.loads(text)
            except (ValueError, RecursionError):
                frame = None
            if isinstance(frame, dict):
                return cast("dict[str, Any]", frame)

    def _read(self, until: float) -> bytes:
        from websocket import WebSocketTimeoutException  # noqa: PLC0415  beside its only use

        while True:
            if self._cancel.is_set():
                raise CancelledError
            if time.monotonic() > until:  # also when frames come that are no answer
                raise self._late()
            try:
                opcode, data = self._socket.recv_data(control_frame=True)
            except WebSocketTimeoutException:
                continue
            except (OSError, WebSocketException):
                raise self._broken() from None
            if opcode == ABNF.OPCODE_CLOSE:
                raise self._closed(bytes(data))
            if len(data) > FRAME_LIMIT:
                raise self._broken()
            if opcode in {ABNF.OPCODE_TEXT, ABNF.OPCODE_BINARY}:
                return bytes(data)

    def _closed(self, data: bytes) -> PermanentError | TransientError:
        if int.from_bytes(data[:2], "big") == POLICY_VIOLATION:
            return PermanentError(
                "The remote does not let this machine's address use its web interface. Add it there under System > "
                "General Settings > GUI > Allowed IP Addresses.",
                field="url",
            )
        return self._broken()

    def _broken(self) -> TransientError:
        return TransientError(f"{self.address.host} closed the connection. Try again.", field="url")

    def _late(self) -> TransientError:
        return TransientError(f"{self.address.host} took too long to answer. Try again.", field="url")


def open_client(
    address: Address, *, pin: str = "", timeout: float = 10.0, cancel: threading.Event | None = None
) -> Client:
    """Open a connection by the newest interface that the remote has.

    Args:
        address: Where the web interface is.
        pin: Fingerprint of the one certificate to accept; empty for verification.
        timeout: Seconds for each of the few steps until it is open.
        cancel: Ends the wait at once when it is set.

    Raises:
        CancelledError: `cancel` was set.
        CredentialError: As `Client`.
    """

    def opened() -> Client:
        framing: Framing = JsonRpc() if versions(address, pin=pin, timeout=timeout) else Legacy()
        return Client(address, framing, pin=pin, timeout=timeout, cancel=cancel)

    return Deadline(STEPS * timeout, cancel).run(opened)

"""The two ways in which TrueNAS frames calls and answers: JSON-RPC 2.0, and the older protocol of `/websocket`.

A frame goes in and out as a Python object; sockets are the client's affair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, cast

NO_METHOD = -32601
TOO_MANY_CALLS = -32000
OLD_NO_METHOD = 201
"""Error number ENOMETHOD of the older protocol."""

OLD_NAMES = {1: "EPERM", 13: "EACCES", 95: "EOPNOTSUPP", 207: "ENOTAUTHENTICATED"}
"""Names of the error numbers that mean something here; the older protocol sends numbers only."""


class RemoteCallError(Exception):
    """The remote refused a call. Its words may repeat what was sent, so they are redacted before anyone reads them.

    Attributes:
        errname: Name of the error number, such as `EOPNOTSUPP`; may be empty.
        errno: Error number, or 0.
        reason: The remote's own words.
        no_method: Whether the remote does not know the method.
        busy: Whether the remote limits the number of calls.
    """

    def __init__(
        self,
        reason: str,
        *,
        errno: int = 0,
        errname: str = "",
        no_method: bool = False,
        busy: bool = False,
    ) -> None:
        super().__init__("the remote refused a call")  # the reason stays out of tracebacks
        self.reason, self.errno, self.errname = reason, errno, errname
        self.no_method, self.busy = no_method, busy


class Framing(Protocol):
    """One protocol: its path, its greeting, and how a call and an answer look."""

    @property
    def path(self) -> str:
        """The path of its WebSocket."""
        ...

    def greeting(self) -> dict[str, Any] | None:
        """Return what is sent first, before any call."""
        ...

    def greeted(self, frame: dict[str, Any]) -> bool:
        """Tell whether the answer to the greeting lets calls begin."""
        ...

    def call(self, identifier: str, method: str, params: list[Any]) -> dict[str, Any]:
        """Return the frame of a call."""
        ...

    def answers(self, frame: dict[str, Any], identifier: str) -> bool:
        """Tell whether a frame is the answer to this call; others are notifications."""
        ...

    def result(self, frame: dict[str, Any]) -> Any:
        """Return the result in an answer.

        Raises:
            RemoteCallError: The answer is an error.
        """
        ...


@dataclass(frozen=True, slots=True)
class JsonRpc:
    """JSON-RPC 2.0, since 25.04."""

    path: str = "/api/current"

    def greeting(self) -> dict[str, Any] | None:
        """Return nothing: calls begin at once."""
        return None

    def greeted(self, frame: dict[str, Any]) -> bool:
        """Say no: nothing is greeted, so no frame can be the answer to it."""
        return not frame

    def call(self, identifier: str, method: str, params: list[Any]) -> dict[str, Any]:
        """Return the frame of a call."""
        return {"jsonrpc": "2.0", "id": identifier, "method": method, "params": params}

    def answers(self, frame: dict[str, Any], identifier: str) -> bool:
        """Tell whether a frame is the answer to this call. An error without id is one to what could not be read."""
        return "method" not in frame and frame.get("id") in {identifier, None}

    def result(self, frame: dict[str, Any]) -> Any:
        """Return the result in an answer, or raise its error."""
        if frame.get("error") is None:
            return frame.get("result")
        error = _object(frame["error"])
        code, data = error.get("code"), _object(error.get("data"))
        raise RemoteCallError(
            _first(data.get("extra")) or str(data.get("reason") or error.get("message") or ""),
            errno=_number(data.get("error")),
            errname=str(data.get("errname") or ""),
            no_method=code == NO_METHOD,
            busy=code == TOO_MANY_CALLS,
        )


@dataclass(frozen=True, slots=True)
class Legacy:
    """The older protocol, up to 25.10."""

    path: str = "/websocket"

    def greeting(self) -> dict[str, Any] | None:
        """Return the frame that asks for version 1."""
        return {"msg": "connect", "version": "1", "support": ["1"]}

    def greeted(self, frame: dict[str, Any]) -> bool:
        """Tell whether the remote speaks version 1."""
        return frame.get("msg") == "connected"

    def call(self, identifier: str, method: str, params: list[Any]) -> dict[str, Any]:
        """Return the frame of a call."""
        return {"id": identifier, "msg": "method", "method": method, "params": params}

    def answers(self, frame: dict[str, Any], identifier: str) -> bool:
        """Tell whether a frame is the answer to this call."""
        return frame.get("msg") == "result" and frame.get("id") == identifier

    def result(self, frame: dict[str, Any]) -> Any:
        """Return the result in an answer, or raise its error."""
        if frame.get("error") is None:
            return frame.get("result")
        error = _object(frame["error"])
        number = _number(error.get("error"))
        raise RemoteCallError(
            _first(error.get("extra")) or str(error.get("reason") or ""),
            errno=number,
            errname=OLD_NAMES.get(number, ""),
            no_method=number == OLD_NO_METHOD,
        )


def _object(value: Any) -> dict[str, Any]:
    """Return a part of an answer that has names; an empty one when it has none."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _first(extra: Any) -> str:
    """Return the message of the first failed validation, which stands behind the name of its parameter."""
    if isinstance(extra, list) and extra and isinstance(extra[0], list) and len(cast("list[Any]", extra[0])) > 1:
        return str(cast("list[Any]", extra[0])[1])
    return ""


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0

"""Speaks to an rclone daemon over its unix socket.

rclone's error replies repeat the whole request with its secrets under `input`. It is cut off here, before anything
else sees the reply.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import cast


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket; `seconds` bounds each wait for data."""

    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket instead of to a host."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def call(path: Path, method: str, parameters: Mapping[str, object], *, seconds: float) -> tuple[int, dict[str, object]]:
    """Call a method of rclone's remote control; return the HTTP status and the reply without its `input`.

    Raises:
        OSError: The daemon is gone or does not answer in time.
        http.client.HTTPException: It went away in the middle of its reply.
    """
    connection = UnixConnection(path, seconds)
    try:
        connection.request("POST", f"/{method}", json.dumps(parameters), {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, _without_input(response.read())
    finally:
        connection.close()


def _without_input(body: bytes) -> dict[str, object]:
    try:
        reply = json.loads(body)
    except ValueError:
        return {"error": "rclone sent a reply that is not JSON"}
    found = cast("dict[str, object]", reply) if isinstance(reply, dict) else {}
    found.pop("input", None)
    return found


def ready(path: Path) -> bool:
    """Tell whether a daemon answers on this socket."""
    try:
        return path.exists() and call(path, "rc/noop", {}, seconds=2)[0] == http.client.OK
    except (OSError, http.client.HTTPException):
        return False

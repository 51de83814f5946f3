"""The web interface: `/api/versions`, `/api/current`, `/websocket`."""

from __future__ import annotations

import http
import json
import socket
import ssl
import threading
from types import TracebackType
from typing import Self

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from servers.authority import Authority
from servers.truenas.session import Session, serve_json_rpc, serve_legacy
from servers.truenas.state import State

VERSIONS = ("v25.04.0", "v25.10.0")


class FakeTrueNAS:
    """A running one. Use it in a `with` statement.

    Args:
        state: What it remembers.
        authority: With TLS, whose certificate it shows.
        versions: Of the JSON-RPC interface; empty for a machine before 25.04.
        allowed: Whether our address may use the interface.
        https_only: Whether http is sent on to https.
        passwords: Whether its security settings allow passwords.
        old_logins: Whether `auth.login` is still there.
        standby: Addresses of the active controller when this is the other one.
        scram: Whether API keys may prove themselves by SCRAM, as in 26 and newer.
        impostor: Whether it answers SCRAM without knowing the key.
    """

    def __init__(
        self,
        state: State,
        *,
        authority: Authority | None = None,
        versions: tuple[str, ...] = VERSIONS,
        allowed: bool = True,
        https_only: bool = False,
        passwords: bool = True,
        old_logins: bool = True,
        standby: tuple[str, ...] = (),
        scram: bool = False,
        impostor: bool = False,
        host: str = "127.0.0.1",
    ) -> None:
        self.state, self.versions, self.allowed, self.https_only = state, versions, allowed, https_only
        self.encrypted = authority is not None
        self.host = host
        self.passwords, self.old_logins, self.standby = passwords, old_logins, standby
        self.scram, self.impostor = scram, impostor
        self.seen: list[str] = []
        context = None
        if authority:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(authority.certificate, authority.key)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, 0), family=family)
        self._server: Server = serve(
            self._talk, sock=listening, ssl=context, process_request=self._answer, compression=None, open_timeout=5
        )
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()

    @property
    def port(self) -> int:
        return self._server.socket.getsockname()[1]

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.encrypted else 'http'}://{host}:{self.port}"

    def _answer(self, _connection: ServerConnection, request: Request) -> Response | None:
        self.seen.append(request.path)
        if self.https_only and not self.encrypted:
            return answer(302, {"Location": f"https://127.0.0.1{request.path}"})
        if request.path == "/api/versions" and self.versions:
            return answer(200, {"Content-Type": "application/json"}, json.dumps(self.versions))
        if request.path == "/websocket" or (request.path == "/api/current" and self.versions):
            return None
        return answer(404, {"Content-Type": "text/html"}, "<!doctype html><title>TrueNAS</title>")

    def _talk(self, connection: ServerConnection) -> None:
        if not self.allowed:
            connection.close(1008, "You are not allowed to access this resource")
            return
        modern = connection.request is not None and connection.request.path == "/api/current"
        session = Session(self.state, modern, self.encrypted, self.passwords, self.old_logins, standby=self.standby)
        session.scram, session.impostor = self.scram, self.impostor
        try:
            (serve_json_rpc if modern else serve_legacy)(connection, session)
        except ConnectionClosed:
            return


def answer(status: int, headers: dict[str, str], text: str = "") -> Response:
    """Return a whole answer."""
    body = text.encode()
    head = Headers({**headers, "Content-Length": str(len(body)), "Connection": "close"})
    return Response(status, http.HTTPStatus(status).phrase, head, body)

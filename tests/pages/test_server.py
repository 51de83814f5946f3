"""The web server at its end."""

from __future__ import annotations

import socket

from cheroot.makefile import MakeFile
from cheroot.server import HTTPConnection

from webapp.server import QuietServer


def test_a_connection_that_comes_back_while_the_server_stops_is_closed() -> None:
    server = QuietServer(("127.0.0.1", 0), lambda _environ, _start: [])
    server.prepare()
    ours, theirs = socket.socketpair()
    with theirs:
        server._connections.close()  # as stop() does, between a worker's look at `ready` and its return
        server.put_conn(HTTPConnection(server, ours, MakeFile))
        assert theirs.recv(1) == b""
    assert ours.fileno() == -1
    server.socket.close()
    server.requests.stop(1)

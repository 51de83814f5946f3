"""Remotes that answer as no TrueNAS does: a sentence and an end, whatever they send."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from core.ssh.truenas.conftest import by_password
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from webapp.core.errors import TransientError
from webapp.core.ssh.service import SshService
from webapp.core.ssh.truenas.address import parse
from webapp.core.ssh.truenas.client import Client
from webapp.core.ssh.truenas.framing import JsonRpc
from webapp.core.ssh.truenas.pairing import PairingError
from webapp.core.store import Store

Talk = Callable[[ServerConnection], None]
Serve = Callable[[Talk], str]


def versions(_connection: ServerConnection, request: Request) -> Response | None:
    listed = b'["v25.04.0"]'
    head = Headers({"Content-Length": str(len(listed)), "Connection": "close"})
    return Response(200, "OK", head, listed) if request.path == "/api/versions" else None


@pytest.fixture
def remote() -> Iterator[Serve]:
    with ExitStack() as running:

        def started(talk: Talk) -> str:
            server = running.enter_context(serve(talk, "127.0.0.1", 0, process_request=versions))
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            running.callback(thread.join)
            running.callback(server.shutdown)
            return f"http://127.0.0.1:{server.socket.getsockname()[1]}"

        yield started


def flooding(ping: bool) -> Talk:
    def talk(connection: ServerConnection) -> None:
        try:
            while True:
                connection.ping() if ping else connection.send('{"jsonrpc":"2.0","method":"collection_update"}')
                time.sleep(0.05)
        except ConnectionClosed:
            return

    return talk


@pytest.mark.parametrize("ping", [True, False], ids=["pings", "notifications"])
def test_a_remote_that_talks_and_never_answers_ends_in_time(remote: Serve, ping: bool) -> None:
    address = parse(remote(flooding(ping)))
    began = time.monotonic()
    with Client(address, JsonRpc()) as client, pytest.raises(TransientError, match="too long"):
        client.call("core.ping", seconds=1)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "answer",
    [
        {"result": None},
        {"result": "yes"},
        {"result": [1]},
        {"result": {"response_type": ["SUCCESS"]}},
        {"result": {"response_type": "REDIRECT", "urls": 7}},
        {"error": "no"},
        {"error": {"code": -32000, "data": "no"}},
        {"error": {"code": -32602, "data": {"extra": [["a", {"b": 1}]], "reason": 5}}},
        {"result": {"response_type": "SUCCESS"}, "then": {"result": {"not": "a list"}}},
        {"result": {"response_type": "SUCCESS"}, "then": {"result": [{"username": "root"}]}},
        {"result": {"response_type": "SUCCESS"}, "then": {"result": ["root"]}},
    ],
    ids=str,
)
def test_an_answer_of_another_shape_is_a_sentence(remote: Serve, answer: dict[str, object]) -> None:
    def talk(connection: ServerConnection) -> None:
        first, then = {key: value for key, value in answer.items() if key != "then"}, answer.get("then")
        for number, frame in enumerate(connection):
            reply = then if number and isinstance(then, dict) else first
            connection.send(json.dumps({"jsonrpc": "2.0", "id": json.loads(frame)["id"], **reply}))

    with pytest.raises(PairingError) as caught:
        by_password(remote(talk))
    assert "Nothing was changed on the remote." in caught.value.message


def test_it_can_be_stopped_while_the_connection_opens(silent: int) -> None:
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    with pytest.raises(PairingError) as caught:
        by_password(f"http://127.0.0.1:{silent}", cancel=stop, connect_timeout=60.0)
    assert caught.value.cancelled
    assert time.monotonic() - began < 5


def test_a_second_click_gets_the_set_up_that_runs(store: Store, silent: int) -> None:
    service = SshService(store)
    values = {"url": f"http://127.0.0.1:{silent}", "allow_http": True, "password": "canary-word", "private_key": "new:ed25519"}  # fmt: skip
    first, second = (service.truenas.start("NAS", values, by="me", owner="me") for _ in range(2))
    assert first is second
    assert service.checks.get(second.id) is first
    service.stop()

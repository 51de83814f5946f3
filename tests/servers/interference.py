"""Stands between a program and a server and interferes: refuses requests, cuts watches, slows a connection down.

Both run in a thread of the test's own process, so that a test changes what they do while it runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from servers.kinds.kubernetes import ControlPlane
from servers.runs import free_port

HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-encoding", "content-length", "host"})
PIECE = 64 * 1024


@dataclass
class Fault:
    """Which requests are refused instead of passed on.

    Attributes:
        status: The answer.
        verb: HTTP method, or empty for all.
        path: Regular expression searched in the path.
        share: How many of these requests, from 0 to 1.
        left: How many more are refused at most.
        retry_after: Seconds that the answer asks to wait, as the API server does with 429.
    """

    status: int
    verb: str = ""
    path: str = ""
    share: float = 1.0
    left: float = float("inf")
    retry_after: str = ""

    def meets(self, request: web.BaseRequest) -> bool:
        """Tell whether a request is refused."""
        if self.left <= 0 or (self.verb and self.verb != request.method) or not re.search(self.path, request.path):
            return False
        return random.random() < self.share


@dataclass
class Meanwhile:
    """What somebody else does while a request is on its way, once.

    Attributes:
        verb: HTTP method of the request.
        path: Regular expression searched in its path.
        act: What is done; the request goes on when it returned.
        begun: Whether it was begun.
        done: Whether it was done.
    """

    verb: str
    path: str
    act: Callable[[], object]
    begun: bool = False
    done: bool = False

    def meets(self, request: web.BaseRequest) -> bool:
        """Tell whether it is done before this request."""
        return not self.begun and self.verb == request.method and bool(re.search(self.path, request.path))


class Loop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def call(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine there and return what it returns."""
        future: Future[Any] = asyncio.run_coroutine_threadsafe(work, self.loop)
        return future.result(60)


@dataclass
class FaultyProxy:
    """A proxy before an API server, with that server's certificate.

    Attributes:
        plane: The control plane behind it.
        faults: What it refuses now; a test changes the list.
        meanwhile: What somebody does before requests reach the API server.
        delay: Seconds that every request waits.
        requests: How many requests of each method and kind of path were passed on or refused.
    """

    plane: ControlPlane
    faults: list[Fault] = field(default_factory=list[Fault])
    meanwhile: list[Meanwhile] = field(default_factory=list[Meanwhile])
    delay: float = 0.0
    requests: Counter[tuple[str, str, int]] = field(default_factory=Counter[tuple[str, str, int]])

    def __post_init__(self) -> None:
        self.port = free_port()
        self.endpoint = f"https://127.0.0.1:{self.port}"
        self.watches: dict[web.StreamResponse, aiohttp.ClientResponse] = {}
        self.thread = Loop()

    async def begin(self) -> None:
        """Listen."""
        trust = ssl.create_default_context(cafile=str(self.plane.authority))
        connector = aiohttp.TCPConnector(ssl=trust, limit=0)
        timeout = aiohttp.ClientTimeout(total=None)
        self.session = aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False)
        own = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        own.load_cert_chain(self.plane.authority, self.plane.authority.with_suffix(".key"))
        self.runner = web.ServerRunner(web.Server(self.handle), shutdown_timeout=0.1)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", self.port, ssl_context=own).start()

    async def finish(self) -> None:
        """Stop listening."""
        await self.cut()
        await self.runner.cleanup()
        await self.session.close()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Refuse a request or pass it on."""
        if self.delay:
            await asyncio.sleep(self.delay)
        for fault in self.faults:
            if fault.meets(request):
                fault.left -= 1
                self.requests[request.method, kind_of(request.path), fault.status] += 1
                await request.read()
                return refusal(fault)
        for other in filter(lambda one: one.meets(request), self.meanwhile):
            other.begun = True
            await asyncio.to_thread(other.act)
            other.done = True
        try:
            return await self.pass_on(request)
        except aiohttp.ClientError:
            return web.Response(status=502, text="the API server is away")

    async def pass_on(self, request: web.BaseRequest) -> web.StreamResponse:
        """Send a request to the API server and its answer back, piece by piece."""
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
        body = await request.read()
        address = self.plane.endpoint + request.path_qs
        async with self.session.request(request.method, address, headers=headers, data=body or None) as answer:
            self.requests[request.method, kind_of(request.path), answer.status] += 1
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP}
            if encoding := answer.headers.get("Content-Encoding"):
                kept["Content-Encoding"] = encoding
            response = web.StreamResponse(status=answer.status, headers=kept)
            await response.prepare(request)
            with self.watching(request, response, answer):
                async for piece in answer.content.iter_any():
                    await response.write(piece)
            return response

    @contextlib.contextmanager
    def watching(
        self, request: web.BaseRequest, response: web.StreamResponse, answer: aiohttp.ClientResponse
    ) -> Iterator[None]:
        """Note a watch while it lasts, so that it can be cut."""
        if "watch" in request.query:
            self.watches[response] = answer
        try:
            yield
        except (ConnectionError, aiohttp.ClientError):
            pass  # the program behind the proxy went away
        finally:
            self.watches.pop(response, None)

    async def cut(self) -> int:
        """Drop the connection of every watch in the middle; return how many there were."""
        found = list(self.watches.items())
        for response, answer in found:
            transport = response._req.transport if response._req else None
            if transport:
                transport.abort()
            answer.close()
        return len(found)


def kind_of(path: str) -> str:
    """Return a path without the names in it: what is asked for, not of which object."""
    return re.sub(r"(/namespaces|/secrets|/backupcredentials|/events|/leases)/[^/]+", r"\1/…", path)


def refusal(fault: Fault) -> web.Response:
    """Return an answer as the API server would give it."""
    status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": fault.status, "message": "injected"}
    headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
    return web.json_response(status, status=fault.status, headers=headers)


@contextlib.contextmanager
def faulty_proxy(plane: ControlPlane) -> Iterator[FaultyProxy]:
    """Put a proxy before an API server."""
    proxy = FaultyProxy(plane)
    proxy.thread.call(proxy.begin())
    try:
        yield proxy
    finally:
        proxy.thread.call(proxy.finish())


class SlowRelay:
    """A relay of bytes before a TCP port that holds every piece back for `delay` seconds."""

    def __init__(self) -> None:
        self.target = 0
        self.port = free_port()
        self.delay = 0.0
        self.thread = Loop()

    def before(self, target: int) -> int:
        """Stand before a port; return the one to use instead."""
        self.target = target
        return self.port

    async def begin(self) -> None:
        """Listen."""
        self.server = await asyncio.start_server(self.handle, "127.0.0.1", self.port)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Join one connection with the port behind."""
        with contextlib.suppress(OSError):
            behind, to_behind = await asyncio.open_connection("127.0.0.1", self.target)
            await asyncio.gather(self.pump(reader, to_behind), self.pump(behind, writer))

    async def pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Carry bytes one way until it ends."""
        with contextlib.suppress(OSError):
            while piece := await source.read(PIECE):
                if self.delay:
                    await asyncio.sleep(self.delay)
                sink.write(piece)
                await sink.drain()
        sink.close()


@contextlib.contextmanager
def slow_relay() -> Iterator[SlowRelay]:
    """Make a relay; `before` says before which port."""
    relay = SlowRelay()
    relay.thread.call(relay.begin())
    try:
        yield relay
    finally:
        relay.thread.loop.call_soon_threadsafe(relay.server.close)

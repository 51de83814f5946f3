"""The proxy: answers for the providers' hosts, under certificates of its own authority.

`python program.py PORT FOLDER GCS_PORT` listens on 127.0.0.1:PORT, signs with the authority in FOLDER and passes
Google Cloud Storage on to a fake-gcs-server. `http://fake.test/renewals` and `http://fake.test/strangers` tell tests
what happened.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
import urllib.error
import urllib.request
from dataclasses import replace
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import trustme
from cryptography.hazmat.primitives.serialization import load_pem_private_key

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from servers.fake_internet import entra
from servers.fake_internet.clouds import HOSTS, google, guarded
from servers.fake_internet.endpoints import Endpoints
from servers.fake_internet.logins import HOSTS as PAGES
from servers.fake_internet.logins import Logins
from servers.fake_internet.mega import Mega
from servers.fake_internet.people import person
from servers.fake_internet.tokens import VENDORS, Tokens
from servers.fake_internet.wire import Reply, Request, read_request

PEOPLE = frozenset({"openidconnect.googleapis.com", "login.yandex.ru"})
MEGA_HOSTS = frozenset({"g.api.mega.co.nz", "w.api.mega.co.nz"})


class FakeInternet:
    """All hosts and what they remember."""

    def __init__(self, folder: Path, storage: int) -> None:
        self._authority = trustme.CA.from_pem(
            (folder / "fake-ca.pem").read_bytes(), (folder / "fake-ca.key").read_bytes()
        )
        robot = load_pem_private_key((folder / "robot.key").read_bytes(), None)
        self._tokens = Tokens(robot.public_key())  # pyright: ignore[reportArgumentType]  made as RSA by us
        self._logins = Logins()
        self._endpoints = Endpoints(self._tokens, self._logins)
        self._mega, self._storage = Mega(), storage
        self._strangers: list[str] = []
        self.context = cache(self._context)

    def _context(self, host: str) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.set_alpn_protocols(["http/1.1"])
        self._authority.issue_cert(host).configure_cert(made)
        return made

    def knows(self, host: str, *, browser: bool = False) -> bool:
        """Tell whether this host is answered for; a stranger is noted, unless a browser asks for its own reasons."""
        known = host in {*HOSTS, *VENDORS, *PAGES, *PEOPLE, *MEGA_HOSTS, entra.HOST, "storage.googleapis.com"}
        if not known and not browser:
            self._strangers.append(host)
        return known

    def answer(self, request: Request) -> Reply:
        """Answer for a host."""
        host = request.host.partition(":")[0]
        if host == "fake.test":
            told: dict[str, object] = {
                "/renewals": dict(self._tokens.renewals),
                "/generations": self._tokens.generations,
            }
            told |= {"/secrets": self._tokens.secrets}
            return Reply(200, told.get(request.path, self._strangers))
        if found := entra.answer(request) or self._logins.page(request) or self._endpoints.answer(request):
            return found
        return self._service(host, self._noted(request))

    def _service(self, host: str, request: Request) -> Reply:
        """Answer for what stands behind the log-ins."""
        if request.bearer.startswith("good-") and (found := person(request, self._tokens.account(request.bearer))):
            return found
        if host in MEGA_HOSTS:
            return self._mega.answer(request)
        if host == "storage.googleapis.com":
            return guarded("google", self._passed_on)(request)
        if host in PEOPLE:
            return Reply(401, {"error": "invalid_token"})
        return HOSTS[host](request) if host in HOSTS else Reply(404)

    def _noted(self, request: Request) -> Request:
        """Note that a token is used; one that was revoked, or is another cloud's, is a stranger's."""
        self._tokens.seen(request.bearer)
        strange = self._tokens.strange(request.bearer, request.host.partition(":")[0])
        if not strange and not self._tokens.is_revoked(request.bearer):
            return request
        return replace(request, target=request.path, headers=request.headers | {"authorization": "Bearer revoked"})

    def _passed_on(self, request: Request) -> Reply:
        """Ask the fake-gcs-server; the bucket `denied` is nobody's."""
        if "/b/denied" in request.path:
            return google(403, "forbidden", "The account does not have storage.objects.list access.")
        asked_for = urlsplit(request.target)  # over plain HTTP a proxy gets the whole address
        address = f"http://127.0.0.1:{self._storage}{asked_for.path}?{asked_for.query}"
        asked = urllib.request.Request(address, request.body or None, method=request.method)
        asked.add_header("host", request.host)  # it knows its own paths for downloads by the name that it is called by
        for name in ("content-type", "range"):
            if name in request.headers:
                asked.add_header(name, request.headers[name])
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked, timeout=10) as said:
                return Reply(said.status, said.read(), said.headers.get_content_type())
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, error.read())

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection of a client that takes this for its proxy."""
        try:
            request = await read_request(reader, "")
            if request and request.method == "CONNECT":
                await self.tunnel(request, reader, writer)
            while request and request.method != "CONNECT":
                await self.send(request, writer)
                request = await read_request(reader, "")
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            pass  # the client has gone
        finally:
            writer.close()

    async def tunnel(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak TLS as the host that was asked for."""
        host = request.target.partition(":")[0]
        if not self.knows(host, browser="Mozilla" in request.headers.get("user-agent", "")):
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            return
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.drain()
        await writer.start_tls(self.context(host))
        while asked := await read_request(reader, host):
            await self.send(asked, writer)

    async def send(self, request: Request, writer: asyncio.StreamWriter) -> None:
        """Answer one request; a token that begins with `hang-` never gets an answer."""
        if request.bearer.startswith("hang-"):
            await asyncio.sleep(3600)
        reply = await asyncio.to_thread(self.answer, request)
        if reply.kind in SLOWLY:
            await SLOWLY[reply.kind](reply.encode(), writer)
            return
        writer.write(reply.encode())
        await writer.drain()


async def hang(_whole: bytes, _writer: asyncio.StreamWriter) -> None:
    """Send nothing."""
    await asyncio.sleep(3600)


async def drip(whole: bytes, writer: asyncio.StreamWriter) -> None:
    """Send a byte now and then."""
    for byte in whole:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.2)


async def drip_body(whole: bytes, writer: asyncio.StreamWriter) -> None:
    """Send the headers at once and the body by bytes."""
    head, end, body = whole.partition(b"\r\n\r\n")
    writer.write(head + end)
    await drip(body, writer)


async def stall(whole: bytes, writer: asyncio.StreamWriter) -> None:
    """Stand still in the middle."""
    writer.write(whole[:-100])
    await hang(b"", writer)


async def cut(whole: bytes, writer: asyncio.StreamWriter) -> None:
    """Hang up in the middle."""
    writer.write(whole[:-100])
    await writer.drain()
    raise ConnectionResetError


SLOWLY = {"hang": hang, "drip": drip, "drip-body": drip_body, "stall": stall, "cut": cut}
"""How the kinds of replies are sent that no server sends."""


async def main(port: int, folder: Path, storage: int) -> None:
    """Serve for ever."""
    internet = FakeInternet(folder, storage)
    server = await asyncio.start_server(internet.serve, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))

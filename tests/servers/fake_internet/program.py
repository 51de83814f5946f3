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
from functools import cache
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import load_pem_private_key

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from servers.fake_internet.clouds import HOSTS, google, guarded
from servers.fake_internet.mega import Mega
from servers.fake_internet.tokens import Tokens
from servers.fake_internet.wire import Reply, Request, read_request

TOKEN_ADDRESSES = ("/api/oauth2/token", "/oauth2/token", "/token", "/oauth2/v2.0/token", "/oauth2_token")
TOKEN_HOSTS = frozenset({
    "app.box.com", "api.box.com", "api.dropboxapi.com", "oauth2.googleapis.com", "login.microsoftonline.com",
    "oauth.yandex.com", "api.pcloud.com", "eapi.pcloud.com",
})  # fmt: skip
MEGA_HOSTS = frozenset({"g.api.mega.co.nz", "w.api.mega.co.nz"})


class FakeInternet:
    """All hosts and what they remember."""

    def __init__(self, folder: Path, storage: int) -> None:
        self._authority = trustme.CA.from_pem(
            (folder / "fake-ca.pem").read_bytes(), (folder / "fake-ca.key").read_bytes()
        )
        robot = load_pem_private_key((folder / "robot.key").read_bytes(), None)
        self._tokens = Tokens(robot.public_key())  # pyright: ignore[reportArgumentType]  made as RSA by us
        self._mega, self._storage = Mega(), storage
        self._strangers: list[str] = []
        self.context = cache(self._context)

    def _context(self, host: str) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.set_alpn_protocols(["http/1.1"])
        self._authority.issue_cert(host).configure_cert(made)
        return made

    def knows(self, host: str) -> bool:
        """Tell whether this host is answered for; a stranger is noted."""
        known = host in HOSTS or host in TOKEN_HOSTS or host in MEGA_HOSTS or host == "storage.googleapis.com"
        if not known:
            self._strangers.append(host)
        return known

    def answer(self, request: Request) -> Reply:
        """Answer for a host."""
        host = request.host.partition(":")[0]
        if host == "fake.test":
            return Reply(200, dict(self._tokens.renewals) if "renewals" in request.path else self._strangers)
        if host in TOKEN_HOSTS and request.method == "POST" and request.path.endswith(TOKEN_ADDRESSES):
            return self._tokens.answer(request)
        if host in MEGA_HOSTS:
            return self._mega.answer(request)
        if host == "storage.googleapis.com":
            return guarded("google", self._passed_on)(request)
        return HOSTS[host](request) if host in HOSTS else Reply(404)

    def _passed_on(self, request: Request) -> Reply:
        """Ask the fake-gcs-server; the bucket `denied` is nobody's."""
        if "/b/denied" in request.path:
            return google(403, "forbidden", "The account does not have storage.objects.list access.")
        address = f"http://127.0.0.1:{self._storage}{request.target}"
        asked = urllib.request.Request(address, request.body or None, method=request.method)
        for name in ("content-type",):
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
                await self.tunnel(request.target.partition(":")[0], reader, writer)
            while request and request.method != "CONNECT":
                await self.send(request, writer)
                request = await read_request(reader, "")
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            pass  # the client has gone
        finally:
            writer.close()

    async def tunnel(self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak TLS as the host that was asked for."""
        if not self.knows(host):
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            return
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.drain()
        await writer.start_tls(self.context(host))
        while request := await read_request(reader, host):
            await self.send(request, writer)

    async def send(self, request: Request, writer: asyncio.StreamWriter) -> None:
        """Answer one request; a token that begins with `hang-` never gets an answer."""
        if request.bearer.startswith("hang-"):
            await asyncio.sleep(3600)
        reply = await asyncio.to_thread(self.answer, request)
        writer.write(reply.encode())
        await writer.drain()


async def main(port: int, folder: Path, storage: int) -> None:
    """Serve for ever."""
    internet = FakeInternet(folder, storage)
    server = await asyncio.start_server(internet.serve, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))

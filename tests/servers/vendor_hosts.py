"""Lets a tool reach a server on loopback under the name of a vendor's host, so that its address is the shipped one.

The tool takes this for its proxy (HTTPS_PROXY). It speaks TLS as the host that was asked for, under a certificate of its
own authority, and passes the bytes on to the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Generator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class VendorHosts:
    """A running proxy.

    Attributes:
        proxy: Its address.
        ca_file: The authority that signed what its hosts show.
    """

    proxy: str
    ca_file: Path

    @property
    def environment(self) -> dict[str, str]:
        """The variables that send a program of Go there."""
        return {"HTTPS_PROXY": self.proxy, "SSL_CERT_FILE": str(self.ca_file)}


class Forwarder:
    """Answers CONNECT for one host and passes everything on to one port."""

    def __init__(self, host: str, port: int, authority: trustme.CA) -> None:
        self.host, self.port = host, port
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(host).configure_cert(self.context)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            asked = (await reader.readuntil(b"\r\n\r\n")).split()
            if asked[:2] != [b"CONNECT", f"{self.host}:443".encode()]:
                writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                return
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await writer.drain()
            await writer.start_tls(self.context)
            there, back = await asyncio.open_connection("127.0.0.1", self.port)
            await asyncio.gather(passed_on(reader, back), passed_on(there, writer))
        writer.close()


async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on until the sender is done."""
    with contextlib.suppress(OSError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    writer.close()


@contextlib.contextmanager
def vendor_host(host: str, port: int, folder: Path) -> Generator[VendorHosts]:
    """Answer for a host from a thread of this process until the end of the block."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "vendor-ca.pem"))
    forwarder, ready = Forwarder(host, port, authority), Future[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]]()
    thread = threading.Thread(target=lambda: asyncio.run(_served(forwarder, ready)), daemon=True)
    thread.start()
    own, loop, over = ready.result(10)
    try:
        yield VendorHosts(f"http://127.0.0.1:{own}", folder / "vendor-ca.pem")
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)


async def _served(forwarder: Forwarder, ready: Future[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]]) -> None:
    server = await asyncio.start_server(forwarder.serve, "127.0.0.1", 0)
    over = asyncio.Event()
    ready.set_result((server.sockets[0].getsockname()[1], asyncio.get_running_loop(), over))
    await over.wait()
    server.close()

"""The rudest of servers: refuses everything and says back all that it was sent, as it came and decoded."""

from __future__ import annotations

import base64
import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote


class Echo(BaseHTTPRequestHandler):
    """Answers 403 to any method."""

    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        """Serve one connection; rclone is killed in the middle of some."""
        with contextlib.suppress(ConnectionError):
            super().handle()

    def _refuse(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(errors="replace")
        lines = [self.requestline, unquote(self.requestline), *map(": ".join, self.headers.items()), body]
        for scheme, _, value in (found.partition(" ") for found in self.headers.get_all("Authorization", [])):
            with contextlib.suppress(ValueError):
                lines.append(scheme + base64.b64decode(value).decode(errors="replace"))
        said = " | ".join(lines)
        content = f"<Error><Code>AccessDenied</Code><Message>{said}</Message></Error>".encode()
        self.send_response(403, f"Forbidden {unquote(self.path)[:200]}")
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PROPFIND = do_MKCOL = do_OPTIONS = _refuse  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def echoing() -> Iterator[str]:
    """Serve; gives the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:  # also when a way has failed: the thread would keep the whole run from ending
        server.shutdown()
        thread.join()
        server.server_close()

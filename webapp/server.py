"""The web server: cheroot in front of the Flask app, started and stopped in order."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

from cheroot import wsgi
from cheroot.server import HTTPConnection
from cheroot.ssl.builtin import BuiltinSSLAdapter

from webapp.app import create_app
from webapp.core.errors import PermanentError
from webapp.pages.access import session_key
from webapp.settings import EVERY_ADDRESS, Settings, unknown_names

if TYPE_CHECKING:
    from webapp.core.runtime import Runtime

log = logging.getLogger(__name__)

HEADER_LIMIT = 64 * 1024
"""Most bytes of a request's headers."""

SEED_SECONDS = 2
"""Seconds between two looks for a missing secret seed."""

CERTIFICATE_SECONDS = 5
"""Seconds between two looks for a renewed TLS certificate."""

IDLE_SECONDS = 4
"""Seconds that a connection may be silent; it also bounds how long an idle one holds up the end."""


@dataclass(frozen=True, slots=True)
class StartUp:
    """What a person has to know when the server is ready.

    Attributes:
        address: Where to point the browser.
        setup_code: The code that makes the first account; empty when there is one.
        locked: Why the store cannot be read; empty when it can.
        warnings: Things that are allowed but unusual.
    """

    address: str
    setup_code: str = ""
    locked: str = ""
    warnings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """Give it as lines for a terminal."""
        yield from (f"Warning: {warning}" for warning in self.warnings)
        yield f"Backup Credentials is at {self.address}"
        if self.locked:
            yield self.locked
        if self.setup_code:
            yield f"There is no account yet. The one-time code to make the first one: {self.setup_code}"
        yield "Ctrl-C stops it."


class QuietServer(wsgi.Server):
    """cheroot's server with its errors in the log, without the text of exceptions, which may hold values."""

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """Log what cheroot reports; of an exception only its type and place."""
        error = sys.exc_info()[1] if traceback else None
        if error is None:
            log.log(level, "Web server: %s", msg.splitlines()[0][:200] if msg else "")
        else:
            log.log(level, "Web server: %s", type(error).__name__)

    def put_conn(self, conn: HTTPConnection) -> None:
        """Wait for the next request of a connection; a server that was stopped meanwhile closes it."""
        try:
            super().put_conn(conn)
        except ValueError:  # what waits for connections is closed by now
            conn.close()


class Server:
    """One web server for one runtime.

    Args:
        settings: Address, TLS, proxy, limits.
        runtime: The opened parts; started and stopped by whoever opened them, but for the background work.
    """

    def __init__(self, settings: Settings, runtime: Runtime) -> None:
        self.settings = settings
        self.runtime = runtime
        self._stopping = threading.Event()
        self._certificate: list[tuple[int, int]] = []

    def run(self, announce: Callable[[StartUp], None]) -> None:
        """Serve until SIGTERM or SIGINT, then finish running requests and stop.

        Raises:
            PermanentError: The address or the certificate cannot be used.
        """
        provide_administrator(self.settings, self.runtime)
        server = self.prepared()
        serving = threading.Thread(target=self._serve, args=(server,), name="web-server")
        self._catch_signals()
        self.runtime.start()
        set_aside()
        serving.start()
        try:
            announce(self.start_up(server))
            sys.stdout.flush()
            self._await_seed(server, announce)
            self._follow_certificate(server.ssl_adapter)
            self._stopping.wait()
        finally:
            server.stop()
            serving.join()

    def _await_seed(self, server: QuietServer, announce: Callable[[StartUp], None]) -> None:
        """While the store is locked, look for its seed; once it has come, do what the start could not."""
        locked = bool(self.runtime.store.locked)
        while locked and not self._stopping.wait(SEED_SECONDS):
            if self.runtime.store.look_for_seed():
                locked = False
                server.wsgi_app.config["SECRET_KEY"] = session_key(self.runtime)
                provide_administrator(self.settings, self.runtime)
                announce(self.start_up(server))
                sys.stdout.flush()
        self.runtime.store.release()

    def _follow_certificate(self, adapter: BuiltinSSLAdapter | None) -> None:
        """Take a certificate that was renewed in its place, as cert-manager and ACME clients do, for new connections."""
        known = self._certificate
        while adapter and not self._stopping.wait(CERTIFICATE_SECONDS):
            if (found := stamps(self.settings)) == known:
                continue
            try:
                renewed = tls_adapter(self.settings)
            except PermanentError as error:
                log.warning("The former certificate stays: %s", error.message)
            else:
                adapter.context = renewed.context if renewed else adapter.context
                log.info("The renewed TLS certificate is used.")
            known = found

    def prepared(self) -> QuietServer:
        """Return a server that listens already, so that a taken port is told at once."""
        server = QuietServer(
            (self.settings.host, self.settings.port),
            create_app(self.settings, self.runtime),
            numthreads=self.settings.threads,
            server_name="backup-credentials",
            shutdown_timeout=self.settings.stop_seconds,
            timeout=IDLE_SECONDS,
        )
        server.max_request_header_size = HEADER_LIMIT
        self._certificate = stamps(self.settings)  # before it is read: what is renewed meanwhile counts as another one
        server.ssl_adapter = tls_adapter(self.settings)
        try:
            with catch_warnings():
                # cheroot leaves the socket of a refused address to the garbage collector, which warns of it.
                simplefilter("ignore", ResourceWarning)
                server.prepare()
        except OSError as error:
            raise PermanentError(cannot_listen(self.settings, error), field="port") from None
        return server

    def start_up(self, server: QuietServer) -> StartUp:
        """Return what to tell the person who started the server."""
        reason = self.runtime.store.locked
        locked = reason.message if reason else ""
        accounts = self.runtime.store.accounts
        return StartUp(
            address=address(self.settings, server),
            setup_code="" if locked or accounts.exists() else accounts.setup_code(),
            locked=locked,
            warnings=tuple(warnings(self.settings)),
        )

    def _serve(self, server: QuietServer) -> None:
        try:
            server.serve()
        finally:
            self._stopping.set()

    def _catch_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        """Begin to stop; the same signal again ends the process at once."""
        signal.signal(number, signal.SIG_DFL)
        self._stopping.set()


def set_aside() -> None:
    """Take what is loaded by now out of the sight of the garbage collector.

    It stays, and a look at all of it would hold requests up for some 30 ms every now and then.
    """
    gc.collect()
    gc.freeze()


def provide_administrator(settings: Settings, runtime: Runtime) -> None:
    """Make the first account from the folder that the settings name, if there is none yet.

    Raises:
        PermanentError: The folder has no name and password, or they are not allowed.
    """
    folder, store = settings.administrator_folder, runtime.store
    if folder is None or store.locked or store.accounts.exists():
        return
    try:
        name, password = ((folder / key).read_text(encoding="utf-8").rstrip("\r\n") for key in ("name", "password"))
    except (OSError, UnicodeDecodeError):
        raise PermanentError(
            f"The first account cannot be made: {folder} needs the files name and password.",
            field="administrator_folder",
        ) from None
    store.accounts.provide_administrator(name, password)


def tls_adapter(settings: Settings) -> BuiltinSSLAdapter | None:
    """Return what speaks TLS, or nothing when the settings name no certificate.

    Raises:
        PermanentError: Certificate or key cannot be used.
    """
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    try:
        if b"ENCRYPTED" in Path(settings.tls_key).read_bytes():
            raise PermanentError("The TLS key is protected by a passphrase. Give one without.", field="tls_key")
        return BuiltinSSLAdapter(str(settings.tls_certificate), str(settings.tls_key))
    except (ssl.SSLError, OSError, ValueError):
        raise PermanentError(
            "The TLS certificate and key cannot be used: both must be PEM files that belong together.",
            field="tls_certificate",
        ) from None


def stamps(settings: Settings) -> list[tuple[int, int]]:
    """Return what changes with the files of certificate and key; nothing for those that are not there."""
    files = [Path(one) for one in (settings.tls_certificate, settings.tls_key) if one]
    try:
        return [(found.st_mtime_ns, found.st_ino) for found in (one.stat() for one in files)]
    except OSError:
        return []


def cannot_listen(settings: Settings, error: OSError) -> str:
    """Say why an address cannot be listened on; cheroot puts the system's number into its own text."""
    cause = error.__cause__ or error.__context__
    reason = os.strerror(cause.errno) if isinstance(cause, OSError) and cause.errno else str(error)
    return f"The server cannot listen on {settings.host} port {settings.port}: {reason}. Choose others with --host, --port."


def address(settings: Settings, server: QuietServer) -> str:
    """Return the URL for a browser; the port may have been chosen by the system."""
    bound = server.bind_addr
    port = bound[1] if isinstance(bound, tuple) else settings.port
    name = socket.gethostname() if settings.host in EVERY_ADDRESS else settings.host
    name = settings.host_names[0] if settings.host_names else name
    return f"{settings.scheme}://{f'[{name}]' if ':' in name else name}:{port}/"


def warnings(settings: Settings) -> Iterator[str]:
    """Give what is allowed but unusual."""
    for name in unknown_names(os.environ):
        yield f"There is no setting {name}."
    if settings.is_public and not settings.tls:
        yield "Passwords and secrets cross the network in clear text unless something in front of the server adds TLS."
    if settings.host in EVERY_ADDRESS and not settings.host_names:
        yield "Name this server with --host-names, else only the machine itself can open the pages."

"""One SSH session with a deadline: connect, learn the host key, log in, run a command, speak SFTP.

paramiko does the protocol. What is added: every wait ends at the deadline or when someone cancels, the server is asked
only for the kinds of host keys that are known, and the key that it showed is kept as it came over the wire.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import paramiko
from paramiko import Message, Transport
from paramiko.ssh_exception import IncompatiblePeer, PartialAuthentication, SSHException

from webapp.core.errors import PermanentError, TransientError

logging.getLogger("paramiko").addHandler(logging.NullHandler())
logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # what it has to say comes as exceptions

T = TypeVar("T")
TURN = 0.005
"""Seconds between two looks at whether someone cancelled."""

MOST_OUTPUT = 64 * 1024
"""Bytes of a command's output that are read; a server may send without end."""


class CancelledError(Exception):
    """Someone cancelled."""


class Deadline:
    """When a piece of work has to end: at a time, or when someone cancels."""

    def __init__(self, seconds: float, cancel: threading.Event | None = None) -> None:
        self._until = time.monotonic() + seconds
        self.cancel = cancel or threading.Event()

    @property
    def left(self) -> float:
        """Seconds that are left, none after the end."""
        return max(0.0, self._until - time.monotonic())

    def within(self, seconds: float) -> Deadline:
        """Return a deadline that ends earlier, and is cancelled together with this one."""
        return Deadline(min(seconds, self.left), self.cancel)

    def look(self) -> None:
        """Go on, or stop.

        Raises:
            CancelledError: Someone cancelled.
            TransientError: The time is up.
        """
        if self.cancel.is_set():
            raise CancelledError
        if not self.left:
            raise TransientError(
                "The server did not answer in time. Check the address, or raise the timeout.", field="host"
            )

    def wait(self, event: threading.Event) -> None:
        """Wait for an event; raises as `look` does."""
        while not event.wait(min(TURN, self.left)):
            self.look()

    def run(self, work: Callable[[], T]) -> T:
        """Do what cannot be stopped in a thread of its own, and stop waiting for it at the end; raises as `look` does."""
        box: list[T] = []
        failures: list[Exception] = []
        done = threading.Event()

        def go() -> None:
            try:
                box.append(work())
            except Exception as error:  # noqa: BLE001  handed to whoever waits
                failures.append(error)
            finally:
                done.set()

        threading.Thread(target=go, daemon=True).start()
        self.wait(done)
        if failures:
            raise failures[0]
        return box[0]


def connect(host: str, port: int, deadline: Deadline) -> socket.socket:
    """Return a connected socket to the first address of a host that answers.

    Raises:
        TransientError: The name is not known, or nothing answers; the sentence says which.
    """
    bare = host.strip("[]")
    try:
        found = deadline.run(lambda: socket.getaddrinfo(bare, port, type=socket.SOCK_STREAM))
    except (socket.gaierror, UnicodeError):
        raise TransientError("There is no host of this name. Check the address.", field="host") from None
    last: OSError | None = None
    for number, (family, kind, protocol, _, address) in enumerate(found):
        share = max(0.2, deadline.left / (len(found) - number))  # one dead address leaves time for the others
        opened = socket.socket(family, kind, protocol)
        try:
            _connect(opened, address, deadline.within(share))
        except (OSError, TransientError) as error:
            opened.close()
            last = error if isinstance(error, OSError) else TimeoutError()
        except BaseException:
            opened.close()
            raise
        else:
            return opened
    raise _unreachable(last) from None


def _connect(opened: socket.socket, address: Any, deadline: Deadline) -> None:
    """Connect while looking at whether someone cancelled."""
    opened.settimeout(max(0.01, deadline.left))
    done = threading.Event()

    def watch() -> None:
        while not done.wait(TURN * 4):
            if deadline.cancel.is_set():
                with contextlib.suppress(OSError):
                    opened.shutdown(socket.SHUT_RDWR)
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        opened.connect(address)
    except OSError:
        if deadline.cancel.is_set():  # the watcher closed it
            raise CancelledError from None
        raise
    finally:
        done.set()
        watcher.join()
    deadline.look()


def _unreachable(error: OSError | None) -> TransientError:
    if isinstance(error, ConnectionRefusedError):
        return TransientError(
            "Nothing answers at this address and port. Check both, and that SSH runs there.", field="port"
        )
    if isinstance(error, TimeoutError):
        return TransientError(
            "The server did not answer in time. Check the address, and whether a firewall stands between.", field="host"
        )
    return TransientError("There is no way to this address from here. Check the network and the address.", field="host")


class HostKeyRefusedError(Exception):
    """The server has none of the kinds of host keys that were asked for."""


class Session(Transport):
    """An SSH session that is not logged in yet; ends with its socket.

    Attributes:
        host_key_blob: The host key as it came over the wire; empty before the key exchange.
        offered_keys: The signature algorithms that the server offered for its host keys.
    """

    def __init__(self, opened: socket.socket, algorithms: Sequence[str], ciphers: Sequence[str] = ()) -> None:
        super().__init__(opened)
        self.daemon = True
        self.host_key_blob = b""
        self.offered_keys: tuple[str, ...] = ()
        self._preferred_keys = tuple(algorithms)
        if ciphers:
            self._preferred_ciphers = tuple(ciphers)
        self.banner_timeout = self.handshake_timeout = 60  # the deadline ends it earlier

    @property
    def preferred_keys(self) -> tuple[str, ...]:
        """The algorithms that are asked for; certificates only where an authority is known."""
        return self._preferred_keys

    def _really_parse_kex_init(self, m: Message, ignore_first_byte: bool = False) -> Any:
        parsed = cast("Any", super())._really_parse_kex_init(m, ignore_first_byte)  # noqa: SLF001  our own, extended
        self.offered_keys = tuple(parsed["server_key_algo_list"])
        return parsed

    def _verify_key(self, host_key: bytes, sig: bytes) -> None:
        cast("Any", super())._verify_key(host_key, sig)  # noqa: SLF001  our own, extended
        self.host_key_blob = bytes(host_key)

    def shake_hands(self, deadline: Deadline) -> None:
        """Exchange keys.

        Raises:
            HostKeyRefusedError: The server has no host key of the kinds that were asked for.
            TransientError: It is no SSH server, or it hung up.
            PermanentError: There is no cipher or the like that both know.
        """
        done = threading.Event()
        self.start_client(event=done)
        deadline.wait(done)
        if not self.is_active():
            raise self._reason()

    def _reason(self) -> Exception:
        error = self.get_exception()
        if isinstance(error, IncompatiblePeer):
            if not set(self.offered_keys) & set(self._preferred_keys):
                return HostKeyRefusedError()
            return PermanentError(
                "The server and this program have no cipher or key exchange in common. Choose Standard under Cipher; "
                "if it is chosen already, the server's SSH is too old.",
                field="cipher",
            )
        if isinstance(error, SSHException) and not self.offered_keys:  # its first line was none of SSH
            return TransientError("What answers at this port is no SSH server. Check the port.", field="port")
        return TransientError("The server hung up before it said who it is. It may refuse this address.", field="host")

    def log_in_with_key(self, username: str, key: paramiko.PKey, deadline: Deadline) -> None:
        """Log in by a key.

        Raises:
            PermanentError: The server does not take this key for this user.
            TransientError: It hung up.
        """
        done = threading.Event()
        self.auth_publickey(username, key, event=done)
        deadline.wait(done)
        if not self.is_authenticated():
            raise self._refusal(KEY_REFUSED, "private_key", "publickey")

    def log_in_with_password(self, username: str, password: str, deadline: Deadline) -> None:
        """Log in by a password, by whichever of the two ways the server asks for it.

        Raises:
            PermanentError: The server does not take this password, or takes none.
            TransientError: It hung up.
        """
        more: list[str] = []
        try:
            more = deadline.run(lambda: self.auth_password(username, password, fallback=True))
        except paramiko.BadAuthenticationType as error:
            raise PermanentError(
                f"The server takes no passwords, only {_named(error.allowed_types)}. Put the public key there by hand.",
                field="password",
            ) from None
        except SSHException as error:
            self.saved_exception = error
        except EOFError as error:
            self.saved_exception = SSHException(str(error))
        if not self.is_authenticated():
            raise _asks_for_more(more) if more else self._refusal(PASSWORD_REFUSED, "password", "password")

    def _refusal(self, sentence: str, field: str, method: str) -> Exception:
        error = self.get_exception() or self.saved_exception
        if isinstance(error, PartialAuthentication):
            return _asks_for_more(error.allowed_types)
        if isinstance(error, paramiko.BadAuthenticationType) and method not in error.allowed_types:
            return PermanentError(
                f"The server takes no {METHODS[method]} for this user, only {_named(error.allowed_types)}.",
                field="username",
            )
        if isinstance(error, paramiko.AuthenticationException) or self.is_active():
            return PermanentError(sentence, field=field)
        return TransientError("The server hung up at the log-in. It may have seen too many tries.", field="host")

    def run(self) -> None:
        """Serve the session's thread without a word on standard error."""
        with contextlib.suppress(Exception):
            super().run()

    def close(self) -> None:
        """End the session and its socket, also when it never began."""
        super().close()
        with contextlib.suppress(OSError):
            self.sock.close()

    def command(self, text: str, deadline: Deadline, given: bytes = b"") -> tuple[int, str]:
        """Run a command and return its exit code and output; -1 when the server lets no command run.

        Raises:
            TransientError: The server hung up, or the time is up.
        """
        channel = self._channel(deadline)
        try:
            done = deadline.run(lambda: _executed(channel, text, given))
        finally:
            channel.close()
        return done

    def sftp(self, deadline: Deadline) -> paramiko.SFTPClient:
        """Open SFTP.

        Raises:
            PermanentError: The server offers none to this user.
        """
        channel = self._channel(deadline)
        try:
            return deadline.run(lambda: _sftp(channel, max(0.1, deadline.left)))
        except (SSHException, OSError, EOFError):
            raise PermanentError("The log-in worked, but the server offers no SFTP to this user.") from None

    def _channel(self, deadline: Deadline) -> paramiko.Channel:
        try:
            channel = deadline.run(lambda: self.open_session(timeout=max(0.1, deadline.left)))
        except (SSHException, EOFError):
            raise TransientError("The log-in worked, but the server opens no session.", field="username") from None
        channel.settimeout(max(0.1, deadline.left))
        return channel


KEY_REFUSED = "The server does not take this key for this user. Put its public half into the user's authorized_keys."
PASSWORD_REFUSED = "The server does not take this user name and password."
METHODS = {"publickey": "keys", "password": "passwords"}


def _named(methods: Sequence[str]) -> str:
    """Return ways to log in as the server names them, without anything that a terminal would obey."""
    return ", ".join("".join(letter for letter in name if letter.isprintable()) for name in methods)[:200]


def _asks_for_more(methods: Sequence[str]) -> PermanentError:
    return PermanentError(
        f"The server took this and then asks for more ({_named(methods)}), which a backup has nobody to give. Let this user "
        "log in by a key alone, see AuthenticationMethods in its sshd_config.",
        field="username",
    )


def _executed(channel: paramiko.Channel, text: str, given: bytes) -> tuple[int, str]:
    try:
        channel.exec_command(text)
        if given:
            channel.sendall(given)
        channel.shutdown_write()
        output = b""
        while len(output) < MOST_OUTPUT and (part := channel.recv(4096)):
            output += part
        code = channel.recv_exit_status()
    except (SSHException, OSError, EOFError):
        return -1, ""
    return code, output.decode("utf-8", "replace")


def _sftp(channel: paramiko.Channel, seconds: float) -> paramiko.SFTPClient:
    channel.settimeout(seconds)
    channel.invoke_subsystem("sftp")
    client = paramiko.SFTPClient(channel)
    client.normalize(".")
    return client

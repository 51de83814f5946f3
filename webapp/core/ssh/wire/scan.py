"""Discover Remote Host Key: every key that a server has, before anything is stored.

The first connection says which kinds the server offers; the others are asked for side by side.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from webapp.core.errors import CredentialError, PermanentError
from webapp.core.ssh.hostkeys import (
    CERTIFICATE,
    KINDS,
    HostKey,
    KnownHost,
    algorithms,
    fingerprint_command,
    key_line,
    known_hosts_lines,
)
from webapp.core.ssh.wire.transport import Deadline, HostKeyRefusedError, Session, connect


@dataclass(frozen=True, slots=True)
class Discovered:
    """What a server showed.

    Attributes:
        host: Whom was asked.
        port: At which port.
        keys: Every host key, the preferred kind first.
    """

    host: str
    port: int
    keys: tuple[HostKey, ...]

    @property
    def text(self) -> str:
        """The keys as the field Remote Host Key keeps them."""
        return "\n".join(key.line for key in self.keys)

    @property
    def known_hosts(self) -> str:
        """The keys as lines of known_hosts."""
        return "".join(f"{line}\n" for line in known_hosts_lines(self.text, self.host, self.port))

    @property
    def commands(self) -> tuple[str, ...]:
        """The command for each key that prints the same fingerprint on the server itself."""
        return tuple(fingerprint_command(key.key.kind if key.key else "") for key in self.keys)


def discover(host: str, port: int, seconds: float, *, cancel: threading.Event | None = None) -> Discovered:
    """Ask a server for its host keys of every kind.

    Args:
        host: Name or address.
        port: Its port.
        seconds: The connect timeout, for all of it.
        cancel: Ends it at once when it is set.

    Raises:
        CancelledError: `cancel` was set.
        TransientError: Nothing answers, or what answers is no SSH server.
        PermanentError: It has no host key that is still safe.
    """
    deadline = Deadline(seconds, cancel)
    everything = tuple(name for kind in KINDS for name in algorithms(kind))
    first, offered = _shown(host, port, everything, deadline)
    kinds = [kind for kind in KINDS if set(algorithms(kind)) & set(offered) and not first.startswith(f"{kind} ")]
    with ThreadPoolExecutor(max(1, len(kinds)), thread_name_prefix="host-key") as threads:
        found = list(threads.map(partial(_one, host, port, deadline), kinds))
    lines = sorted((line for line in (first, *found) if line), key=lambda line: KINDS.index(line.split()[0]))
    keys = tuple(key for line in lines for key in _safe(line))
    if not keys:
        raise no_safe_key(offered)
    return Discovered(host, port, keys)


def _safe(line: str) -> tuple[HostKey, ...]:
    """Return the key in a line; nothing for one that is too short: a server may have it beside better ones."""
    try:
        return KnownHost.of(line).keys
    except PermanentError:
        return ()


def no_safe_key(offered: Iterable[str]) -> PermanentError:
    """Return what is said of a server that has nothing better than these kinds."""
    kinds = ", ".join(name for name in offered if name.isprintable())[:200]
    return PermanentError(
        f"The server has no host key that is still safe: it offers {kinds}. Update its SSH.", field="host"
    )


def _one(host: str, port: int, deadline: Deadline, kind: str) -> str:
    """Return the server's key of one kind; nothing when it does not come, as another one came already."""
    with suppress(CredentialError):
        return _shown(host, port, algorithms(kind), deadline)[0]
    return ""


def _shown(host: str, port: int, asked: Iterable[str], deadline: Deadline) -> tuple[str, tuple[str, ...]]:
    """Return the key that the server shows when it is asked for these kinds, and all kinds that it offers."""
    session = Session(connect(host, port, deadline), tuple(asked))
    try:
        session.shake_hands(deadline)
        plain = tuple(name for name in session.offered_keys if not name.endswith(CERTIFICATE))
        return key_line(session.host_key_blob), plain
    except HostKeyRefusedError:
        raise no_safe_key(session.offered_keys) from None
    finally:
        session.close()

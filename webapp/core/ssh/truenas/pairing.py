"""The pairing itself: log in, prepare the user, add the key, start SSH, read how to reach it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from webapp.core.errors import CredentialError, PermanentError, TransientError
from webapp.core.redaction import Redactor
from webapp.core.ssh.truenas import remote
from webapp.core.ssh.truenas.address import Address, parse
from webapp.core.ssh.truenas.client import Client, open_client
from webapp.core.ssh.truenas.framing import RemoteCallError
from webapp.core.ssh.truenas.login import LogIn, log_in, refuse_open_key
from webapp.core.ssh.truenas.transport import UntrustedCertificateError
from webapp.core.ssh.wire.transport import CancelledError

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants to pair with.

    Attributes:
        url: Address of the remote's web interface.
        login: Who logs in there.
        username: Who logs in by SSH afterwards.
        certificate: Fingerprint of the one certificate to accept; empty for verification.
        home: Folder in which a home is made when the user has none.
        sudo: Whether the user shall run zfs as root.
        connect_timeout: Seconds.
    """

    url: str
    login: LogIn
    username: str = "root"
    certificate: str = ""
    home: str = ""
    sudo: bool = False
    connect_timeout: float = 10.0


@dataclass(frozen=True, slots=True)
class Paired:
    """How to reach the remote by SSH.

    Attributes:
        host: Name or address, that of the URL.
        port: Port of its SSH service.
        username: Who logs in.
        host_keys: Its host keys, one `type base64` a line, as the remote itself gave them over TLS.
        changes: Sentences on what was changed there.
    """

    host: str
    port: int
    username: str
    host_keys: str
    changes: tuple[str, ...] = ()


class PairingError(PermanentError):
    """The pairing failed. The message says what was changed on the remote until then.

    Attributes:
        changes: Sentences on what was changed there.
        cancelled: Whether the person stopped it.
        untrusted: The certificate to compare, when it was not trusted.
    """

    def __init__(
        self, cause: CredentialError, changes: list[str], *, message: str = "", cancelled: bool = False
    ) -> None:
        super().__init__(with_changes(message or cause.message, changes), field=cause.field)
        self.changes, self.cancelled = tuple(changes), cancelled
        self.untrusted = cause.certificate if isinstance(cause, UntrustedCertificateError) else None


@dataclass(slots=True)
class _Run:
    """One pairing in progress."""

    wish: Wish
    public_key: str
    tell: Tell
    cancel: threading.Event
    changes: list[str] = field(default_factory=list[str])

    def go(self, address: Address) -> Paired:
        self.tell(f"Connecting to {address.host}.")
        timeout, pin = self.wish.connect_timeout, self.wish.certificate
        with open_client(address, pin=pin, timeout=timeout, cancel=self.cancel) as client:
            return self._pair(client, address)

    def _pair(self, client: Client, address: Address) -> Paired:
        note = self.changes.append
        self.tell("Logging in.")
        log_in(client, self.wish.login)
        self.tell(f"Looking at the user {self.wish.username}.")
        user = remote.find_user(client, self.wish.username)
        remote.prepare_user(client, user, home=self.wish.home, sudo=self.wish.sudo, note=note)
        self.tell("Adding the public key.")
        remote.add_key(client, user, self.public_key, note)
        self.tell("Starting the SSH service.")
        remote.start_ssh(client, note)
        self.tell("Reading port and host keys.")
        port, host_keys = remote.read_ssh(client)
        return Paired(address.host, port, self.wish.username, host_keys, tuple(self.changes))


def pair(wish: Wish, public_key: str, *, tell: Tell = lambda _: None, cancel: threading.Event | None = None) -> Paired:
    """Let a public key log in at a TrueNAS; nothing is stored on our side.

    Args:
        wish: With what to pair.
        public_key: One line as in authorized_keys.
        tell: Called with a sentence before each step.
        cancel: Set when the person stops it; noticed within half a second.

    Raises:
        PairingError: It failed; the sentence stands on its field and says what was changed on the remote.
    """
    run = _Run(wish, public_key, tell, cancel or threading.Event())
    redacted = Redactor(wish.login.secrets)
    try:
        address = parse(wish.url)
        _check_log_in(address, wish.login)
        return run.go(address)
    except CancelledError:
        raise PairingError(PermanentError("The pairing was stopped."), run.changes, cancelled=True) from None
    except RemoteCallError as error:
        raise PairingError(_refused(error, redacted), run.changes) from None
    except CredentialError as error:
        # The remote's own words may repeat what it was sent.
        raise PairingError(error, run.changes, message=redacted(error.message)) from None


def _check_log_in(address: Address, login: LogIn) -> None:
    if not login.password and not login.api_key:
        raise PermanentError("Enter the password of the administrator, or an API key.", field="password")
    refuse_open_key(address.encrypted, login)


def _refused(error: RemoteCallError, redacted: Redactor) -> CredentialError:
    """Return the sentence for a call that the remote refused."""
    if error.errname in {"EACCES", "EPERM", "ENOTAUTHENTICATED"}:
        return PermanentError(
            "This account may not change users and services on the remote. Choose one with full administrator rights.",
            field="admin_username",
        )
    if error.busy:
        return TransientError("The remote asks to slow down. Wait a minute and try again.", field="url")
    return PermanentError(f"The remote refused: {redacted(error.reason) or 'it gave no reason'}.")


def with_changes(message: str, changes: list[str] | tuple[str, ...]) -> str:
    """Add to a sentence what was changed on the remote."""
    if not changes:
        return f"{message} Nothing was changed on the remote."
    return f"{message} Changed on the remote until then: {'; '.join(changes)}."

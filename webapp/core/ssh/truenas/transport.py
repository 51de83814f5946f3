"""A connection to the web interface of a TrueNAS: its certificate is checked before the first byte is sent."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import json
import re
import socket
import ssl
from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import NameOID
from websocket import WebSocket

from webapp.core.errors import CredentialError, PermanentError, TransientError
from webapp.core.ssh.truenas.address import Address

VERSIONS = "/api/versions"
VERSIONS_LIMIT = 64 * 1024
"""Bytes of the list of versions that are read; a web page in its place may be longer."""

REDIRECTS = frozenset({301, 302, 303, 307, 308})
OK = 200


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a person compares before trusting a certificate that no authority vouches for.

    Attributes:
        fingerprint: SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256` prints it.
        subject: Whom it names.
        issuer: Who signed it.
        until: Last day of validity.
    """

    fingerprint: str
    subject: str
    issuer: str
    until: str


class UntrustedCertificateError(PermanentError):
    """The certificate cannot be verified; `certificate` is what was shown instead."""

    def __init__(self, message: str, certificate: Certificate) -> None:
        super().__init__(message, field="certificate")
        self.certificate = certificate


def fingerprint(text: str) -> str:
    """Return a SHA-256 fingerprint of a certificate in the form `AB:CD:…`.

    Raises:
        PermanentError: It is none.
    """
    digits = re.sub(r"(?i)^\s*sha-?256( fingerprint)?\s*[=:]", "", text).replace(":", "").replace(" ", "").strip()
    if not re.fullmatch(r"[0-9A-Fa-f]{64}", digits):
        raise PermanentError("A SHA-256 fingerprint has 64 hexadecimal digits, such as AB:CD:….", field="certificate")
    return ":".join(re.findall("..", digits.upper()))


def connect(address: Address, *, pin: str, timeout: float) -> socket.socket:
    """Open a connection; by TLS only when its certificate is verified, or is the pinned one.

    Args:
        address: Where to.
        pin: Fingerprint of the one certificate to accept; empty to ask the system's authorities.
        timeout: Seconds for each of name, connection and handshake.

    Raises:
        UntrustedCertificateError: The certificate is not verified; nothing was sent.
        CredentialError: Nothing answers there, or not by TLS.
    """
    trusted = fingerprint(pin) if pin else ""
    try:
        plain = socket.create_connection((address.host, address.port), timeout)
    except socket.gaierror:
        raise TransientError(f"There is no machine named {address.host}. Check the URL.", field="url") from None
    except TimeoutError:
        raise TransientError(
            f"{address.host} does not answer on port {address.port}. Check the URL, and that no firewall is between.",
            field="url",
        ) from None
    except OSError as error:
        reason = error.strerror or "no connection"
        raise TransientError(
            f"{address.host} refuses connections on port {address.port} ({reason}). Is this the web interface's port?",
            field="url",
        ) from None
    if not address.encrypted:
        return plain
    return _pinned(plain, address, trusted) if trusted else _verified(plain, address, timeout)


def _verified(plain: socket.socket, address: Address, timeout: float) -> socket.socket:
    try:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=address.host)
    except ssl.SSLCertVerificationError as error:
        plain.close()
        reason = error.verify_message.rstrip(".")
    except (ssl.SSLError, OSError) as error:
        plain.close()
        raise _no_tls(address, error) from None
    shown = _describe(_shown(address, timeout))
    raise UntrustedCertificateError(
        f"The certificate of {address.host} cannot be verified ({reason}). Nothing was sent. Compare its SHA-256 "
        f"fingerprint with the one that the remote shows, and trust it only if they are the same: {shown.fingerprint}",
        shown,
    )


def _pinned(plain: socket.socket, address: Address, pin: str) -> socket.socket:
    secured = _handshake(plain, address)
    found = _described(secured)
    if hmac.compare_digest(found.fingerprint, pin):
        return secured
    secured.close()
    raise UntrustedCertificateError(
        f"{address.host} shows another certificate than the trusted one. Nothing was sent. If it was not renewed, "
        f"someone stands between. Its fingerprint now is {found.fingerprint}",
        found,
    )


def _handshake(plain: socket.socket, address: Address) -> ssl.SSLSocket:
    """Do a handshake with whoever is there; the caller compares the certificate before anything is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        return context.wrap_socket(plain, server_hostname=address.host)
    except (ssl.SSLError, OSError) as error:
        plain.close()
        raise _no_tls(address, error) from None


def _shown(address: Address, timeout: float) -> bytes:
    """Return the certificate that the server shows, unverified, in DER."""
    try:
        plain = socket.create_connection((address.host, address.port), timeout)
    except OSError as error:
        raise _no_tls(address, error) from None
    with _handshake(plain, address) as secured:
        return secured.getpeercert(binary_form=True) or b""


def _described(secured: ssl.SSLSocket) -> Certificate:
    return _describe(secured.getpeercert(binary_form=True) or b"")


def _describe(der: bytes) -> Certificate:
    digest = ":".join(re.findall("..", hashlib.sha256(der).hexdigest().upper()))
    try:
        read = x509.load_der_x509_certificate(der)
        until = read.not_valid_after_utc.date().isoformat()
        return Certificate(digest, _name(read.subject), _name(read.issuer), until)
    except ValueError:
        return Certificate(digest, "", "", "")


def _name(name: x509.Name) -> str:
    """Return the common name, or all of it when there is none."""
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string()


def _no_tls(address: Address, error: Exception) -> CredentialError:
    reason = getattr(error, "reason", "") or error.__class__.__name__
    if "WRONG_VERSION" in str(reason) or "HTTP_REQUEST" in str(reason):
        return PermanentError(
            f"{address.host} does not speak TLS on port {address.port}. Use the port of https.", field="url"
        )
    return TransientError(f"The TLS connection to {address.host} failed ({reason}). Check the URL.", field="url")


def versions(address: Address, *, pin: str, timeout: float) -> list[str]:
    """Return the versions of the JSON-RPC interface; empty when there is none, as before 25.04.

    Raises:
        CredentialError: Not reachable, not trusted, or the remote wants https.
    """
    connection = http.client.HTTPConnection(address.authority, timeout=timeout)
    connection.sock = connect(address, pin=pin, timeout=timeout)
    with contextlib.closing(connection):
        try:
            connection.request("GET", VERSIONS, headers={"Accept": "application/json", "Connection": "close"})
            with connection.getresponse() as answer:
                refuse_redirect(answer.status, answer.getheader("Location") or "", address)
                text = answer.read(VERSIONS_LIMIT) if answer.status == OK else b""
        except (OSError, http.client.HTTPException) as error:
            raise TransientError(
                f"{address.host} closed the connection ({type(error).__name__}). Is this the web interface?",
                field="url",
            ) from None
    return _listed(text)


def refuse_redirect(status: int, location: str, address: Address) -> None:
    """Say where the remote wants to be asked; following it could carry the log-in elsewhere."""
    if status not in REDIRECTS:
        return
    if not address.encrypted and location.startswith("https:"):
        raise PermanentError("The remote wants TLS. Use an https:// URL.", field="url")
    raise PermanentError("The remote sends visitors to another address. Enter the one it ends at.", field="url")


def _listed(text: bytes) -> list[str]:
    try:
        found = json.loads(text)
    except ValueError:
        return []
    return [entry for entry in found if isinstance(entry, str)] if isinstance(found, list) else []


def open_websocket(address: Address, path: str, *, pin: str, timeout: float) -> WebSocket:
    """Open a WebSocket.

    Raises:
        CredentialError: As `connect`, or nothing there speaks WebSocket.
    """
    from websocket import WebSocketBadStatusException, WebSocketException  # noqa: PLC0415  beside their only use

    connected = WebSocket()
    sock = connect(address, pin=pin, timeout=timeout)
    connected.settimeout(timeout)
    try:
        connected.connect(
            address.websocket(path), socket=sock, redirect_limit=0, suppress_origin=True, host=address.authority
        )
    except WebSocketBadStatusException as error:
        sock.close()
        raise PermanentError(
            f"{address.host} is no TrueNAS, or its interface is switched off (HTTP {error.status_code}).", field="url"
        ) from None
    except (WebSocketException, OSError, ValueError) as error:
        response = connected.handshake_response
        sock.close()
        if response is not None:
            refuse_redirect(response.status, (response.headers or {}).get("location", ""), address)
        raise TransientError(
            f"{address.host} did not open a WebSocket ({type(error).__name__}). Is this a TrueNAS?", field="url"
        ) from None
    return connected

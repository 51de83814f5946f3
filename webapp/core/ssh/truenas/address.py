"""The address of a TrueNAS: what a person typed, taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from webapp.core.errors import PermanentError

DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Address:
    """Where the web interface of a TrueNAS is.

    Attributes:
        host: Name or IP address, without the brackets of IPv6.
        port: Port of the web interface, never that of SSH.
        encrypted: Whether it is reached by TLS.
    """

    host: str
    port: int
    encrypted: bool

    @property
    def authority(self) -> str:
        """Host and port as in a URL; the port stands there only when it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = self.port == DEFAULT_PORTS["https" if self.encrypted else "http"]
        return host if usual else f"{host}:{self.port}"

    def websocket(self, path: str) -> str:
        """Return the address of a WebSocket there."""
        return f"{'wss' if self.encrypted else 'ws'}://{self.authority}{path}"


def parse(url: str) -> Address:
    """Take a URL apart; a path behind the host, such as that of the page one was on, is left out.

    Raises:
        PermanentError: It is no http or https address.
    """
    try:
        parts = urlsplit(url.strip() if "://" in url else f"https://{url.strip()}")
        port = parts.port
    except ValueError:
        raise _wrong() from None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise _wrong()
    if parts.username is not None:
        raise PermanentError(
            "A URL must not hold a user name or a password. Enter them in their own fields.", field="url"
        )
    return Address(parts.hostname, port or DEFAULT_PORTS[parts.scheme], parts.scheme == "https")


def _wrong() -> PermanentError:
    return PermanentError(
        "Enter the address of the web interface, such as https://10.231.3.76 or https://[fd00::3].", field="url"
    )

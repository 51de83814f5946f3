"""What a row of the list shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from webapp.core.store import Connection
from webapp.pages.access import runtime


@dataclass(frozen=True, slots=True)
class Row:
    """A connection with its keypair's name."""

    connection: Connection
    keypair: str

    @property
    def place(self) -> str:
        """Who logs in where."""
        values = self.connection.attributes
        host = str(values.get("host", ""))
        host = f"[{host}]" if ":" in host else host
        port = values.get("port", 22)
        return f"{values.get('username', 'root')}@{host}" + ("" if port == 22 else f":{port}")  # noqa: PLR2004  SSH's own

    @property
    def state(self) -> str:
        """The word on the badge."""
        if self.connection.damaged:
            return "damaged"
        if self.connection.host_key_changed:
            return "host key changed"
        return str(self.connection.verification.state) if self.connection.verification else "unchecked"


def rows(connections: Iterable[Connection]) -> list[Row]:
    """Return the rows of the list."""
    names = runtime().store.ssh.keypair_names()
    return [Row(connection, names.get(connection.keypair, "")) for connection in connections]


def row(connection: Connection) -> Row:
    """Return one row."""
    return rows([connection])[0]

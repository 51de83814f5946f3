"""SSH keypairs and connections: one name space, sealed private halves, a history of host keys."""

from __future__ import annotations

from typing import Any

from webapp.core.store.audit import Audit
from webapp.core.store.envelope import Envelope
from webapp.core.store.models import Tables, bound
from webapp.core.store.ssh.connections import Connection, Connections, ConnectionTest, HostKeyChange
from webapp.core.store.ssh.entries import free_name
from webapp.core.store.ssh.keypairs import Keypair, Keypairs
from webapp.core.store.ssh.models import EntryRow

__all__ = ["Connection", "ConnectionTest", "Connections", "HostKeyChange", "Keypair", "Keypairs", "SshEntries"]


class SshEntries:
    """The keypairs and the connections of a store."""

    def __init__(self, tables: Tables, envelope: Envelope, audit: Audit) -> None:
        self._rows: Any = bound(EntryRow, tables.database)
        self.keypairs = Keypairs(tables, envelope, audit)
        self.connections = Connections(tables, envelope, audit)

    def names(self) -> list[str]:
        """Return every name in use, of keypairs and connections, without reading a value."""
        return [row.name for row in self._rows.select(self._rows.name)]

    def keypair_names(self) -> dict[str, str]:
        """Return the name of each keypair by its id, without reading a value."""
        rows = self._rows
        return {row.id: row.name for row in rows.select(rows.id, rows.name).where(rows.kind == Keypairs.kind)}

    def free_name(self, wanted: str) -> str:
        """Return a name that no keypair and no connection has: ` (2)` and so on is put behind it."""
        return free_name(wanted, self.names())

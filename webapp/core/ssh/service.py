"""What pages, commands and the pairing with TrueNAS call: keypairs, connections, and setting them up."""

from __future__ import annotations

from functools import cached_property

from webapp.core.ssh.connections import ConnectionService
from webapp.core.ssh.keypairs import KeypairService
from webapp.core.ssh.wire.running import SshChecks
from webapp.core.store import Store

__all__ = ["SshService"]


class SshService:
    """The use cases of SSH.

    Attributes:
        keypairs: Those of keypairs.
        connections: Those of connections.

    Args:
        store: The encrypted store.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.keypairs = KeypairService(store)
        self.connections = ConnectionService(store, lambda: self.checks)

    @cached_property
    def checks(self) -> SshChecks:
        """The tests and pairings that run and have run."""
        return SshChecks()

    def stop(self) -> None:
        """Stop every test and pairing."""
        if "checks" in self.__dict__:
            self.checks.stop()

"""What the list of keypairs and the page of one show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import url_for

from webapp.core.ssh.keypairs import CONNECTION, KeypairUser
from webapp.core.store import Keypair
from webapp.pages.access import runtime


@dataclass(frozen=True, slots=True)
class Row:
    """A keypair with what logs in with it."""

    keypair: Keypair
    users: tuple[KeypairUser, ...]

    @property
    def comment(self) -> str:
        """The comment of the public half."""
        return self.keypair.public.comment if self.keypair.public else ""


def rows(keypairs: Iterable[Keypair]) -> list[Row]:
    """Return the rows of the list."""
    users = runtime().ssh.keypairs.users()
    return [Row(keypair, users.get(keypair.id, ())) for keypair in keypairs]


def row(keypair: Keypair) -> Row:
    """Return one row."""
    return Row(keypair, runtime().ssh.keypairs.used_by(keypair.id))


def user_address(user: KeypairUser) -> str:
    """Return the page of what logs in with a keypair."""
    if user.kind == CONNECTION:
        return url_for("ssh_connections.edit", connection_id=user.id)
    return url_for("cloud_credentials.edit", credential_id=user.id)

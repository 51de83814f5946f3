"""What a row of the table shows."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass

from webapp.core.fields import as_text
from webapp.core.oauth.vendors import VENDORS
from webapp.core.providers import PROVIDERS
from webapp.core.providers.base import Provider
from webapp.core.store import Credential
from webapp.pages.access import runtime

HINT_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Row:
    """A credential with what tells it apart from others."""

    credential: Credential
    provider: Provider | None
    hint: str
    needs_login: bool = False

    @property
    def state(self) -> str:
        """The word on the badge."""
        if self.credential.damaged:
            return "damaged"
        return str(self.credential.verification.state) if self.credential.verification else "unchecked"


def rows(credentials: Iterable[Credential]) -> list[Row]:
    """Return the rows of a table."""
    shown, logins = list(credentials), runtime().store.logins
    needing = logins.needing()
    accounts = logins.accounts(credential.id for credential in shown if credential.provider in VENDORS)
    return [_row(credential, needing, accounts.get(credential.id, "")) for credential in shown]


def row(credential: Credential) -> Row:
    """Return the row of one credential; its hint holds no secret."""
    return rows([credential])[0]


def _row(credential: Credential, needing: Container[str], account: str) -> Row:
    provider = PROVIDERS.get(credential.provider)
    keys = provider.hint if provider else ()
    parts = [as_text(credential.attributes[key]) for key in keys if key in credential.attributes]
    hint = account or " · ".join(parts)  # of several log-ins with one app the account tells them apart
    return Row(credential, provider, hint[:HINT_LENGTH], credential.id in needing)

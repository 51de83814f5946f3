"""What a row of the table shows."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass

from webapp.core.fields import as_text
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
    needing = runtime().store.logins.needing()
    return [_row(credential, needing) for credential in credentials]


def row(credential: Credential) -> Row:
    """Return the row of one credential; its hint holds no secret."""
    return _row(credential, runtime().store.logins.needing())


def _row(credential: Credential, needing: Container[str]) -> Row:
    provider = PROVIDERS.get(credential.provider)
    keys = provider.hint if provider else ()
    parts = [as_text(credential.attributes[key]) for key in keys if key in credential.attributes]
    return Row(credential, provider, " · ".join(parts)[:HINT_LENGTH], credential.id in needing)

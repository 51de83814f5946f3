"""The list of credentials: what is asked for, and what a row shows."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask import url_for

from webapp.core.fields import Attributes, as_text
from webapp.core.providers import PROVIDERS
from webapp.core.providers.base import Provider, Support
from webapp.core.store import Credential, Verification
from webapp.core.verification.states import State

SIZE = 50
SORTS: Mapping[str, str] = {"name": "Name", "provider": "Provider", "state": "State", "checked": "Last check"}
"""Columns that can be sorted by, with their titles."""

FAR = 100_000
"""No list has more pages; a larger number would not fit into a database's integer."""

STATE_WORDS: Mapping[str, str] = {
    "": "not verified",
    State.VALID: "valid",
    State.VALID_LIMITED: "valid, limited",
    State.REACHABLE: "reachable",
    State.INVALID: "invalid",
    State.UNREACHABLE: "unreachable",
    State.MISCONFIGURED: "misconfigured",
    State.UNSUPPORTED: "unsupported",
    State.CANCELLED: "stopped",
}
"""What people read for each state; the empty one was never verified."""

FILTERS: Mapping[str, str] = {state or "unchecked": word for state, word in STATE_WORDS.items() if state != "cancelled"}
"""States that a list can be narrowed to; a stopped check leaves the stored state as it was."""


@dataclass(frozen=True, slots=True)
class Query:
    """What the address of the list asks for."""

    text: str = ""
    provider: str = ""
    state: str = ""
    sort: str = "name"
    descending: bool = False
    page: int = 1

    @classmethod
    def of(cls, arguments: Mapping[str, str]) -> Query:
        """Read the address; what makes no sense counts as not given."""
        page = arguments.get("page", "1")
        return cls(
            arguments.get("q", "").replace("\0", "")[:200],
            arguments.get("provider", "").replace("\0", "")[:50],
            arguments.get("state", "") if arguments.get("state", "") in FILTERS else "",
            arguments.get("sort", "") if arguments.get("sort", "") in SORTS else "name",
            arguments.get("order") == "descending",
            min(max(int(page), 1), FAR) if page.isascii() and page.isdigit() and len(page) < 9 else 1,  # noqa: PLR2004  FAR
        )

    @property
    def narrowed(self) -> bool:
        """Tell whether the list leaves something out."""
        return bool(self.text or self.provider or self.state)

    def address(self, **changes: str | int | bool) -> str:
        """Return the address of the list with some changes."""
        wanted = dataclasses.replace(self, **changes)
        arguments = {
            "q": wanted.text,
            "provider": wanted.provider,
            "state": wanted.state,
            "sort": wanted.sort if wanted.sort != "name" else "",
            "order": "descending" if wanted.descending else "",
            "page": wanted.page if wanted.page > 1 else "",
        }
        return url_for("cloud_credentials.index", **{name: value for name, value in arguments.items() if value})

    def sorted_by(self, column: str) -> str:
        """Return the address of the list sorted by a column, turned round when it is sorted by it already."""
        return self.address(sort=column, descending=column == self.sort and not self.descending, page=1)


@dataclass(frozen=True, slots=True)
class Row:
    """A credential as the list shows it; nothing secret."""

    id: str
    name: str
    provider: str
    icon: str
    hint: str
    state: str
    word: str
    verification: Verification | None
    damaged: str
    locked: bool


def rows(credentials: Iterable[Credential]) -> list[Row]:
    """Return what the list shows of these credentials."""
    return [row(credential) for credential in credentials]


def row(credential: Credential) -> Row:
    """Return what the list shows of a credential."""
    provider = PROVIDERS.get(credential.provider)
    state = credential.verification.state if credential.verification else ""
    return Row(
        credential.id,
        credential.name,
        provider.label if provider else credential.provider,
        provider.icon if provider else "cloud-off",
        hint(provider, credential.attributes) if provider else "",
        ("locked" if credential.locked else "damaged") if credential.damaged else state or "unchecked",
        ("locked" if credential.locked else "damaged") if credential.damaged else STATE_WORDS[state],
        credential.verification,
        credential.damaged,
        credential.locked,
    )


def hint(provider: Provider, attributes: Attributes) -> str:
    """Return what tells accounts of one provider apart: user, host, access key id, or what a key file says."""
    parts = [as_text(attributes[key]) for key in provider.hint if attributes.get(key)]
    if not parts and provider.summarize:
        parts = list(provider.summarize(attributes).values())[:2]
    return " · ".join(parts)


def creatable() -> list[Provider]:
    """Return the providers that new credentials can be made for."""
    return [provider for provider in PROVIDERS.values() if provider.support is not Support.UNSUPPORTED]

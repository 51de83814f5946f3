"""Log-ins under way: bound to one log-in of a person, for ten minutes, once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from webapp.core.store.declared import Row
from webapp.core.store.envelope import Envelope, Place
from webapp.core.store.logins.models import FlowRow
from webapp.core.store.models import Tables, bound, now, stamp

LIFE = timedelta(minutes=10)
STATE_BYTES = 32


@dataclass(frozen=True, slots=True)
class Flow:
    """One log-in under way; its repr shows no value.

    Attributes:
        id: The hash of its state: safe to show and in an address.
        provider: Where the person logs in.
        values: What the exchange needs: verifier, client, redirect address, draft.
    """

    id: str
    provider: str
    values: Mapping[str, str] = field(repr=False)


class Flows:
    """Starts, finds and takes log-ins under way; what stands in them is sealed."""

    def __init__(self, tables: Tables, envelope: Envelope) -> None:
        self._rows: Any = bound(FlowRow, tables.database)
        self._envelope = envelope

    def start(self, session: str, provider: str, values: Mapping[str, str]) -> tuple[str, Flow]:
        """Keep a log-in and return its state, 256 random bits, and what was kept; old ones of anyone are forgotten."""
        self._rows.delete().where(self._rows.created < stamp(now() - LIFE)).execute()
        state = secrets.token_urlsafe(STATE_BYTES)
        identifier = state_id(state)
        sealed = self._envelope.seal(_place(identifier, session, provider), dict(values))
        self._rows.insert(
            id=identifier, session=session, provider=provider, sealed=sealed, created=stamp(now())
        ).execute()
        return state, Flow(identifier, provider, dict(values))

    def find(self, identifier: str, session: str) -> Flow | None:
        """Return a log-in of this session that has not ended, without taking it."""
        return self._read(self._rows.get_or_none(*self._alive(session), self._rows.id == identifier))

    def take(self, identifier: str, session: str) -> Flow | None:
        """Return a log-in and end it: of several who ask at once, one gets it."""
        flow = self.find(identifier, session)
        ended = self._rows.delete().where(*self._alive(session), self._rows.id == identifier).execute()
        return flow if ended else None

    def only(self, session: str, provider: str) -> Flow | None:
        """Return the one log-in that this session has under way at a provider; nothing when there are several."""
        rows = list(self._rows.select().where(*self._alive(session), self._rows.provider == provider))
        return self._read(rows[0]) if len(rows) == 1 else None

    def put(self, flow: Flow, session: str, values: Mapping[str, str]) -> None:
        """Store other values for a log-in under way."""
        sealed = self._envelope.seal(_place(flow.id, session, flow.provider), dict(values))
        self._rows.update(sealed=sealed).where(*self._alive(session), self._rows.id == flow.id).execute()

    def _alive(self, session: str) -> tuple[Any, ...]:
        return (self._rows.session == session, self._rows.created >= stamp(now() - LIFE))

    def _read(self, row: Any) -> Flow | None:
        if row is None:
            return None
        values = self._envelope.open(_place(row.id, row.session, row.provider), row.sealed)
        return Flow(row.id, row.provider, values)


def state_id(state: str) -> str:
    """Return the id under which a state's log-in is kept; the state itself is stored nowhere."""
    return hashlib.sha256(state.encode(errors="replace")).hexdigest()


def place_of_flow(row: Row) -> Place:
    """Return where the values of a log-in under way stand; they open for its own session and provider alone."""
    return Place("oauth_flow", f"{row['id']}:{row['session']}:{row['provider']}", "values", 0)


def _place(identifier: str, session: str, provider: str) -> Place:
    return place_of_flow({"id": identifier, "session": session, "provider": provider})

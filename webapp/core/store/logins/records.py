"""What is known of each credential's log-in, and when its token is renewed next."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from webapp.core.store.declared import Row
from webapp.core.store.envelope import Envelope, Place
from webapp.core.store.faults import DamagedError, LockedError
from webapp.core.store.logins.models import LoginRow
from webapp.core.store.models import Tables, bound, moment, stamp

MANY = 500
"""Credentials that are asked for by name at once."""


@dataclass(frozen=True, slots=True)
class Login:
    """The log-in of one credential.

    Attributes:
        credential: The credential's id.
        account: Who is logged in, as the provider names them; empty when it was never asked.
        scopes: What the token may do, as the provider said it.
        previous: The token before this one as JSON: kept until the new one has been renewed in its turn.
        needs_login: Whether only a person can mend it, by logging in again.
        error: Why the last renewal failed, as a sentence.
        tries: Renewals in a row that failed.
        refreshed: When the token was last renewed or made.
        due: When it is renewed next whether or not it is used; nothing when it never has to be.
        ends: When the log-in ends if it is not renewed, as far as is known.
        chain: The versions of the credential that renewals alone led from and to.
    """

    credential: str
    account: str = ""
    scopes: str = ""
    previous: str = field(default="", repr=False)
    needs_login: bool = False
    error: str = ""
    tries: int = 0
    refreshed: datetime | None = None
    due: datetime | None = None
    ends: datetime | None = None
    chain: tuple[int, int] = (0, 0)


class Logins:
    """Keeps what is known of log-ins; accounts and old tokens are sealed."""

    def __init__(self, tables: Tables, envelope: Envelope) -> None:
        self._rows: Any = bound(LoginRow, tables.database)
        self._credentials: Any = tables.credential
        self._envelope = envelope

    def find(self, credential: str) -> Login | None:
        """Return the log-in of a credential, if one is known."""
        row = self._rows.get_or_none(self._rows.id == credential)
        return self._read(row) if row else None

    def put(self, login: Login) -> None:
        """Store a log-in over the old one."""
        inner = [login.account, login.scopes, login.previous]
        columns: dict[str, Any] = {
            "sealed": self._envelope.seal(place_of_login({"id": login.credential}), inner),
            "needs_login": login.needs_login,
            "error": login.error,
            "tries": login.tries,
            **{name: _text(getattr(login, name)) for name in ("refreshed", "due", "ends")},
            "chain_from": login.chain[0],
            "chain_to": login.chain[1],
        }
        row = self._rows.insert(id=login.credential, **columns)
        row.on_conflict(conflict_target=[self._rows.id], update=columns).execute()

    def remove(self, credential: str) -> None:
        """Forget the log-in of a credential."""
        self._rows.delete().where(self._rows.id == credential).execute()

    def due(self, at: datetime, limit: int) -> builtins.list[str]:
        """Return ids of credentials whose token is to be renewed by now, the most urgent first."""
        rows = self._rows
        query = rows.select(rows.id).where(~rows.needs_login, rows.due != "", rows.due <= stamp(at))
        return [row.id for row in query.order_by(rows.due).limit(limit)]

    def needing(self) -> frozenset[str]:
        """Return ids of credentials whose log-in only a person can mend; nothing is opened for it."""
        return frozenset(row.id for row in self._rows.select(self._rows.id).where(self._rows.needs_login))

    def accounts(self, credentials: Iterable[str]) -> dict[str, str]:
        """Return who is logged in with each of these credentials, as far as it is known."""
        wanted, rows = set(credentials), self._rows.select()
        if len(wanted) <= MANY:  # databases have a limit for the values of one question
            rows = rows.where(self._rows.id.in_(wanted))
        return {row.id: account for row in rows if row.id in wanted and (account := self._read(row).account)}

    def broken(self) -> builtins.list[Login]:
        """Return the log-ins that only a person can mend."""
        return [self._read(row) for row in self._rows.select().where(self._rows.needs_login)]

    def ending(self, before: datetime) -> builtins.list[Login]:
        """Return the log-ins that end before a time and are not broken yet."""
        rows = self._rows
        query = rows.select().where(~rows.needs_login, rows.ends != "", rows.ends <= stamp(before))
        return [self._read(row) for row in query]

    def missing(self, providers: Iterable[str], limit: int) -> builtins.list[str]:
        """Return ids of credentials of these providers whose log-in is not known yet, and forget lost log-ins."""
        known, credentials = self._rows, self._credentials
        known.delete().where(known.id.not_in(credentials.select(credentials.id))).execute()
        wanted = (credentials.provider.in_(list(providers)), credentials.id.not_in(known.select(known.id)))
        return [row.id for row in credentials.select(credentials.id).where(*wanted).limit(limit)]

    def _read(self, row: Any) -> Login:
        try:
            account, scopes, previous = self._envelope.open(place_of_login({"id": row.id}), row.sealed)
        except (LockedError, DamagedError):
            account, scopes, previous = "", "", ""
        return Login(
            row.id,
            account,
            scopes,
            previous,
            row.needs_login,
            row.error,
            row.tries,
            refreshed=_time(row.refreshed),
            due=_time(row.due),
            ends=_time(row.ends),
            chain=(row.chain_from, row.chain_to),
        )


def _text(at: datetime | None) -> str:
    return stamp(at) if at else ""


def _time(text: str) -> datetime | None:
    return moment(text) if text else None


def place_of_login(row: Row) -> Place:
    """Return where a log-in's values stand."""
    return Place("login", row["id"], "account", 0)

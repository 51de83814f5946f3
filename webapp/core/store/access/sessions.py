"""Log-ins that can be listed and ended."""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import InternalError, OperationalError

from webapp.core.store.models import Tables, moment, now, stamp

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=7)
TOUCH = timedelta(minutes=1)
"""A session's last use is written at most this often."""


@dataclass(frozen=True, slots=True)
class Session:
    """One log-in; `id` is the hash of its token and safe to show, `name` that of its account."""

    id: str
    account: str
    name: str
    started: datetime
    seen: datetime
    user_agent: str
    address: str


class Sessions:
    """Starts, finds and ends log-ins. Only hashes of tokens are stored."""

    def __init__(self, tables: Tables, idle: timedelta = IDLE) -> None:
        self._rows: Any = tables.session
        self._database: Any = tables.database
        self._idle = idle
        # Every request asks this: as text, since putting it together takes longer than asking it.
        self._find, self._every = self._query(tables.account)

    def _query(self, accounts: Any) -> tuple[str, Any]:
        """Return the query for a log-in by its id as text, and that for all."""
        rows = self._rows
        columns = [rows.id, rows.account, accounts.name, rows.started, rows.seen, rows.user_agent, rows.address]
        every = rows.select(*columns).join(accounts, on=rows.account == accounts.id).tuples()
        return every.where(rows.id == "").sql()[0], every

    def start(self, account_id: str, *, user_agent: str = "", address: str = "") -> str:
        """Start a log-in and return its token: 256 random bits."""
        self._forget_old()
        token, at = secrets.token_urlsafe(32), stamp(now())
        self._rows.insert(
            id=_hash(token), account=account_id, started=at, seen=at, user_agent=user_agent[:200], address=address[:64]
        ).execute()
        return token

    def find(self, token: str, *, use: bool = True) -> Session | None:
        """Return the log-in of a token, unless it has ended.

        Args:
            token: What the browser holds.
            use: Whether this counts as a use of it; what a page asks for by itself does not keep a log-in alive.
        """
        row = self._database.execute_sql(self._find, [_hash(token)]).fetchone() if token else None
        found = _session(row) if row else None
        if found is None or self._ended(found):
            return None
        if use and now() - found.seen > TOUCH:
            with suppress(OperationalError, InternalError):  # who cannot write, as a volume is full, may still read
                self._rows.update(seen=stamp(now())).where(self._rows.id == found.id).execute()
        return found

    def list(self, account_id: str) -> list[Session]:
        """Return an account's log-ins, the newest first."""
        rows = self._every.where(self._rows.account == account_id).order_by(self._rows.seen.desc())
        return [found for found in map(_session, rows) if not self._ended(found)]

    def end(self, session_id: str) -> None:
        """End one log-in by its id."""
        self._rows.delete().where(self._rows.id == session_id).execute()

    def end_token(self, token: str) -> None:
        """End the log-in of a token."""
        self.end(_hash(token))

    def end_all(self, account_id: str, *, except_token: str = "") -> None:
        """End all log-ins of an account but one."""
        kept = _hash(except_token) if except_token else ""
        self._rows.delete().where(self._rows.account == account_id, self._rows.id != kept).execute()

    def _ended(self, found: Session) -> bool:
        return now() - found.seen > self._idle or now() - found.started > ABSOLUTE

    def _forget_old(self) -> None:
        self._rows.delete().where(self._rows.started < stamp(now() - ABSOLUTE)).execute()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _session(row: Any) -> Session:
    identifier, account, name, started, seen, user_agent, address = row
    return Session(identifier, account, name, moment(started), moment(seen), user_agent, address)

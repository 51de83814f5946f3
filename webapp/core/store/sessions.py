"""Log-ins that can be listed and ended."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from webapp.core.store.models import Tables, moment, now, stamp

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=7)
TOUCH = timedelta(minutes=1)
"""A session's last use is written at most this often."""


@dataclass(frozen=True, slots=True)
class Session:
    """One log-in; `id` is the hash of its token and safe to show."""

    id: str
    account: str
    started: datetime
    seen: datetime
    user_agent: str
    address: str


class Sessions:
    """Starts, finds and ends log-ins. Only hashes of tokens are stored."""

    def __init__(self, tables: Tables, idle: timedelta = IDLE) -> None:
        self._rows: Any = tables.session
        self._idle = idle

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
        row = self._rows.get_or_none(self._rows.id == _hash(token)) if token else None
        if row is None or self._ended(row):
            return None
        if use and now() - moment(row.seen) > TOUCH:
            self._rows.update(seen=stamp(now())).where(self._rows.id == row.id).execute()
        return _session(row)

    def list(self, account_id: str) -> list[Session]:
        """Return an account's log-ins, the newest first."""
        rows = self._rows.select().where(self._rows.account == account_id).order_by(self._rows.seen.desc())
        return [_session(row) for row in rows if not self._ended(row)]

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

    def _ended(self, row: Any) -> bool:
        return now() - moment(row.seen) > self._idle or now() - moment(row.started) > ABSOLUTE

    def _forget_old(self) -> None:
        self._rows.delete().where(self._rows.started < stamp(now() - ABSOLUTE)).execute()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _session(row: Any) -> Session:
    return Session(row.id, row.account, moment(row.started), moment(row.seen), row.user_agent, row.address)

"""Tokens with which programs use the JSON API. Only their hashes are stored.

A token stays out of backups, like a log-in: whoever restores one on another machine makes new tokens there.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from peewee import IntegrityError, InternalError, OperationalError

from webapp.core.errors import ConflictError, NotFoundError, PermanentError
from webapp.core.store.audit import Action, Audit
from webapp.core.store.models import Tables, moment, now, stamp
from webapp.core.store.names import clean_name, name_key

PREFIX = "bct_"
"""What each token begins with, so that a program that looks for leaked secrets knows one."""

LONGEST_DAYS = 3660
TOUCH = timedelta(minutes=1)
"""A token's last use is written at most this often."""


class Scope(StrEnum):
    """What a token may do; the value is how it is stored, asked for and shown."""

    READ = "read"
    VERIFY = "verify"
    WRITE = "write"
    REVEAL = "reveal"


SCOPES: dict[Scope, str] = {
    Scope.READ: "List and show credentials, SSH keypairs and connections, without their secrets.",
    Scope.VERIFY: "Ask providers and SSH servers whether credentials and connections work.",
    Scope.WRITE: "Add, change and delete credentials, SSH keypairs and connections.",
    Scope.REVEAL: "Read secrets, as they are or in the shape of a tool.",
}
"""What each scope allows; none includes another."""


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token as it may be shown; `id` is the hash of what the program holds.

    Attributes:
        expires: When it ends; none for never.
        used: When it was last used, to the minute; none for never.
    """

    id: str
    name: str
    scopes: frozenset[Scope]
    created: datetime
    created_by: str
    expires: datetime | None
    used: datetime | None

    @property
    def ended(self) -> bool:
        """Tell whether its time is over."""
        return self.expires is not None and self.expires <= now()


class ApiTokens:
    """Makes, finds and revokes tokens."""

    def __init__(self, tables: Tables, audit: Audit) -> None:
        self._rows: Any = tables.api_token
        self._database: Any = tables.database
        self._audit = audit

    def make(self, name: object, scopes: Iterable[str], *, days: int | None, by: str) -> tuple[ApiToken, str]:
        """Make a token and return it with its text: 256 random bits that are shown this once.

        Args:
            name: What people know it by.
            scopes: What it may do.
            days: Days until it ends; none for never.
            by: Who makes it.

        Raises:
            PermanentError: The name, a scope or the number of days is not allowed.
            ConflictError: The name is taken.
        """
        text = PREFIX + secrets.token_urlsafe(32)
        at = now()
        expires = at + timedelta(days=checked_days(days)) if days is not None else None
        token = ApiToken(hashed(text), clean_name(name), checked_scopes(scopes), at, by, expires, None)
        try:
            with self._database.atomic():
                self._rows.insert(**_columns(token)).execute()
                self._note(Action.ADD, token)
        except IntegrityError:
            raise ConflictError("Another token has this name.", field="name") from None
        return token, text

    def find(self, text: str) -> ApiToken | None:
        """Return the token that a program sent, unless it was revoked or has ended."""
        row = self._rows.get_or_none(self._rows.id == hashed(text)) if text.startswith(PREFIX) else None
        found = _token(row) if row else None
        if found is None or found.ended:
            return None
        if found.used is None or now() - found.used > TOUCH:
            with suppress(OperationalError, InternalError):  # as for log-ins: a full volume stops no reading
                self._rows.update(used=stamp(now())).where(self._rows.id == found.id).execute()
        return found

    def list(self) -> list[ApiToken]:
        """Return all of them by name, those that have ended as well."""
        return [_token(row) for row in self._rows.select().order_by(self._rows.name_key)]

    def named(self, name: str) -> ApiToken:
        """Return a token by its name.

        Raises:
            NotFoundError: There is none.
        """
        row = self._rows.get_or_none(self._rows.name_key == name_key(name))
        if row is None:
            raise NotFoundError("There is no token of this name.", field="name")
        return _token(row)

    def get(self, identifier: str) -> ApiToken:
        """Return a token by its id.

        Raises:
            NotFoundError: There is none; it may have been revoked.
        """
        row = self._rows.get_or_none(self._rows.id == identifier)
        if row is None:
            raise NotFoundError("There is no such token. It may have been revoked.")
        return _token(row)

    def revoke(self, identifier: str) -> ApiToken:
        """End a token for good, and return it.

        Raises:
            NotFoundError: There is none; it may have been revoked.
        """
        token = self.get(identifier)
        with self._database.atomic():
            self._rows.delete().where(self._rows.id == identifier).execute()
            self._note(Action.DELETE, token)
        return token

    def _note(self, action: Action, token: ApiToken) -> None:
        detail = {"scopes": " ".join(sorted(token.scopes))}
        self._audit.note(action, kind="API token", subject=token.id[:12], name=token.name, detail=detail)


def hashed(text: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def checked_scopes(scopes: Iterable[str]) -> frozenset[Scope]:
    """Return scopes by their names.

    Raises:
        PermanentError: There is none, or one is unknown.
    """
    try:
        found = frozenset(map(Scope, scopes))
    except ValueError:
        raise PermanentError(f"There is no such scope. Known are {', '.join(Scope)}.", field="scopes") from None
    if not found:
        raise PermanentError("Choose what the token may do.", field="scopes")
    return found


def checked_days(days: int) -> int:
    """Return a number of days that a token can have.

    Raises:
        PermanentError: It is too small or too large.
    """
    if not 1 <= days <= LONGEST_DAYS:
        raise PermanentError(f"A token can be valid for 1 to {LONGEST_DAYS} days.", field="days")
    return days


def _columns(token: ApiToken) -> dict[str, str]:
    return {
        "id": token.id,
        "name": token.name,
        "name_key": name_key(token.name),
        "scopes": " ".join(sorted(token.scopes)),
        "created": stamp(token.created),
        "created_by": token.created_by,
        "expires": stamp(token.expires) if token.expires else "",
        "used": "",
    }


def _token(row: Any) -> ApiToken:
    scopes = frozenset(Scope(word) for word in row.scopes.split())
    expires, used = (moment(text) if text else None for text in (row.expires, row.used))
    return ApiToken(row.id, row.name, scopes, moment(row.created), row.created_by, expires, used)

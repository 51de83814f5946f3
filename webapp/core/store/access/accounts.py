"""Accounts of people: the first one by a one-time code, then log-in with a password.

Passwords are hashed with Argon2id (RFC 9106, its second recommended option: 64 MiB, 3 passes, 4 lanes).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from peewee import Case, IntegrityError

from webapp.core.errors import ConflictError, PermanentError, TransientError
from webapp.core.store.audit import Action, Audit, Outcome
from webapp.core.store.models import Tables, moment, now, stamp
from webapp.core.store.names import clean_name, name_key

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1024
FREE_ATTEMPTS = 5
LONGEST_WAIT = 900
"""Seconds; a wrong password never locks an account for good."""
FORGET = timedelta(hours=1)
REMEMBERED = 1000
"""Waits that are known to stand in the audit already."""
CODE_KEY = "setup-code"


class ThrottledError(TransientError):
    """Too many wrong passwords; the sentence says how long to wait."""


@dataclass(frozen=True, slots=True)
class Account:
    """A person who may log in."""

    id: str
    name: str


class Accounts:
    """Makes and checks accounts."""

    def __init__(self, tables: Tables, audit: Audit) -> None:
        self._tables = tables
        self._audit = audit
        self._rows: Any = tables.account
        self._attempts: Any = tables.attempt
        self._values: Any = tables.value
        self._turned_away: dict[tuple[str, ...], str] = {}

    def exists(self) -> bool:
        """Tell whether anyone can log in."""
        return self._rows.select().exists()

    def get(self, identifier: str) -> Account | None:
        """Return an account by its id."""
        row = self._rows.get_or_none(self._rows.id == identifier)
        return Account(row.id, row.name) if row else None

    def setup_code(self) -> str:
        """Return a new one-time code for the first account; earlier codes end. Only its hash is stored."""
        code = "-".join(secrets.token_hex(2) for _ in range(4))
        row = self._values.insert(id=CODE_KEY, value=_hash(code), sealed=False)
        row.on_conflict(conflict_target=[self._values.id], update={self._values.value: _hash(code)}).execute()
        return code

    def create_administrator(self, code: str, name: str, password: str, *, address: str = "") -> Account:
        """Make the first account.

        Raises:
            PermanentError: There is one already, the code is wrong, or name or password is not allowed.
            ThrottledError: Too many wrong codes.
        """
        if self.exists():
            raise ConflictError("The administrator account was made already. Log in with it.")
        subjects = (f"setup:{address}",)
        self._refuse_throttled(subjects, Action.SIGN_IN)
        stored = self._values.get_or_none(self._values.id == CODE_KEY)
        if stored is None or not hmac.compare_digest(stored.value, _hash(code.strip().lower())):
            self._fail(subjects)
            self._audit.note(Action.SIGN_IN, outcome=Outcome.REFUSED, detail={"why": "wrong set-up code"})
            raise PermanentError("This code is wrong. The newest one stands in the log of the server.", field="code")
        return self._create(name, password, code=stored.value)

    def provide_administrator(self, name: str, password: str) -> Account | None:
        """Make the first account from what the installation gives; nothing when there is one already.

        Raises:
            PermanentError: Name or password is not allowed.
        """
        if self.exists():
            return None
        try:
            return self._create(name, password)
        except ConflictError:  # another process has made it at the same moment
            return None

    def _create(self, name: str, password: str, *, code: str = "") -> Account:
        name = clean_name(name)
        _refuse_weak(password)
        account = Account(str(uuid.uuid4()), name)
        columns = {"id": account.id, "name": name, "name_key": name_key(name), "created": stamp(now())}
        try:
            with self._tables.database.atomic():
                self._rows.insert(**columns, password=_hashed(password)).execute()
                self._use_up(code)
                self._audit.note(Action.ADD, kind="account", subject=account.id, name=name, who=name)
        except IntegrityError:
            raise ConflictError("An account of this name exists.", field="name") from None
        return account

    def _use_up(self, code: str) -> None:
        """End the one-time code: of two who give it at the same moment, one makes the account."""
        values = self._values
        wanted = [values.id == CODE_KEY, *([values.value == code] if code else [])]
        if not values.delete().where(*wanted).execute() and code:
            raise ConflictError("This code was used a moment ago. Log in with the account that it made.", field="code")

    def check(self, name: str, password: str, address: str, *, action: Action = Action.SIGN_IN) -> Account:
        """Return the account that this password belongs to, and note it in the audit as `action`.

        Raises:
            PermanentError: Name or password is wrong; it is not said which.
            ThrottledError: Too many wrong ones for this account or from this address.
        """
        # Not the name itself: people type passwords into the wrong input.
        subjects = (f"account:{_hash(name_key(name))}", f"address:{address[:200]}")
        self._refuse_throttled(subjects, action)
        row = self._rows.get_or_none(self._rows.name_key == name_key(name))
        if not _matches(password, row.password if row else None):
            self._fail(subjects)
            self._refused(row, action)
            raise PermanentError("Name or password is wrong.", field="password")
        self._attempts.delete().where(self._attempts.id.in_(subjects)).execute()
        self._audit.note(action, kind="account", subject=row.id, name=row.name, who=row.name)
        return Account(row.id, row.name)

    def _refused(self, row: Any, action: Action) -> None:
        """Note a wrong password; an unknown name is not repeated, as people type passwords into the wrong input."""
        who, subject = (row.name, row.id) if row else ("an unknown name", "")
        detail = {"why": "wrong password" if row else "unknown name"}
        self._audit.note(action, kind="account", subject=subject, who=who, outcome=Outcome.REFUSED, detail=detail)

    def change_password(self, identifier: str, old: str, new: str, *, address: str = "") -> None:
        """Give an account a new password.

        Raises:
            PermanentError: The old one is wrong or the new one is too weak.
        """
        account = self.get(identifier)
        if account is None:
            raise PermanentError("This account is gone.")
        try:
            self.check(account.name, old, address, action=Action.PASSWORD)
        except PermanentError as error:
            raise PermanentError("The present password is wrong.", field="old") from error
        _refuse_weak(new, field="new")
        with self._tables.database.atomic():
            self._rows.update(password=_hashed(new)).where(self._rows.id == identifier).execute()
            detail = {"what": "changed"}
            self._audit.note(
                Action.PASSWORD, kind="account", subject=identifier, name=account.name, who=account.name, detail=detail
            )

    def _refuse_throttled(self, subjects: tuple[str, ...], action: Action) -> None:
        waits = [self._wait(row) for row in self._attempts.select().where(self._attempts.id.in_(subjects))]
        longest = max(waits, default=0)
        if longest > 0:
            self._turn_away(subjects, action)
            raise ThrottledError(f"Too many wrong attempts. Try again in {longest} seconds.")

    def _turn_away(self, subjects: tuple[str, ...], action: Action) -> None:
        """Note that somebody has to wait, once for each wait: whoever goes on trying fills no audit."""
        last = max(row.last for row in self._attempts.select().where(self._attempts.id.in_(subjects)))
        if self._turned_away.get(subjects) != last:
            if len(self._turned_away) > REMEMBERED:
                self._turned_away.clear()
            self._turned_away[subjects] = last
            self._audit.note(action, outcome=Outcome.REFUSED, detail={"why": "too many wrong attempts"})

    def _wait(self, row: Any) -> int:
        """Return the seconds to wait: none at first, then doubling."""
        if row.failures < FREE_ATTEMPTS:
            return 0
        pause = min(2 ** (row.failures - FREE_ATTEMPTS + 1), LONGEST_WAIT)
        return max(0, int(pause - (now() - moment(row.last)).total_seconds()) + 1)

    def _fail(self, subjects: tuple[str, ...]) -> None:
        """Count a wrong password in one statement each: whoever tries many at once is counted for all of them."""
        rows, at = self._attempts, now()
        old = rows.last < stamp(at - FORGET)
        changes = {rows.failures: Case(None, [(old, 1)], rows.failures + 1), rows.last: stamp(at)}
        for subject in subjects:
            row = rows.insert(id=subject, failures=1, last=stamp(at))
            row.on_conflict(conflict_target=[rows.id], update=changes).execute()


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode(errors="replace")).hexdigest()


def _hashed(password: str) -> str:
    kdf = Argon2id(salt=os.urandom(16), length=32, iterations=3, lanes=4, memory_cost=65536)
    return kdf.derive_phc_encoded(password.encode(errors="replace"))


def _matches(password: str, stored: str | None) -> bool:
    """Compare a password; an unknown name takes as long as a wrong password."""
    if stored is None:
        _hashed(password[:LONGEST_PASSWORD])
        return False
    try:
        Argon2id.verify_phc_encoded(password.encode(errors="replace")[: LONGEST_PASSWORD * 4], stored)
    except InvalidKey:
        return False
    return True


def _refuse_weak(password: str, *, field: str = "password") -> None:
    if len(password) < SHORTEST_PASSWORD:
        raise PermanentError(f"Use at least {SHORTEST_PASSWORD} characters; a few words do well.", field=field)
    if len(password) > LONGEST_PASSWORD:
        raise PermanentError(f"Use at most {LONGEST_PASSWORD} characters.", field=field)

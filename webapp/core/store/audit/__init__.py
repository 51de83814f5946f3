"""The audit: who did what, from where, when, with what outcome; never a value.

Entries form a chain of hashes, so that one that was changed, left out or put in is found. Each carries a mark that
needs the secret seed, so that nobody who only reaches the database can make a new chain.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, Protocol, TypedDict, Unpack

from webapp.core.errors import CredentialError, PermanentError
from webapp.core.store.audit.acting import actor
from webapp.core.store.audit.entries import LONGEST, Action, Entry, Outcome, chained, link, marked
from webapp.core.store.audit.models import AuditBookRow, AuditRow
from webapp.core.store.faults import DamagedError, LockedError
from webapp.core.store.keyvalues import Values
from webapp.core.store.models import Tables, bound, insert_all, now, stamp

AUDIT_KEY = "audit-key:"
"""A book's key stands sealed under this name and the book's id."""

WITHOUT_SEED = "entries noted without it"
"""Under this name an entry says how many before it carry no mark."""

__all__ = ["AUDIT_KEY", "WITHOUT_SEED", "About", "Action", "Audit", "Entry", "Outcome", "about"]


_NOTED = "noted_in_the_audit"
"""Marks an error that is noted already: it passes several doors on its way to a person."""


class Named(Protocol):
    """A stored record that people know by its name."""

    @property
    def id(self) -> str:
        """What the store knows it by."""
        ...

    @property
    def name(self) -> str:
        """What people know it by."""
        ...


class About(TypedDict, total=False):
    """What more is said of an entry; see `Audit.note`."""

    kind: str
    subject: str
    name: str
    who: str
    detail: Mapping[str, object]


def about(kind: str, record: Named, who: str) -> About:
    """Return what an entry says of a stored record: what it is, which one, and who asked."""
    return {"kind": kind, "subject": record.id, "name": record.name, "who": who}


def _statements(books: Any) -> tuple[str, str]:
    """Return what counts the own book up by a number and tells its id, number and chain, and what notes its chain."""
    counted = books.update(number=books.number + 1).where(books.own).returning(books.id, books.number, books.chain)
    return counted.sql()[0], books.update(chain="").where(books.id == "").sql()[0]


class Audit:
    """Notes what happens."""

    def __init__(self, tables: Tables, values: Values) -> None:
        self.database = tables.database
        self.rows: Any = bound(AuditRow, tables.database)
        self.books: Any = bound(AuditBookRow, tables.database)
        self._values = values
        self._keys: dict[str, bytes] = {}
        # Every change asks these: as text, since putting them together takes longer than running them.
        self._count, self._close = _statements(self.books)

    def note(
        self,
        action: Action,
        *,
        kind: str = "",
        subject: str = "",
        name: str = "",
        outcome: Outcome = Outcome.OK,
        who: str = "",
        detail: Mapping[str, object] | None = None,
    ) -> None:
        """Note what happened; inside a transaction the entry is kept or dropped together with the rest of it.

        Args:
            action: What.
            kind: Of what kind the subject is, such as `credential`.
            subject: The subject's id.
            name: What the subject is called.
            outcome: How it ended.
            who: Who did it, when it is not the one who acts in this thread (see `acting`).
            detail: More by name: a format, keys of changed fields, a count. Never a value of a field.
        """
        self.note_all(action, [(subject, name, detail or {})], kind=kind, outcome=outcome, who=who)

    def note_all(
        self,
        action: Action,
        subjects: Sequence[tuple[str, str, Mapping[str, object]]],
        *,
        kind: str = "",
        outcome: Outcome = Outcome.OK,
        who: str = "",
    ) -> None:
        """Note the same of several subjects, each with its id, its name and its detail; see `note`."""
        acts, at = actor(), now()
        by, origin = _text(who or acts.who), _text(acts.origin)
        entries = [
            Entry("", 0, at, by, origin, action, kind, subject, _text(name), outcome, _texts(detail))
            for subject, name, detail in subjects
        ]
        if entries:
            with self.database.atomic():
                self._append(entries)

    @contextmanager
    def failures(self, action: Action, **about: Unpack[About]) -> Generator[None]:
        """Note it when what is done inside is refused or fails, and let the error go on. Stands around transactions."""
        try:
            yield
        except Exception as error:
            self.failed(action, error, **about)
            raise

    def failed(self, action: Action, error: Exception, **about: Unpack[About]) -> None:
        """Note a failure, once; a database that is out of reach cannot keep it, and hides no error by that.

        Of an error that is made for people its sentence is kept, of any other one only what it is: its text may hold a
        value.
        """
        if getattr(error, _NOTED, False):
            return
        if not self.database.in_transaction():  # else what is noted here goes with the rest of it
            setattr(error, _NOTED, True)
        why = error.message if isinstance(error, CredentialError) else type(error).__name__
        why = (error.strerror or why) if isinstance(error, OSError) else why
        outcome = Outcome.REFUSED if isinstance(error, PermanentError) else Outcome.FAILED
        about["detail"] = {**about.get("detail", {}), "why": why}
        with suppress(Exception):  # whatever keeps the database from it must not stand in for what failed
            self.note(action, outcome=outcome, **about)

    def _append(self, entries: Sequence[Entry]) -> None:
        """Count the book up first: that takes the lock under which the chain grows by one writer at a time."""
        ((book, last, chain),) = self.database.execute_sql(self._count, [len(entries)]).fetchall()
        key, rows = self.key(book), list[dict[str, Any]]()
        for number, plain in enumerate(entries, last - len(entries) + 1):
            entry = replace(plain, book=book, number=number)
            chain = chained(chain, entry)
            rows.append(_columns(entry, chain, marked(key, chain)))
        insert_all(self.rows, rows)
        self.database.execute_sql(self._close, [chain, book])

    def ready(self) -> None:
        """Make the key of the own book's marks, once the secret seed is there, and say what was noted without it."""
        (book,) = self.books.select().where(self.books.own)
        if self.key(book.id) is None:
            self._values.add(AUDIT_KEY + book.id, secrets.token_hex(32), secret=True)
        if unmarked := self._unmarked(book):
            detail = {"what": "the seed is there again", WITHOUT_SEED: unmarked}
            self.note(Action.SEED, detail=detail)

    def _unmarked(self, book: Any) -> int:
        """Count the entries at the end of a book that carry no mark."""
        rows = self.rows
        last = rows.get_or_none(rows.book == book.id, rows.number == book.number)
        if last is None or last.mark:
            return 0
        marked_ones = rows.select(rows.number).where(rows.book == book.id, rows.mark != "")
        newest = marked_ones.order_by(rows.number.desc()).first()
        return int(book.number - (newest.number if newest else book.base_number))

    def turn_over(self) -> str:
        """Begin a new book, as the marks of the old one need a seed that is lost; return the old one's last link.

        Whoever notes that link in the new book vouches for the end of the old one, which was noted without the seed.
        """
        with self.database.atomic():
            (old,) = self.books.select().where(self.books.own)
            self.books.update(own=False).where(self.books.own).execute()
            self.books.insert(
                id=secrets.token_hex(16), number=0, chain="", base_number=0, base_chain="", base_mark="", own=True
            ).execute()
        return link(old.id, old.number, old.chain)

    def key(self, book: str) -> bytes | None:
        """Return the key of a book's marks; nothing while the secret seed is missing."""
        if book not in self._keys:
            try:
                text = self._values.get(AUDIT_KEY + book)
            except (LockedError, DamagedError):
                return None
            if text is None:
                return None
            self._keys[book] = bytes.fromhex(text)
        return self._keys[book]


def _columns(entry: Entry, chain: str, mark: str) -> dict[str, Any]:
    return {
        "book": entry.book,
        "number": entry.number,
        "at": stamp(entry.at),
        "who": entry.who,
        "origin": entry.origin,
        "action": str(entry.action),
        "kind": entry.kind,
        "subject": entry.subject,
        "name": entry.name,
        "outcome": str(entry.outcome),
        "detail": json.dumps(dict(entry.detail)),
        "chain": chain,
        "mark": mark,
    }


def _text(value: object) -> str:
    """Return a text of bearable length that every database takes."""
    return str(value).replace("\0", "")[:LONGEST].encode(errors="replace").decode()


def _texts(detail: Mapping[str, object]) -> dict[str, str]:
    return {key: _text(value) for key, value in detail.items()}

"""Reads the audit: lists with a filter, checks the chains, and clears away what is older than it has to be kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from webapp.core.store.audit import WITHOUT_SEED, Action, Audit
from webapp.core.store.audit.entries import Entry, chained, link, marked
from webapp.core.store.models import moment, now, stamp
from webapp.core.store.paging import Page, page_of

BATCH = 1000
DIGITS = 18
"""Of an entry's number; databases keep 64 bits."""
FINDINGS = 20
"""Sentences at most; more of them say nothing new."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries are wanted; what is empty does not count.

    Attributes:
        text: Stands in the subject's name, who did it, from where, or is the subject's id.
        action: What happened.
        outcome: How it ended.
        since: Not before.
        until: Before.
    """

    text: str = ""
    action: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(slots=True)
class Report:
    """What a check of the chains has found.

    Attributes:
        entries: How many were looked at.
        findings: What is wrong, one sentence each; nothing when all is well.
        heads: The last link of each chain, `BOOK:NUMBER:HASH`; kept elsewhere it shows later that nothing was cut off.
        marks: Whether the marks could be checked, which needs the secret seed.
    """

    entries: int = 0
    findings: list[str] = field(default_factory=list[str])
    heads: list[str] = field(default_factory=list[str])
    marks: bool = True

    def find(self, sentence: str) -> None:
        """Keep a sentence, unless there are enough."""
        if len(self.findings) < FINDINGS:
            self.findings.append(sentence)


class AuditLog:
    """Reads what `Audit` has noted."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self._rows, self._books = audit.rows, audit.books

    def search(self, wanted: Filter, *, page: int = 1, size: int = 50) -> Page[Entry]:
        """Return one page of the entries, the newest first."""
        query = self._rows.select().where(*self._conditions(wanted))
        order = (self._rows.at.desc(), self._rows.number.desc())
        return page_of(query, order, _entry, page, size)

    def walk(self, wanted: Filter | None = None) -> Iterator[Entry]:
        """Give every entry, chain by chain, the oldest first, without holding all of them."""
        for book in self._books.select().order_by(self._books.id):
            for row in self._chain(book.id, *self._conditions(wanted or Filter())):
                yield _entry(row)

    def _chain(self, book: str, *conditions: Any) -> Iterator[Any]:
        rows, last = self._rows, 0
        while True:
            query = rows.select().where(rows.book == book, rows.number > last, *conditions)
            batch = list(query.order_by(rows.number).limit(BATCH))
            yield from batch
            if len(batch) < BATCH:
                return
            last = batch[-1].number

    def _conditions(self, wanted: Filter) -> list[Any]:
        rows = self._rows
        asked: list[Any] = [rows.number > 0]
        if wanted.text:
            parts = (rows.name, rows.who, rows.origin, rows.subject, rows.detail)
            some = parts[0].contains(wanted.text)
            for part in parts[1:]:
                some |= part.contains(wanted.text)
            asked.append(some)
        asked += [rows.action == wanted.action] if wanted.action else []
        asked += [rows.outcome == wanted.outcome] if wanted.outcome else []
        asked += [rows.at >= stamp(wanted.since)] if wanted.since else []
        asked += [rows.at < stamp(wanted.until)] if wanted.until else []
        return asked

    def verify(self, *, head: str = "") -> Report:
        """Check every chain: each link, each mark, the end; with an earlier `head` also that it is still in there."""
        report = Report()
        for book in self._books.select().order_by(self._books.id):
            self._verify(book, report)
        if head and not self._has(head):
            report.find(f"The link {head[:100]} is not in the audit: entries up to it were taken out or made anew.")
        return report

    def _verify(self, book: Any, report: Report) -> None:
        key = self._audit.key(book.id)
        report.marks &= key is not None
        number, chain, unmarked = book.base_number, book.base_chain, 0
        if key and book.base_mark != base_mark(key, number, chain):
            report.find("Where old entries were cleared away was changed by someone without the secret seed.")
        for row in self._chain(book.id):
            report.entries += 1
            entry = _entry(row)
            _check_link(report, entry, number, chain)
            if key and entry.mark and entry.mark != marked(key, entry.chain):
                report.find(f"{_named(entry)} was made by someone without the secret seed.")
            if key and entry.mark and unmarked and not _owns_up(entry, unmarked):
                report.find(
                    f"The {unmarked} before {_named(entry)} carry no mark: who made them did not have the seed."
                )
            unmarked = 0 if entry.mark else unmarked + 1
            number, chain = entry.number, entry.chain
        if (number, chain) != (book.number, book.chain):
            report.find(f"The end is missing: {book.number} entries were noted, the last one here is {number}.")
        if key and unmarked and not self._continued(link(book.id, number, chain)):
            report.find(f"The last {unmarked} carry no mark of the secret seed: who made them did not have it.")
        report.heads.append(link(book.id, number, chain))

    def _continued(self, head: str) -> bool:
        """Tell whether an entry of another book, marked there, begins where this one ends: its seed was given up."""
        rows = self._rows
        return rows.select().where(rows.action == Action.SEED, rows.mark != "", rows.detail.contains(head)).exists()

    def _has(self, head: str) -> bool:
        book, _, rest = head.partition(":")
        number, _, chain = rest.partition(":")
        if not number.isdecimal() or len(number) > DIGITS:
            return False
        rows, books = self._rows, self._books
        kept = rows.select().where(rows.book == book, rows.number == int(number), rows.chain == chain).exists()
        return kept or books.select().where(books.id == book, books.base_number >= int(number)).exists()

    def clear(self, days: float) -> int:
        """Remove entries that are older, note that, and return how many they were. Newer ones stay checkable."""
        before = stamp(now() - timedelta(days=days))
        count = 0
        with self._audit.database.atomic():
            for book in self._books.select():
                count += self._clear(book, before)
            if count:
                self._audit.note(Action.AUDIT, detail={"what": "old entries cleared away", "entries": count})
        return count

    def _clear(self, book: Any, before: str) -> int:
        rows, books = self._rows, self._books
        fresh = rows.select(rows.number).where(rows.book == book.id, rows.at >= before)
        kept = fresh.order_by(rows.number).first()
        last = (kept.number if kept else book.number + 1) - 1
        base = rows.get_or_none(rows.book == book.id, rows.number == last)
        key = self._audit.key(book.id)
        if base is None or key is None:
            return 0
        changes = {"base_number": last, "base_chain": base.chain, "base_mark": base_mark(key, last, base.chain)}
        books.update(**changes).where(books.id == book.id).execute()
        return int(rows.delete().where(rows.book == book.id, rows.number <= last).execute())


def base_mark(key: bytes, number: int, chain: str) -> str:
    """Return the mark of where a chain begins; nothing for one that begins at its first entry."""
    return marked(key, f"base:{number}:{chain}") if number else ""


def _check_link(report: Report, entry: Entry, number: int, chain: str) -> None:
    if entry.number != number + 1:
        report.find(f"Between {number} and {entry.number} entries are missing.")
    elif entry.chain != chained(chain, entry):
        report.find(f"{_named(entry)} was changed, or stands in another place than it was noted in.")


def _owns_up(entry: Entry, count: int) -> bool:
    """Tell whether an entry says that so many before it were noted while the seed was away; older ones may be gone."""
    said = entry.detail.get(WITHOUT_SEED, "")
    return entry.action == Action.SEED and said.isdecimal() and int(said) >= count


def _named(entry: Entry) -> str:
    return f"Entry {entry.number} of {entry.at:%Y-%m-%d %H:%M:%S} UTC"


def _entry(row: Any) -> Entry:
    return Entry(
        row.book,
        row.number,
        moment(row.at),
        row.who,
        row.origin,
        row.action,
        row.kind,
        row.subject,
        row.name,
        row.outcome,
        json.loads(row.detail),
        row.chain,
        row.mark,
    )

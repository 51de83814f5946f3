from __future__ import annotations

import re
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from webapp.core.errors import ConflictError, CredentialError
from webapp.core.store import Store
from webapp.core.store.audit import Action, Outcome
from webapp.core.store.audit.acting import acting
from webapp.core.store.audit.entries import chained, marked
from webapp.core.store.audit.reading import Filter
from webapp.core.store.models import moment, now, stamp
from webapp.core.verification.states import Result, State

VALUES = {"access_key_id": "AKID", "secret_access_key": "CANARY-SECRET"}
Reopen = Callable[[], Store]


def rows(store: Store) -> list[Any]:
    entries = store.audit.rows
    return list(entries.select().order_by(entries.book, entries.number))


def acts(store: Store) -> list[tuple[str, str, str, str]]:
    return [(row.action, row.name, row.who, row.origin) for row in rows(store)]


def test_changes_note_who_and_from_where(store: Store) -> None:
    with acting("anna", "192.0.2.7"):
        made = store.credentials.add("Nightly", "S3", VALUES, by="anna")
        store.credentials.change(made.id, version=1, by="ben", attributes={**VALUES, "secret_access_key": "CANARY-2"})
        store.credentials.record(made.id, Result(State.INVALID, "No."), version=2)
        store.credentials.record(made.id, Result(State.INVALID, "Still no."), version=2)
        store.credentials.delete(made.id, by="anna")
    assert acts(store) == [
        ("add", "Nightly", "anna", "192.0.2.7"),
        ("change", "Nightly", "ben", "192.0.2.7"),
        ("verification", "Nightly", "anna", "192.0.2.7"),
        ("delete", "Nightly", "anna", "192.0.2.7"),
    ]
    assert "secret_access_key" in rows(store)[1].detail
    assert not [row for row in rows(store) if "CANARY" in str(row.__data__)]


def test_a_sign_in_that_fails_repeats_no_unknown_name(store: Store) -> None:
    store.accounts.create_administrator(store.accounts.setup_code(), "admin", "long enough password")
    for name in ("admin", "CANARY-typed-into-the-wrong-input"):
        with pytest.raises(CredentialError):
            store.accounts.check(name, "CANARY-wrong", "192.0.2.1")
    store.accounts.check("Admin", "long enough password", "192.0.2.1")
    seen = [(row.who, row.outcome) for row in rows(store) if row.action == Action.SIGN_IN]
    assert seen == [("admin", Outcome.REFUSED), ("an unknown name", Outcome.REFUSED), ("admin", Outcome.OK)]
    assert not [row for row in rows(store) if "CANARY" in str(row.__data__)]


def test_what_is_undone_leaves_no_entry(store: Store) -> None:
    with suppress(ConflictError), store.together():
        store.credentials.add("Nightly", "S3", VALUES, by="me")
        store.credentials.add("nightly", "S3", VALUES, by="me")
    assert store.credentials.count() == 0
    assert not rows(store)


def test_threads_and_processes_share_one_chain(store: Store, reopen: Reopen) -> None:
    others = [reopen() for _ in range(4)]

    def work(one: Store) -> None:
        for _ in range(25):
            one.audit.note(Action.READ, name="x")
        one.release()

    threads = [threading.Thread(target=work, args=(one,)) for one in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.number for row in rows(store)] == list(range(1, 101))
    assert store.audit_log.verify().findings == []


def noted(store: Store, count: int = 5) -> None:
    for number in range(count):
        store.audit.note(Action.READ, name=f"credential {number}")


BREAKS: dict[str, tuple[str, str]] = {
    "changed": ("UPDATE audit SET who = 'nobody' WHERE number = 3", "Entry 3 .* was changed"),
    "left out": ("DELETE FROM audit WHERE number = 3", "Between 2 and 4 entries are missing"),
    "cut off": ("DELETE FROM audit WHERE number > 3", "The end is missing: 5 entries"),
    "swapped": ("UPDATE audit SET number = CASE number WHEN 3 THEN 90 ELSE number END", "entries are missing"),
    "detail": ('UPDATE audit SET detail = \'{"a": "b"}\' WHERE number = 1', "Entry 1 .* was changed"),
    "marks taken off": ("UPDATE audit SET mark = ''", "The last 5 carry no mark"),
    "beginning": ("UPDATE audit_book SET base_number = 2", "old entries were cleared away was changed"),
    "all gone": ("DELETE FROM audit", "The end is missing"),
}


@pytest.mark.parametrize("how", BREAKS)
def test_a_broken_chain_is_found(store: Store, how: str) -> None:
    statement, sentence = BREAKS[how]
    noted(store)
    assert store.audit_log.verify().findings == []
    store._database.execute_sql(statement)
    assert re.search(sentence, " ".join(store.audit_log.verify().findings))


def test_a_chain_made_anew_without_the_seed_is_found(store: Store) -> None:
    noted(store)
    before = ""
    for row in rows(store):
        entry = next(entry for entry in store.audit_log.walk() if entry.number == row.number)
        entry = replace(entry, who="somebody else")
        before = chained(before, entry)
        store.audit.rows.update(who=entry.who, chain=before).where(store.audit.rows.number == row.number).execute()
    store.audit.books.update(chain=before).execute()
    findings = store.audit_log.verify().findings
    assert len(findings) == 5
    assert "without the secret seed" in findings[0]


def test_a_kept_link_shows_that_the_end_was_cut_off(store: Store) -> None:
    noted(store)
    (head,) = store.audit_log.verify().heads
    assert store.audit_log.verify(head=head).findings == []
    third = next(entry for entry in store.audit_log.walk() if entry.number == 3)
    store.audit.rows.delete().where(store.audit.rows.number > 3).execute()
    store.audit.books.update(number=3, chain=third.chain).execute()
    assert store.audit_log.verify().findings == []
    assert "taken out" in store.audit_log.verify(head=head).findings[0]
    assert store.audit_log.verify(head="nonsense").findings


def test_old_entries_are_cleared_away_and_the_rest_stays_checkable(store: Store) -> None:
    noted(store)
    entries = list(store.audit_log.walk())
    before = ""
    for entry in entries:  # the first three as they would be had they been noted long ago
        aged = replace(entry, at=now() - timedelta(days=400)) if entry.number <= 3 else entry
        aged = replace(aged, at=moment(stamp(aged.at)))
        before = chained(before, aged)
        mark = marked(store.audit.key(entry.book), before)
        changes = {"at": stamp(aged.at), "chain": before, "mark": mark}
        store.audit.rows.update(**changes).where(store.audit.rows.number == entry.number).execute()
    store.audit.books.update(chain=before).execute()
    assert store.audit_log.verify().findings == []
    assert store.audit_log.clear(365) == 3
    assert store.audit_log.clear(365) == 0
    assert store.audit_log.verify().findings == []
    assert [entry.number for entry in store.audit_log.walk()] == [4, 5, 6]


def test_the_list_is_filtered_and_paged(store: Store) -> None:
    noted(store, 60)
    store.audit.note(Action.SIGN_IN, who="ben", outcome=Outcome.REFUSED)
    log = store.audit_log
    assert (log.search(Filter()).total, log.search(Filter()).pages, len(log.search(Filter()).items)) == (61, 2, 50)
    assert log.search(Filter()).items[0].who == "ben"
    assert log.search(Filter(text="credential 7")).total == 1
    assert log.search(Filter(action="sign-in")).total == log.search(Filter(outcome="refused")).total == 1
    assert log.search(Filter(since=now() + timedelta(hours=1))).total == 0
    assert log.search(Filter(until=now() + timedelta(hours=1))).total == 61

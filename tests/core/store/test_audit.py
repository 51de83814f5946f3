from __future__ import annotations

import re
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from webapp.core.errors import ConflictError, CredentialError, PermanentError
from webapp.core.service import CredentialService
from webapp.core.store import KeyRing, SeedError, Store, open_store
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


def test_what_is_made_anew_under_a_running_app_is_found(store: Store) -> None:
    """Who rewrites the last entries without the seed takes their marks off; those that come later vouch for none."""
    noted(store)
    entries = list(store.audit_log.walk())
    before = entries[1].chain
    for entry in entries[2:]:
        before = chained(before, replace(entry, who="somebody else"))
        changes = {"who": "somebody else", "chain": before, "mark": ""}
        store.audit.rows.update(**changes).where(store.audit.rows.number == entry.number).execute()
    store.audit.books.update(chain=before).execute()
    store.audit.note(Action.READ, name="later")
    assert "The 3 before Entry 6" in " ".join(store.audit_log.verify().findings)


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


def refusals(store: Store) -> list[tuple[str, str, str, str, str]]:
    return [
        (entry.action, entry.name, entry.who, entry.outcome, entry.detail.get("what", ""))
        for entry in store.audit_log.walk()
        if entry.outcome != Outcome.OK
    ]


def test_what_is_refused_is_noted_once(store: Store) -> None:
    primary = store.keys.ring.primary_id
    with pytest.raises(PermanentError, match="Rotate first"):
        store.keys.retire(primary, by="anna")
    with pytest.raises(PermanentError, match="no such key"):
        store.keys.retire("nonsense", by="anna")
    with pytest.raises(SeedError, match="here already"):
        store.keys.take_seed(store.keys.ring, by="ben")
    with pytest.raises(SeedError), store.audit.failures(Action.SEED, detail={"what": "an outer door"}):
        store.keys.take_seed(store.keys.ring, by="ben")
    with pytest.raises(SeedError):
        store.unlock("no seed")
    assert refusals(store) == [
        ("rotation", primary, "anna", "refused", "retire"),
        ("rotation", "nonsense", "anna", "refused", "retire"),
        ("seed", primary, "ben", "refused", "import"),
        ("seed", primary, "ben", "refused", "import"),
        ("seed", "", "the server", "refused", "unlock"),
    ]
    assert store.audit_log.verify().findings == []


def test_a_ring_that_cannot_be_written_is_noted(database: str, tmp_path: Path) -> None:
    first = open_store(database, KeyRing.from_file(tmp_path / "seed.json", create=True))
    text = first.keys.ring.text()
    first.close()
    store = open_store(database, KeyRing.from_text(text))
    with pytest.raises(SeedError, match="seed next"):
        store.keys.rotate(by="anna")
    store.close()
    lost = open_store(database, KeyRing({}, ""))
    assert lost.locked
    with pytest.raises(PermanentError, match="locked"):
        lost.keys.rotate(by="anna")
    with pytest.raises(SeedError, match="cannot be made"):
        lost.keys.give_up(by="anna")
    assert [(action, what) for action, _, _, _, what in refusals(lost)] == [
        ("rotation", "new primary key"),
        ("rotation", "new primary key"),
        ("seed", "give up"),
    ]
    lost.close()


def test_a_change_that_is_refused_is_noted(store: Store) -> None:
    service = CredentialService(store, lambda: pytest.fail("nothing is verified"))
    made = service.add("Nightly", "S3", VALUES, by="anna")
    with pytest.raises(ConflictError):
        service.edit(made.id, {**VALUES, "region": "x"}, version=7, by="ben")
    store.repositories.secret(made.id, "backups/db", "password", by="anna", given="CANARY-REPOSITORY")
    with pytest.raises(PermanentError, match="in use"):
        service.delete(made.id, by="ben")
    assert [refused[:4] for refused in refusals(store)] == [
        ("change", "Nightly", "ben", "refused"),
        ("delete", "Nightly", "ben", "refused"),
    ]


def test_of_a_fault_only_its_kind_is_kept(store: Store) -> None:
    with pytest.raises(ValueError, match="CANARY"), store.audit.failures(Action.FAILURE, name="a page"):
        raise ValueError("CANARY-VALUE")
    (entry,) = store.audit_log.walk()
    assert (entry.action, entry.outcome, entry.detail) == ("failure", "failed", {"why": "ValueError"})


def test_what_is_refused_inside_a_transaction_is_noted_when_that_is_undone(store: Store) -> None:
    with (
        suppress(ValueError),
        store.audit.failures(Action.CHANGE, name="outside"),
        store.together(),
        store.audit.failures(Action.CHANGE, name="inside"),
    ):
        raise ValueError
    assert [entry.name for entry in store.audit_log.walk()] == ["outside"]


def test_who_has_to_wait_is_noted_once_for_each_wait(store: Store) -> None:
    store.accounts.create_administrator(store.accounts.setup_code(), "admin", "long enough password")
    with acting("a visitor", "192.0.2.1"):
        for _ in range(12):
            with suppress(CredentialError):
                store.accounts.check("admin", "wrong", "192.0.2.1")
    found = [entry for entry in store.audit_log.walk() if entry.action == Action.SIGN_IN]
    assert [entry.detail["why"] for entry in found] == ["wrong password"] * 5 + ["too many wrong attempts"]
    assert {(entry.outcome, entry.origin) for entry in found} == {("refused", "192.0.2.1")}


def test_what_is_noted_while_the_seed_is_away_breaks_nothing(database: str, tmp_path: Path) -> None:
    """A refused read of a locked store stands there without a mark; the next start with the seed says so."""
    here = tmp_path / "seed.json"
    first = open_store(database, KeyRing.from_file(here, create=True))
    noted(first, 2)
    first.close()
    locked = open_store(database, KeyRing({}, ""))
    noted(locked, 3)
    locked.close()
    store = open_store(database, KeyRing.from_file(here, create=False))
    assert store.audit_log.verify().findings == []
    last = list(store.audit_log.walk())[-1]
    assert dict(last.detail) == {"what": "the seed is there again", "entries noted without it": "3"}
    store.close()
    again = open_store(database, KeyRing.from_file(here, create=False))
    assert len(list(again.audit_log.walk())) == 6
    again.close()


def test_a_seed_that_was_given_up_and_turns_up_finds_no_broken_chain(database: str, tmp_path: Path) -> None:
    first = open_store(database, KeyRing.from_file(tmp_path / "lost.json", create=True))
    noted(first, 2)
    seed = first.keys.ring
    first.close()
    store = open_store(database, KeyRing.from_file(tmp_path / "new.json", create=True))
    noted(store, 3)
    store.keys.give_up(by="me")
    store.keys.take_seed(seed, by="me")
    report = store.audit_log.verify()
    assert (report.findings, report.marks) == ([], True)
    old = next(entry.book for entry in store.audit_log.walk() if entry.name == "credential 2")
    store.audit.rows.update(mark="").where(store.audit.rows.book != old).execute()
    findings = store.audit_log.verify().findings
    assert "The last 3 carry no mark" in " ".join(findings), "nobody with a seed vouches for them any more"
    store.close()

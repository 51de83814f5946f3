from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from webapp.core.errors import ConflictError, CredentialError
from webapp.core.store import Store
from webapp.core.store.audit import Action, Outcome
from webapp.core.store.audit.acting import acting
from webapp.core.verification.states import Result, State

VALUES = {"access_key_id": "AKID", "secret_access_key": "CANARY-SECRET"}
Reopen = Callable[[], Store]


def rows(store: Store) -> list[Any]:
    entries = store.audit._rows
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

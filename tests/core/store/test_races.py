"""Two who do the same at the same moment: nobody is refused without a reason, and nothing is lost or counted once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from peewee import SqliteDatabase

from webapp.core.errors import ConflictError
from webapp.core.store import ChangedError, EntryChangedError, Store, open_store
from webapp.core.store.access.accounts import FORGET
from webapp.core.store.models import now, stamp

Reopen = Callable[[], Store]
READ_ONLY = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"
VALUES = {"access_key_id": "AKID", "secret_access_key": "CANARY-SECRET"}


def test_who_reads_before_writing_waits_for_others_like_everybody(store: Store, reopen: Reopen) -> None:
    other, read = reopen(), threading.Event()

    def write() -> None:
        read.wait(10)
        other.values.put("b", 1)
        other.release()

    writing = threading.Thread(target=write, daemon=True)
    writing.start()
    with store.together():
        pass
    with store._database.atomic():
        assert store.values.get("b") is None
        read.set()
        writing.join(0.3)
        store.values.put("a", 1)
    writing.join(10)
    assert (store.values.get("a"), store.values.get("b")) == (1, 1)


def between(entries: Any, change: Callable[[], object]) -> None:
    """Let somebody else change what is about to be deleted, after it was looked at."""
    look, once = entries._row, [change]

    def row(identifier: str) -> Any:
        found = look(identifier)
        for one in [once.pop() for _ in once]:
            one()
        return found

    entries._row = row


def test_a_version_that_nobody_has_seen_is_not_deleted(store: Store, reopen: Reopen) -> None:
    other = reopen()
    made = store.credentials.add("One", "S3", VALUES, by="me")
    between(store.credentials, lambda: other.credentials.change(made.id, version=1, by="anna", attributes={}))
    with pytest.raises(ChangedError, match="by anna"):
        store.credentials.delete(made.id, version=1, by="me")
    assert other.credentials.get(made.id).version == 2
    key = store.ssh.keypairs.add("Key", {"public_key": "ssh-rsa AAAA"}, by="me")
    between(store.ssh.keypairs, lambda: other.ssh.keypairs.change(key.id, version=1, by="anna", name="Key 2"))
    with pytest.raises(EntryChangedError, match="by anna"):
        store.ssh.keypairs.delete(key.id, version=1, by="me")
    assert other.ssh.keypairs.get(key.id).version == 2


def test_every_wrong_password_counts_also_of_many_at_once(store: Store) -> None:
    def wrong() -> None:
        for _ in range(10):
            store.accounts._fail(("address:192.0.2.1",))
        store.release()

    threads = [threading.Thread(target=wrong, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    attempts = store.accounts._attempts
    assert [row.failures for row in attempts.select()] == [40]
    attempts.update(last=stamp(now() - 2 * FORGET)).execute()
    store.accounts._fail(("address:192.0.2.1",))
    assert [row.failures for row in attempts.select()] == [1], "long ago counts no more"


def test_two_servers_make_the_first_account_together(store: Store, reopen: Reopen) -> None:
    other = reopen()
    seen = other.accounts.exists()
    assert store.accounts.provide_administrator("admin", "CANARY long enough password")
    other.accounts.exists = lambda: seen
    assert other.accounts.provide_administrator("admin", "CANARY long enough password") is None


def test_a_one_time_code_makes_one_account(store: Store, reopen: Reopen) -> None:
    other, code = reopen(), store.accounts.setup_code()
    look = other._database.execute_sql

    def make() -> None:
        store.accounts.create_administrator(code, "anna", "CANARY long enough password")

    def asked(sql: str, params: Any = None) -> Any:
        if sql.startswith('INSERT INTO "account"') and not store.accounts.exists():
            other._database.rollback()  # whoever is first has the lock for writing on SQLite
            make()
            other._database.begin()
        return look(sql, params)

    other._database.execute_sql = asked
    with pytest.raises(ConflictError, match="used a moment ago"):
        other.accounts.create_administrator(code, "ben", "CANARY long enough password")
    assert [row.name for row in store.accounts._rows.select()] == ["anna"]


def test_a_volume_that_takes_no_more_stops_nobody_who_reads(store: Store) -> None:
    _, text = store.api_tokens.make("reader", ["read"], days=1, by="me")
    account = store.accounts.provide_administrator("admin", "CANARY long enough password")
    assert account
    token = store.sessions.start(account.id)
    store.sessions._rows.update(seen=stamp(now() - timedelta(minutes=5))).execute()
    read_only = "PRAGMA query_only = 1" if isinstance(store._database, SqliteDatabase) else READ_ONLY
    store._database.execute_sql(read_only)
    found = store.api_tokens.find(text)
    assert found
    assert found.name == "reader"
    assert store.sessions.find(token)
    store._database.manual_close()


@pytest.mark.parametrize("tail", ["user:pa%ss@127.0.0.1:1/db", "user:x@127.0.0.1:1/db?bogus=1"], ids=["%", "option"])
def test_an_address_that_cannot_be_read_is_told_without_repeating_it(store: Store, tail: str) -> None:
    with pytest.raises(Exception, match="cannot be understood") as caught:
        open_store(f"postgresql://{tail}", store.keys.ring)
    assert tail not in str(caught.value)

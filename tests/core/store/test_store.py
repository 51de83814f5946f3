from __future__ import annotations

import multiprocessing
import os
import random
import signal
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from webapp.core.errors import ConflictError, NotFoundError, PermanentError
from webapp.core.store import (
    ChangedError,
    DamagedError,
    KeyRing,
    LockedError,
    SeedError,
    Store,
    ThrottledError,
    open_store,
)
from webapp.core.store.envelope import Envelope, Place
from webapp.core.verification.states import Result, State

VALUES = {"access_key_id": "AKID", "secret_access_key": "CANARY-SECRET"}
Reopen = Callable[[], Store]


def test_saved_and_found_again(store: Store, reopen: Reopen) -> None:
    made = store.credentials.add("  Nightly   S3 ", "S3", VALUES, by="me")
    store.close()
    found = reopen().credentials.find("nightly s3")
    assert (found.id, found.name, dict(found.attributes)) == (made.id, "Nightly S3", VALUES)
    assert set(found.secret_dates) == {"secret_access_key"}
    assert "CANARY" not in repr(found)


@pytest.mark.parametrize("name", ["Nightly", "nightly", " NIGHTLY ", "Ｎightly"])  # noqa: RUF001  a wide letter on purpose
def test_names_are_unique(store: Store, name: str) -> None:
    store.credentials.add("Nightly", "S3", VALUES, by="me")
    with pytest.raises(ConflictError) as caught:
        store.credentials.add(name, "S3", VALUES, by="me")
    assert caught.value.field == "name"


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\nb", "a\x00b", "a\ud800", None, 7])
def test_bad_names(store: Store, name: Any) -> None:
    with pytest.raises(PermanentError):
        store.credentials.add(name, "S3", VALUES, by="me")
    assert store.credentials.count() == 0


def test_the_second_of_two_editors_is_told(store: Store) -> None:
    made = store.credentials.add("A", "S3", VALUES, by="me")
    store.credentials.change(made.id, version=1, by="anna", attributes={**VALUES, "access_key_id": "NEW"})
    with pytest.raises(ChangedError, match="anna") as caught:
        store.credentials.change(made.id, version=1, by="ben", attributes=VALUES)
    assert caught.value.current.attributes["access_key_id"] == "NEW"
    assert store.credentials.get(made.id).version == 2


def test_delete_and_duplicate(store: Store) -> None:
    made = store.credentials.add("A", "S3", VALUES, by="me")
    copy = store.credentials.duplicate(made.id, name="B", by="me")
    store.credentials.delete(made.id, by="me")
    with pytest.raises(NotFoundError):
        store.credentials.get(made.id)
    assert dict(store.credentials.get(copy.id).attributes) == VALUES


def test_results_and_their_changes(store: Store) -> None:
    made = store.credentials.add("A", "S3", VALUES, by="me")
    store.credentials.record(made.id, Result(State.VALID, "fine"), version=1)
    assert store.credentials.newly_bad() == []
    store.credentials.record(made.id, Result(State.INVALID, "no", "secret_access_key", "words"), version=1)
    kept = store.credentials.get(made.id).verification
    assert kept
    assert (kept.state, kept.previous_state, kept.field, kept.detail) == (
        State.INVALID,
        "valid",
        "secret_access_key",
        "words",
    )
    assert [bad.id for bad in store.credentials.newly_bad()] == [made.id]
    store.credentials.acknowledge(made.id)
    assert store.credentials.newly_bad() == []
    assert store.credentials.search(state="invalid").total == 1


def test_search_sorts_and_pages(store: Store) -> None:
    for number in range(7):
        store.credentials.add(f"n{number}", "B2" if number % 2 else "S3", VALUES, by="me")
    page = store.credentials.search(size=3, page=3)
    assert ([item.name for item in page.items], page.total, page.pages) == (["n6"], 7, 3)
    assert store.credentials.search(provider="B2", sort="name", descending=True).items[0].name == "n5"
    assert store.credentials.search(text="N3").total == 1
    assert store.credentials.search(text="backblaze").total == store.credentials.search(text=" b2 ").total == 3
    assert store.credentials.search(text="n3", provider="S3").total == 0


def test_a_missing_seed_locks_and_wipes_nothing(store: Store, reopen: Reopen, tmp_path: Path) -> None:
    made = store.credentials.add("A", "S3", VALUES, by="me")
    store.close()
    seed = tmp_path / "seed.json"
    text = seed.read_text()
    seed.unlink()
    locked = reopen()
    assert locked.locked
    assert locked.locked.missing[0] in locked.locked.message
    assert not seed.exists()
    assert locked.credentials.get(made.id).locked
    with pytest.raises(LockedError):
        locked.credentials.add("B", "S3", VALUES, by="me")
    other = KeyRing({}, "", path=tmp_path / "other.json", create=True)
    other.fill()
    with pytest.raises(SeedError):
        locked.unlock((tmp_path / "other.json").read_text())
    locked.unlock(text)
    assert locked.locked is None
    assert dict(locked.credentials.get(made.id).attributes) == VALUES
    assert stat.S_IMODE(seed.stat().st_mode) == 0o600


def test_another_seed_writes_nothing(store: Store, database: str, tmp_path: Path) -> None:
    store.credentials.add("A", "S3", VALUES, by="me")
    wrong = KeyRing({}, "", path=tmp_path / "wrong.json", create=True)
    wrong.fill()
    locked = open_store(database, wrong)
    with pytest.raises(LockedError):
        locked.credentials.add("B", "S3", VALUES, by="me")
    locked.close()


def test_a_damaged_record_can_be_entered_again(store: Store) -> None:
    made = store.credentials.add("A", "S3", VALUES, by="me")
    other = store.credentials.add("B", "S3", VALUES, by="me")
    rows = store.credentials._rows
    sealed = rows.get_by_id(made.id).sealed
    rows.update(sealed=sealed).where(rows.id == other.id).execute()
    assert store.credentials.get(other.id).damaged
    assert dict(store.credentials.get(made.id).attributes) == VALUES
    again = store.credentials.change(other.id, version=1, by="me", attributes=VALUES)
    assert not again.damaged


@pytest.mark.parametrize(
    "place", [Place("credential", "2", "a", 1), Place("credential", "1", "b", 1), Place("credential", "1", "a", 2)]
)
def test_a_sealed_value_opens_only_in_its_place(tmp_path: Path, place: Place) -> None:
    ring = KeyRing.from_file(tmp_path / "seed", create=True)
    ring.fill()
    envelope = Envelope(ring)
    sealed = envelope.seal(Place("credential", "1", "a", 1), VALUES)
    assert envelope.open(Place("credential", "1", "a", 1), sealed) == VALUES
    with pytest.raises(DamagedError):
        envelope.open(place, sealed)
    with pytest.raises(DamagedError):
        envelope.open(Place("credential", "1", "a", 1), sealed[:-6] + "AAAA==")


def test_the_file_shows_no_value(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/x.db", KeyRing.from_file(tmp_path / "seed", create=True))
    made = store.credentials.add("Name", "S3", VALUES, by="me")
    store.credentials.record(made.id, Result(State.INVALID, "CANARY-MESSAGE", "", "CANARY-DETAIL"), version=1)
    store.values.put("k", "CANARY-VALUE", secret=True)
    code = store.accounts.setup_code()
    store.accounts.create_administrator(code, "admin", "CANARY-PASSWORD")
    token = store.sessions.start("x")
    store.close()
    for path in tmp_path.glob("x.db*"):
        raw = path.read_bytes()
        assert b"CANARY" not in raw
        assert b"AKID" not in raw
        assert token.encode() not in raw
        assert code.encode() not in raw


def test_accounts(store: Store) -> None:
    code = store.accounts.setup_code()
    with pytest.raises(PermanentError):
        store.accounts.create_administrator("0000-0000-0000-0000", "admin", "long enough password")
    with pytest.raises(PermanentError, match="12"):
        store.accounts.create_administrator(code, "admin", "short")
    account = store.accounts.create_administrator(code, "admin", "long enough password")
    with pytest.raises(ConflictError):
        store.accounts.create_administrator(code, "other", "long enough password")
    assert store.accounts.check("ADMIN", "long enough password", "192.0.2.1") == account
    for _ in range(5):
        with pytest.raises(PermanentError):
            store.accounts.check("admin", "wrong", "192.0.2.1")
    with pytest.raises(ThrottledError, match="seconds"):
        store.accounts.check("admin", "long enough password", "192.0.2.1")


def test_sessions(store: Store) -> None:
    one = store.accounts.create_administrator(store.accounts.setup_code(), "admin", "long enough password").id
    token = store.sessions.start(one, user_agent="x", address="y")
    other = store.sessions.start(one)
    found = store.sessions.find(token)
    assert found
    assert (found.account, found.name) == (one, "admin")
    assert {listed.id for listed in store.sessions.list(one)} >= {found.id}
    store.sessions.end_all(one, except_token=token)
    assert store.sessions.find(other) is None
    store.sessions.end_token(token)
    assert store.sessions.find(token) is None


def test_locks(store: Store) -> None:
    with store.locks.hold("x", 5):
        assert not store.locks.try_hold("x", "other", 1)
    assert store.locks.try_hold("x", "other", 0.05)
    time.sleep(0.1)
    assert store.locks.try_hold("x", "third", 1)


def test_two_processes_make_one_seed_and_one_schema(database: str, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=open_and_add, args=(database, str(tmp_path), str(n))) for n in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 4
    store = open_store(database, KeyRing.from_file(tmp_path / "seed.json", create=False))
    assert store.locked is None
    assert [item.damaged for item in store.credentials.search().items] == [""] * 4
    store.close()


def test_a_ring_read_before_another_process_made_the_seed_still_opens(database: str, tmp_path: Path) -> None:
    early = KeyRing.from_file(tmp_path / "seed.json", create=True)
    open_and_add(database, str(tmp_path), "A")
    late = open_store(database, early)
    assert late.locked is None
    assert late.credentials.search().items[0].damaged == ""
    late.close()


def open_and_add(database: str, folder: str, name: str) -> None:
    store = open_store(database, KeyRing.from_file(Path(folder) / "seed.json", create=True))
    store.credentials.add(name, "S3", VALUES, by="me")
    store.close()


def test_killed_at_any_moment_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/kill.db"
    store = open_store(address, KeyRing.from_file(tmp_path / "seed.json", create=True))
    made = store.credentials.add("A", "S3", {"n": 0, "m": "0" * 2000}, by="me")
    store.close()
    for _ in range(200):
        writer = os.fork()
        if writer == 0:
            write_for_ever(address, tmp_path, made.id)
        time.sleep(random.uniform(0.005, 0.1))
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)
        reader = open_store(address, KeyRing.from_file(tmp_path / "seed.json", create=False))
        found = reader.credentials.get(made.id)
        reader.close()
        assert not found.damaged
        assert found.attributes["m"] == str(found.attributes["n"])[-1] * 2000
    assert int(found.attributes["n"]) > 50, "they were killed before they wrote"


def write_for_ever(address: str, folder: Path, identifier: str) -> None:
    store = open_store(address, KeyRing.from_file(folder / "seed.json", create=False))
    number = int(store.credentials.get(identifier).attributes["n"])
    while True:
        number += 1
        version = store.credentials.get(identifier).version
        values = {"n": number, "m": str(number)[-1] * 2000}
        store.credentials.change(identifier, version=version, by="w", attributes=values)

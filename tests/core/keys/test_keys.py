from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from webapp.core.errors import PermanentError
from webapp.core.store import KeyRing, SeedError, Store, open_store
from webapp.core.store.models import now, stamp

VALUES = {"access_key_id": "AKID", "secret_access_key": "CANARY-SECRET"}
Reopen = Callable[[], Store]


def add(store: Store, count: int) -> None:
    with store.together():
        for number in range(count):
            store.credentials.add(f"N{store.credentials.count()}-{number}", "S3", VALUES, by="me")


def long_ago(store: Store) -> None:
    store.keys._rows.update(replaced=stamp(now() - timedelta(hours=1))).where(store.keys._rows.replaced != "").execute()


def test_rotation_moves_everything_and_retires_what_nothing_needs(store: Store, reopen: Reopen) -> None:
    add(store, 30)
    old, other = store.keys.ring.primary_id, reopen()
    seen: list[tuple[int, int]] = []
    new = store.keys.rotate(by="me")
    assert store.keys.rewrap(progress=lambda *step: seen.append(step), batch=7) == 31
    assert seen[-1] == (31, 31)
    assert {key.id: key.uses for key in store.keys.list()} == {new: 31, old: 0}
    with pytest.raises(PermanentError, match="a moment ago"):
        store.keys.retire(old, by="me")
    with pytest.raises(PermanentError, match="Rotate first"):
        store.keys.retire(new, by="me")
    long_ago(store)
    assert "is gone" in store.keys.retire(old, by="me")
    assert store.keys.ring.ids == (new,)
    assert other.credentials.search().items[0].attributes == VALUES, "a process that ran before sees the new key"
    other.credentials.add("Later", "S3", VALUES, by="me")
    assert [key.id for key in store.keys.list()] == [new]
    assert reopen().locked is None
    assert store.audit_log.verify().findings == []


def test_a_key_that_something_needs_stays(store: Store) -> None:
    add(store, 2)
    old = store.keys.ring.primary_id
    store.keys.rotate(by="me")
    long_ago(store)
    with pytest.raises(PermanentError, match="values still need"):
        store.keys.retire(old, by="me")
    store.keys.rewrap()
    sealed = store.credentials._rows.select().first().sealed.replace(store.keys.ring.primary_id, old)
    store._database.execute_sql(f"INSERT INTO lease (id, owner, until) VALUES ('x', '{sealed}', 0)")
    with pytest.raises(PermanentError, match="1 values still need"):
        store.keys.retire(old, by="me")
    store._database.execute_sql("DELETE FROM lease WHERE id = 'x'")


def test_a_ring_that_cannot_be_written_tells_what_to_do(database: str, tmp_path: Path) -> None:
    first = open_store(database, KeyRing.from_file(tmp_path / "seed.json", create=True))
    add(first, 3)
    text = first.keys.ring.text()
    first.close()
    store = open_store(database, KeyRing.from_text(text))
    with pytest.raises(SeedError, match="seed next"):
        store.keys.rotate(by="me")
    following = store.keys.ring.grown()
    store.close()
    after = open_store(database, KeyRing.from_text(following.text()))
    assert after.keys.tend() == 4
    assert {key.id: key.uses for key in after.keys.list()}[following.primary_id] == 4
    stale = open_store(database, KeyRing.from_text(text))
    assert stale.locked, "an old ring lacks the new key"
    stale.close()
    after.close()


def work(database: str, folder: str, what: str, results: multiprocessing.Queue[object]) -> None:
    store = open_store(database, KeyRing.from_file(Path(folder) / "seed.json", create=False))
    try:
        if what == "rewrap":
            results.put(store.keys.rewrap(batch=5))
        else:
            for number in range(40):
                made = store.credentials.add(f"{what} {number}", "S3", VALUES, by=what)
                store.credentials.change(made.id, version=1, by=what, attributes={**VALUES, "region": "x"})
            results.put(0)
    finally:
        store.close()


def test_several_processes_at_once(database: str, tmp_path: Path) -> None:
    store = open_store(database, KeyRing.from_file(tmp_path / "seed.json", create=True))
    add(store, 120)
    old = store.keys.ring.primary_id
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    store.keys.rotate(by="me")
    store.close()
    tasks = ("rewrap", "rewrap", "anna", "ben")
    processes = [
        context.Process(target=work, args=(database, str(tmp_path), task, results), daemon=True) for task in tasks
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
        assert process.exitcode == 0
    store = open_store(database, KeyRing.from_file(tmp_path / "seed.json", create=False))
    store.keys.rewrap()
    assert {key.id: key.uses for key in store.keys.list()}[old] == 0
    everything = [one for page in range(1, 6) for one in store.credentials.search(page=page).items]
    assert len(everything) == 200
    assert not [one for one in everything if one.damaged]
    store.close()


def test_a_lost_seed_is_given_up_without_losing_a_record(database: str, tmp_path: Path) -> None:
    first = open_store(database, KeyRing.from_file(tmp_path / "lost.json", create=True))
    add(first, 3)
    old = first.keys.ring
    first.close()
    store = open_store(database, KeyRing.from_file(tmp_path / "new.json", create=True))
    assert store.locked
    assert store.locked.missing == old.ids
    assert store.keys.give_up(by="me") == old.ids
    assert store.locked is None
    waiting = store.keys.locked_records()
    assert [(one.label, one.key) for one in waiting] == [("credential", old.primary_id)] * 3
    again = store.credentials.get(waiting[0].id)
    store.credentials.change(again.id, version=again.version, by="me", attributes=VALUES)
    assert dict(store.credentials.get(again.id).attributes) == VALUES
    store.credentials.delete(waiting[1].id, by="me")
    assert len(store.keys.locked_records()) == 1
    assert store.audit_log.verify().findings == []
    store.close()
    later = open_store(database, KeyRing.from_file(tmp_path / "new.json", create=True))
    assert later.locked is None
    later.keys.take_seed(old, by="me")
    assert not later.keys.locked_records()
    assert later.audit_log.verify().findings == []
    later.close()

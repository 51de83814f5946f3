"""The file of the seed while others change it: no key is ever lost, and nothing is sealed with a foreign one."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from webapp.core.store import KeyRing, LockedError, SeedError, Store, open_store
from webapp.core.store.backup import Backup
from webapp.core.store.keyring import new_seed

VALUES = {"access_key_id": "AKID", "secret_access_key": "CANARY-SECRET"}
PASSPHRASE = "CANARY correct horse battery"


class Open(Protocol):
    """Opens the store, with the ring of the file or a given one."""

    def __call__(self, ring: KeyRing | None = None) -> Store: ...


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    return tmp_path / "seed.json"


@pytest.fixture
def opened(tmp_path: Path, seed: Path) -> Iterator[Open]:
    """Opens one store again and again, each time as another process would."""
    stores: list[Store] = []

    def go(ring: KeyRing | None = None) -> Store:
        stores.append(open_store(f"sqlite:///{tmp_path}/store.db", ring or KeyRing.from_file(seed, create=True)))
        return stores[-1]

    yield go
    for store in stores:
        store.close()


def foreign() -> KeyRing:
    return KeyRing.from_text(new_seed())


def one_key(ring: KeyRing, identifier: str) -> str:
    key = ring.key(identifier)
    assert key
    return KeyRing({identifier: key}, identifier).text()


def test_a_key_that_another_process_has_added_stays_in_the_file(opened: Open, seed: Path) -> None:
    other, store = opened(), opened()
    store.credentials.add("One", "S3", VALUES, by="me")
    new = store.keys.rotate(by="me")
    store.keys.rewrap()
    other.keys.take_seed(foreign(), by="me")
    assert new in KeyRing.from_file(seed, create=False).ids
    assert KeyRing.from_file(seed, create=False).primary_id == new
    assert opened().credentials.find("One").attributes == VALUES


def test_rings_that_know_nothing_of_each_other_lose_no_key(seed: Path) -> None:
    seed.write_text(new_seed())
    rings = [KeyRing.from_file(seed, create=False) for _ in range(3)]
    for ring in rings:
        ring.take(foreign(), lead=False)
    rings[0].drop(rings[1].ids[1])
    assert set(KeyRing.from_file(seed, create=False).ids) == {*rings[0].ids, rings[2].ids[-1]}
    assert len(KeyRing.from_file(seed, create=False).ids) == 3


def test_nothing_is_sealed_with_a_seed_that_does_not_fit(opened: Open, seed: Path) -> None:
    store = opened()
    kept = store.credentials.add("One", "S3", VALUES, by="me")
    right = seed.read_text()
    seed.unlink()
    seed.write_text(new_seed())
    with pytest.raises(LockedError):
        store.credentials.add("Two", "S3", VALUES, by="me")
    assert store.locked
    seed.unlink()
    seed.write_text(right)
    store.credentials.add("Two", "S3", VALUES, by="me")
    assert store.locked is None
    assert store.credentials.get(kept.id).attributes == VALUES


def test_a_key_that_another_process_has_given_up_locks_no_longer(opened: Open, seed: Path) -> None:
    opened().credentials.add("One", "S3", VALUES, by="me")
    seed.write_text(new_seed())
    waiting, other = opened(), opened()
    assert waiting.locked
    other.keys.give_up(by="me")
    waiting.keys.tend()
    assert waiting.locked is None


def test_a_seed_from_the_environment_is_not_missed_after_a_restart(opened: Open) -> None:
    text = new_seed()
    store = opened(KeyRing.from_text(text))
    store.credentials.add("One", "S3", VALUES, by="me")
    store.keys.take_seed(foreign(), by="me")
    again = opened(KeyRing.from_text(text))
    assert again.locked is None
    assert again.credentials.find("One").attributes == VALUES


def test_the_newest_key_leads_in_whatever_order_the_seeds_come(opened: Open, seed: Path) -> None:
    store = opened()
    store.credentials.add("One", "S3", VALUES, by="me")
    old = store.keys.ring.primary_id
    new = store.keys.rotate(by="me")
    ring = store.keys.ring
    seed.unlink()
    for order in ([new, old], [old, new]):
        late = opened()
        for identifier in order:
            assert late.locked
            late.unlock(one_key(ring, identifier))
        assert late.locked is None
        assert late.keys.ring.primary_id == new
        seed.unlink()


def test_the_seed_in_a_backup_has_a_key_that_was_added_meanwhile(opened: Open) -> None:
    other, store = opened(), opened()
    store.credentials.add("One", "S3", VALUES, by="me")
    new = store.keys.rotate(by="me")
    store.keys.rewrap()
    file = io.BytesIO()
    other.backups.write(file, passphrase=PASSPHRASE)
    backup = Backup(file)
    backup.unlock(PASSPHRASE)
    assert backup.ring
    assert new in backup.ring.ids
    backup.close()


@pytest.mark.parametrize(
    "text", ["ä" * 44, "\ufffd", '{"a":' * 20_000 + "1" + "}" * 20_000], ids=["letters", "bytes", "deep"]
)
def test_what_is_no_seed_is_said_to_be_none(text: str) -> None:
    with pytest.raises(SeedError, match="no secret seed"):
        KeyRing.from_text(text)

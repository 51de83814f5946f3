"""Stores to back up and to restore into."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from servers.kinds.database import empty_database

from webapp.core.store import KeyRing, Store, open_store
from webapp.core.store.backup import Backup, Choice, RestorePlan

VALUES = {"access_key_id": "AKID", "secret_access_key": "CANARY-SECRET"}
PASSPHRASE = "CANARY correct horse battery"
Make = Callable[..., Store]


@pytest.fixture
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Opens stores, each on a database of its own; one name is one store."""
    opened: list[Store] = []
    names: dict[str, str] = {}

    def go(name: str, kind: str = "sqlite", *, seed: str = "") -> Store:
        address = names.setdefault(
            name,
            f"sqlite:///{tmp_path}/{name}.db"
            if kind == "sqlite"
            else empty_database(request.getfixturevalue("postgres")),
        )
        opened.append(open_store(address, KeyRing.from_file(tmp_path / f"{seed or name}.json", create=True)))
        return opened[-1]

    yield go
    for store in opened:
        store.close()


def filled(store: Store, count: int = 3) -> Store:
    with store.together():
        for number in range(count):
            made = store.credentials.add(f"Nightly {number}", "S3", VALUES, by="me")
    store.repositories.secret(made.id, "backups/db", "password", by="me", given="CANARY-REPOSITORY")
    store.accounts.create_administrator(store.accounts.setup_code(), "admin", "CANARY long enough password")
    return store


def written(store: Store, passphrase: str = "") -> io.BytesIO:
    file = io.BytesIO()
    store.backups.done(store.backups.write(file, passphrase=passphrase), "test")
    return file


def restored(store: Store, file: io.BytesIO, passphrase: str = "", on_clash: Choice = Choice.SKIP) -> RestorePlan:
    backup = Backup(file)
    try:
        if passphrase:
            backup.unlock(passphrase)
        plan = store.backups.plan(backup, on_clash=on_clash)
        store.backups.restore(backup, plan, by="me", where="test")
    finally:
        backup.close()
    return plan


def names(store: Store) -> list[str]:
    return sorted(store.credentials.names())

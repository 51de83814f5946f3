"""Backups of every earlier schema, as stored files, are brought to today's schema when they are restored."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path

import pytest
from core.backup.conftest import Make, names
from core.store.schemas import make as schemas

from webapp.core.store import KeyRing, Store
from webapp.core.store.backup import Backup, BackupError, Choice
from webapp.core.store.backup.manifest import MANIFEST
from webapp.core.store.migrations import MIGRATIONS

FILES = sorted(schemas.HERE.glob("*.zip"))
EACH = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
NAMES = ["Never checked", "Nightly ü '€'"]
NEWER = MIGRATIONS[-1].number + 1


def restore(store: Store, path: Path, choice: Choice = Choice.SKIP) -> None:
    with path.open("rb") as file:
        backup = Backup(file)
        store.backups.restore(backup, store.backups.plan(backup, on_clash=choice), by="me", where=path.name)
        backup.close()


def everything_is_there(store: Store, schema: int) -> None:
    assert names(store) == NAMES
    found = store.credentials.find("nightly ü '€'")
    assert dict(found.attributes) == schemas.VALUES
    assert found.verification
    assert found.verification.message == "It went bad."
    assert dict(store.credentials.find("never checked").attributes)["key"] == schemas.SECRET
    assert store.accounts.check("admin", schemas.PASSWORD, "127.0.0.1")
    if schema >= 3:
        assert store.repositories.find(found.id, "backups/db", "password") == "of the repository"
    assert store.audit_log.verify().findings == []


def test_there_is_a_file_of_every_schema() -> None:
    assert [int(path.stem) for path in FILES] == [step.number for step in MIGRATIONS]
    for path in FILES:
        with path.open("rb") as file:
            backup = Backup(file)
        assert backup.manifest.migrations == tuple(s.number for s in MIGRATIONS if s.number <= int(path.stem))
        backup.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@EACH
def test_an_older_file_is_brought_to_todays_schema(make: Make, kind: str, path: Path) -> None:
    """First its values wait, and another seed changes nothing; then all of it is there under this store's own key."""
    store = make("new", kind)
    restore(store, path)
    assert store.credentials.find("never checked").locked
    seed = KeyRing.from_file(schemas.SEED, create=False)
    assert [key.id for key in store.keys.list() if key.awaited] == list(seed.ids)
    store.keys.take_seed(seed, by="me")
    store.keys.tend()
    assert {key.id: key.uses for key in store.keys.list()}[seed.ids[0]] == 0
    restore(store, path, Choice.REPLACE)
    everything_is_there(store, int(path.stem))


def test_the_seed_that_the_first_version_put_in_is_opened(make: Make) -> None:
    store = make("new")
    with FILES[-1].open("rb") as file:
        found = store.backups.open(file, where="first", passphrase=schemas.PASSWORD)
        store.backups.restore(found, store.backups.plan(found), by="me", where="first")
        found.close()
    everything_is_there(store, int(FILES[-1].stem))


@EACH
def test_one_of_a_newer_version_is_refused(make: Make, path: Path, tmp_path: Path) -> None:
    newer = Path(shutil.copy(path, tmp_path))
    data = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(data, "w") as new:
        for member in old.namelist():
            text = old.read(member)
            new.writestr(member, text.replace(b"[\n  1", b"[\n  %d,\n  1" % NEWER) if member == MANIFEST else text)
    newer.write_bytes(data.getvalue())
    store = make("new")
    with pytest.raises(BackupError, match="newer version"):
        restore(store, newer)
    assert names(store) == []

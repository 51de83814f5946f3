from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from core.backup.conftest import Make, filled

from webapp.core import backupfiles
from webapp.core.errors import PermanentError
from webapp.core.store import KeyRing, SeedError, open_store

VALUES = {"access_key_id": "AKID", "secret_access_key": "CANARY-SECRET"}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


def fill(folder: Path, leave: int = 0) -> None:
    """Fill the disk to the last byte, but for so many."""
    with (folder / "filler").open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            pass
        file.truncate(max(0, file.tell() - leave))


def test_a_backup_to_a_full_disk(make: Make, small: Path) -> None:
    store = filled(make("old"))
    good = small / backupfiles.file_name("good")
    backupfiles.save(store, good)
    before = good.read_bytes()
    fill(small)
    with pytest.raises(PermanentError, match="No space left"):
        backupfiles.save(store, good, force=True)
    assert good.read_bytes() == before
    assert sorted(path.name for path in small.iterdir()) == sorted(["filler", good.name])
    assert store.audit_log.verify().findings == []


def test_a_rotation_on_a_full_disk(tmp_path: Path, small: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/s.db", KeyRing.from_file(small / "seed.json", create=True))
    store.credentials.add("A", "S3", VALUES, by="me")
    ids, text = store.keys.ring.ids, (small / "seed.json").read_bytes()
    fill(small)
    with pytest.raises(SeedError, match="cannot be written"):
        store.keys.rotate(by="me")
    assert (store.keys.ring.ids, (small / "seed.json").read_bytes()) == (ids, text)
    assert dict(store.credentials.find("A").attributes) == VALUES
    (small / "filler").unlink()
    store.keys.rotate(by="me")
    assert store.keys.rewrap() == 2
    store.close()

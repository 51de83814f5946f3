"""Backups as files on disks of all kinds."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from core.backup.conftest import Make, filled

from webapp.core import backupfiles
from webapp.core.errors import PermanentError


def test_a_disk_without_hard_links_takes_a_backup(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No kernel that tests run on mounts FAT, so only what it says is put in: EPERM (link(2))."""

    def refuse(*_paths: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    store, path = filled(make("old")), tmp_path / "usb" / "one.zip"
    monkeypatch.setattr(os, "link", refuse)
    backupfiles.save(store, path)
    with path.open("rb") as file:
        store.backups.open(file, where="test").close()
    whole = path.read_bytes()
    with pytest.raises(PermanentError, match="exists"):
        backupfiles.save(store, path)
    assert path.read_bytes() == whole
    assert [one.name for one in path.parent.iterdir()] == ["one.zip"]

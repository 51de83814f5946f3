"""Backups as files: written beside their place first, kept in a folder, old ones cleared away."""

from __future__ import annotations

import errno
import os
import re
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

from webapp.core.errors import PermanentError
from webapp.core.store.audit.entries import Action
from webapp.core.store.models import now

if TYPE_CHECKING:
    from webapp.core.store import Store
    from webapp.core.store.backup.manifest import Manifest
    from webapp.core.store.backup.writing import Progress

SCHEDULED, BEFORE, BY_HAND = "scheduled", "before-restore", "backup-credentials"
"""What names begin with: made by the clock, before a restore, by a person."""

NAME = re.compile(r"[a-z-]+-\d{8}T\d{6}(-\d+)?Z\.zip")
LEFT_OVER = ".backup-"
NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS})
"""What file systems without hard links say (link(2)): FAT and exFAT of USB disks, many network shares."""


def file_name(kind: str, at: datetime | None = None) -> str:
    """Return the name of a backup file; names of one kind sort by time."""
    return f"{kind}-{(at or now()):%Y%m%dT%H%M%S-%f}Z.zip"


def save(
    store: Store, path: Path, *, passphrase: str = "", progress: Progress | None = None, force: bool = False
) -> Manifest:
    """Write a backup of mode 0600 to a file; the file is there whole or not at all.

    Raises:
        PermanentError: It exists, or cannot be written; the sentence says why.
    """
    with store.audit.failures(Action.BACKUP, name=str(path)):
        try:
            with whole_file(path, force=force) as file:
                manifest = store.backups.write(file, passphrase=passphrase, progress=progress)
        except FileExistsError:
            raise PermanentError(f"{path} exists. Say --force to write over it, or give another name.") from None
        except OSError as error:
            raise PermanentError(f"The backup cannot be written to {path.parent}: {error.strerror}.") from None
    store.backups.done(manifest, str(path))
    return manifest


@contextmanager
def whole_file(path: Path, *, force: bool) -> Generator[IO[bytes]]:
    """Give a file of mode 0600 that comes to its place when everything inside went well, and is gone when it did not.

    Raises:
        FileExistsError: There is one, and nobody said `force`.
        OSError: It cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:  # a file stands there; that the backup exists is something else
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None
    number, aside = tempfile.mkstemp(dir=path.parent, prefix=LEFT_OVER)  # mode 0600
    try:
        with os.fdopen(number, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _put(Path(aside), path, force=force)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(aside).unlink()
        raise


def _put(aside: Path, path: Path, *, force: bool) -> None:
    if force:
        aside.replace(path)
    else:
        _put_new(aside, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _put_new(aside: Path, path: Path) -> None:
    """Give a file its name unless that is taken."""
    try:
        os.link(aside, path)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        path.open("xb").close()  # the name is ours from here on
        aside.replace(path)
    else:
        aside.unlink()


def kept(folder: Path, kind: str = "") -> list[Path]:
    """Return the backups in a folder, the newest first."""
    found = [path for path in folder.glob(f"{kind}*.zip") if NAME.fullmatch(path.name)] if folder.is_dir() else []
    return sorted(found, key=lambda path: path.name.partition("-2")[2], reverse=True)


def clear(folder: Path, kind: str, keep: int) -> int:
    """Remove the oldest backups of a kind until `keep` are left, and what a killed process left; return how many."""
    old = kept(folder, kind)[keep:]
    for path in old:
        path.unlink(missing_ok=True)
    for path in folder.glob(f"{LEFT_OVER}*"):
        with suppress(FileNotFoundError):
            if now().timestamp() - path.stat().st_mtime > 86400:  # noqa: PLR2004  a day: nobody writes for so long
                path.unlink()
    return len(old)


def before_restore(store: Store, folder: Path, progress: Progress | None = None) -> Path:
    """Back up what is here now, before something is taken over, and return where that is.

    Raises:
        PermanentError: It cannot be written: then nothing may be restored.
    """
    before = folder / file_name(BEFORE)
    save(store, before, progress=progress)
    return before

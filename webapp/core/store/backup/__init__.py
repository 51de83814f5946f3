"""Backups of the whole configuration: written, looked at, and restored all or nothing."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import IO

from peewee import Database, IntegrityError

from webapp.core.errors import ConflictError, PermanentError
from webapp.core.store.audit import Action, Audit
from webapp.core.store.backup.manifest import BackupError, Manifest
from webapp.core.store.backup.planning import Choice, Clash, Item, Planner, RestorePlan
from webapp.core.store.backup.reading import Backup
from webapp.core.store.backup.restoring import Restorer
from webapp.core.store.backup.writing import Progress, Writer
from webapp.core.store.envelope import Envelope
from webapp.core.store.keyvalues import Values
from webapp.core.store.models import moment, now, stamp

__all__ = ["Backup", "BackupError", "Backups", "Choice", "Clash", "Item", "LastBackup", "Manifest", "RestorePlan"]

LAST = "last-backup"


@dataclass(frozen=True, slots=True)
class LastBackup:
    """When a backup was made last, where it went, and whether the seed is in it."""

    at: datetime
    where: str
    seed: bool


class Backups:
    """Makes and restores backups of one store."""

    def __init__(self, database: Database, envelope: Envelope, audit: Audit, values: Values) -> None:
        self._database, self._envelope, self._audit, self._values = database, envelope, audit, values

    def write(self, target: IO[bytes], *, passphrase: str = "", progress: Progress | None = None) -> Manifest:
        """Write a backup of this moment; others go on working. `done` notes it once it has reached its place.

        Args:
            target: Where to; it need not be able to seek.
            passphrase: Puts the secret seed in, protected by it.
            progress: Called with how many records are written, and of how many.

        Raises:
            OSError: The target takes no more.
        """
        return Writer(self._database, self._envelope).write(target, passphrase=passphrase, progress=progress)

    def done(self, manifest: Manifest, where: str) -> None:
        """Note a backup that has reached its place; `where` is what to call that in the audit and in "last backup"."""
        self._values.put(LAST, {"at": stamp(now()), "where": where, "seed": manifest.seed})
        detail = {"records": sum(manifest.counts.values()), "seed": "with" if manifest.seed else "without"}
        self._audit.note(Action.BACKUP, name=where, subject=manifest.id, detail=detail)

    def last(self) -> LastBackup | None:
        """Return when the last one was made."""
        found = self._values.get(LAST)
        return LastBackup(moment(found["at"]), found["where"], found["seed"]) if found else None

    def open(self, source: IO[bytes], *, where: str, passphrase: str = "", progress: Progress | None = None) -> Backup:
        """Open a backup to look at it; one that is refused is noted. Close it in the thread that opened it.

        Args:
            source: Has to be able to seek.
            where: What to call it in the audit.
            passphrase: Opens the secret seed in it.
            progress: Called with how many bytes are read, and of how many.

        Raises:
            BackupError: It is none, damaged, or of a newer version.
            SeedError: The passphrase is wrong.
        """
        with self._audit.failures(Action.RESTORE, name=where):
            found = Backup(source, progress)
            try:
                if passphrase:
                    found.unlock(passphrase)
            except BaseException:
                found.close()
                raise
        return found

    def plan(self, backup: Backup, *, on_clash: Choice = Choice.SKIP, progress: Progress | None = None) -> RestorePlan:
        """Return what would become of each record; nothing is changed.

        Raises:
            BackupError: It was changed after it was made.
        """
        envelope = self._with_keys_of(backup)
        with self._audit.failures(Action.RESTORE, subject=backup.manifest.id):
            proven = backup.check_proof(envelope) is True
        return replace(Planner(self._database, envelope, backup, on_clash).plan(progress), proven=proven)

    def restore(
        self, backup: Backup, plan: RestorePlan, *, by: str, where: str, progress: Progress | None = None
    ) -> int:
        """Take over what a plan names, all or nothing, and return how many records that were.

        Raises:
            PermanentError: The store is locked, or the plan does not fit what is here by now; nothing was changed.
        """
        with self._audit.failures(Action.RESTORE, name=where, subject=backup.manifest.id):
            return self._restored(backup, plan, by, where, progress)

    def _restored(self, backup: Backup, plan: RestorePlan, by: str, where: str, progress: Progress | None) -> int:
        if self._envelope.frozen:
            raise PermanentError("The store is locked. Give its secret seed first, or go on without it.")
        envelope = self._with_keys_of(backup)
        backup.check_proof(envelope)
        with _told_of_clashes(), self._database.atomic():
            count = Restorer(self._database, envelope, backup).restore(plan, progress)
            detail = {"records": count, "made": backup.manifest.made, **{str(key): n for key, n in plan.counts.items()}}
            self._audit.note(Action.RESTORE, name=where, subject=backup.manifest.id, who=by, detail=detail)
        return count

    def _with_keys_of(self, backup: Backup) -> Envelope:
        """Return an envelope with the keys of the store and of the backup; the store's own one leads."""
        self._envelope.follow()
        ring = self._envelope.ring.copy()
        if backup.ring:
            ring.take(backup.ring, lead=False)
        return Envelope(ring)


@contextmanager
def _told_of_clashes() -> Generator[None]:
    """Say what it means that a record is not allowed beside those that are here: they were other ones for the plan."""
    try:
        yield
    except IntegrityError:
        raise ConflictError(
            "Something of the same name was saved here meanwhile. Nothing was restored; look at the preview again."
        ) from None

"""*Settings → Backup → Restore*: a look at each record first, then all of it or nothing."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from flask import Response, flash, make_response, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from webapp.core import backupfiles
from webapp.core.background.jobs import Job
from webapp.core.errors import CredentialError, PermanentError
from webapp.core.store import Store
from webapp.core.store.backup import Backup, Choice, Manifest, RestorePlan
from webapp.core.store.faults import SeedError
from webapp.pages.access import current_account, runtime
from webapp.pages.drafts import Draft, drafts
from webapp.pages.hx import go
from webapp.pages.own_password import check_own_password
from webapp.pages.settings import jobs
from webapp.pages.settings.backup import PASSPHRASE, page
from webapp.pages.settings.blueprint import blueprint

FILE, NAME = "backup-file", "backup-name"
SHOWN = 200
"""Records with a choice of their own on one page; what is done with the others is chosen for all."""
UPLOAD = re.compile(r"[0-9a-f]{32}", re.ASCII)
LOOK, RESTORE = "look at a backup", "restore"
GONE = "This preview is older than an hour. Choose the file again."


@dataclass(frozen=True, slots=True)
class Upload:
    """What was chosen in the form; it outlives the request.

    Attributes:
        draft: Its id leads back to file and passphrase.
        path: The uploaded file.
        name: What it was called.
        passphrase: Of the seed in it.
        on_clash: What is done where something is in the way.
        choices: What is done with single records, by their keys.
        password_error: What is wrong with the own password that came with it.
    """

    draft: Draft
    path: Path
    name: str
    passphrase: str
    on_clash: Choice
    choices: dict[str, str]
    password_error: str = ""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found in a backup."""

    upload: Upload
    manifest: Manifest
    plan: RestorePlan
    unlocked: bool


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done: how many records, how many of them wait for a key, and the backup of what was here before."""

    upload: Upload
    count: int
    waiting: int
    before: Path


@blueprint.post("/backup/restore")
def backup_restore() -> AnyResponse:
    """Take a file and show what would become of each record."""
    draft = drafts().open("")
    try:
        path, name = received()
        draft.secrets = {FILE: path.name, NAME: name, PASSPHRASE: request.form.get("restore_passphrase", "")}
        drafts().keep(draft)
        return jobs.started(LOOK, looking(chosen(draft)))
    except CredentialError as error:
        return page(error, status=422)


@blueprint.post("/backup/restore/now")
def backup_restore_now() -> AnyResponse:
    """Restore what was looked at, once the own password was given."""
    try:
        upload = chosen(drafts().open(request.form.get("draft", "")))
    except CredentialError as error:
        return page(error, status=422)
    wanted = request.form.get("action") == "restore"
    wrong = check_own_password() if wanted else ""
    if wrong or not wanted:
        return jobs.started(LOOK, looking(replace(upload, password_error=wrong)))
    return jobs.started(RESTORE, restoring(upload, current_account().name))


def received() -> tuple[Path, str]:
    """Keep an uploaded file and return where it is, and what it was called.

    Raises:
        PermanentError: None was chosen.
    """
    upload: FileStorage | None = request.files.get("file")
    if upload is None or not upload.filename:
        raise PermanentError("Choose a backup first.", field="file")
    path = jobs.new_file()
    upload.save(path)
    return path, upload.filename


def chosen(draft: Draft) -> Upload:
    """Return the file of a draft with the choices of the form.

    Raises:
        PermanentError: It has been forgotten.
    """
    kept = draft.secrets.get(FILE, "")
    path = jobs.folder() / kept
    if not UPLOAD.fullmatch(kept) or not path.is_file():
        raise PermanentError(GONE, field="file")
    wanted = request.form.get("on_clash", "skip")
    clash = Choice(wanted) if wanted in set(Choice) else Choice.SKIP
    return Upload(
        draft, path, draft.secrets.get(NAME, ""), draft.secrets.get(PASSPHRASE, ""), clash, request.form.to_dict()
    )


@contextmanager
def planned(store: Store, upload: Upload, job: Job) -> Generator[tuple[Backup, RestorePlan]]:
    """Open the file and give it with the plan that was chosen.

    Raises:
        PermanentError: It cannot be read, or the passphrase is wrong.
    """
    with upload.path.open("rb") as file:
        progress = job.at("Reading the backup")
        try:
            found = store.backups.open(file, where=upload.name, passphrase=upload.passphrase, progress=progress)
        except SeedError as error:
            raise PermanentError(error.message, field="restore_passphrase") from None
    try:
        plan = store.backups.plan(found, on_clash=upload.on_clash, progress=job.at("Comparing it with what is here"))
        yield found, plan.chosen(upload.choices)
    finally:
        found.close()


def looking(upload: Upload) -> jobs.Work:
    """Return the work of comparing a backup with what is here; nothing is changed."""
    store = runtime().store

    def work(job: Job) -> Looked:
        try:
            with planned(store, upload, job) as (found, plan):
                return Looked(upload, found.manifest, plan, found.ring is not None)
        except CredentialError:  # another file has to be chosen, or this one once more
            upload.path.unlink(missing_ok=True)
            raise

    return work


def restoring(upload: Upload, by: str) -> jobs.Work:
    """Return the work of restoring, all of it or nothing."""
    store, folder = runtime().store, runtime().backup_folder

    def work(job: Job) -> Restored:
        with planned(store, upload, job) as (found, plan):
            before = backupfiles.before_restore(store, folder, progress=job.at("Backing up what is here now"))
            progress = job.at("Restoring")
            count = store.backups.restore(found, plan, by=by, where=upload.name, progress=progress)
            job.at("Restored")
        return Restored(upload, count, sum(plan.waiting.values()), before)

    return work


@jobs.ending(LOOK)
def preview(job: Job) -> Response:
    """Show what would become of each record."""
    if job.error:
        return page(job.error, status=422)
    looked: Looked = job.result
    upload, plan = looked.upload, looked.plan
    choosable = [item for item in plan.items if len(item.choices) > 1 and item.clash]
    shown = render_template(
        "settings/restore.html",
        draft=upload.draft,
        manifest=looked.manifest,
        plan=plan,
        items=sorted(plan.items, key=lambda item: not item.clash)[:SHOWN],
        selects={item.key for item in choosable[:SHOWN]},
        unlocked=looked.unlocked,
        password_error=upload.password_error,
        clash=upload.on_clash,
    )
    return make_response(shown, 422 if upload.password_error else 200)


@jobs.ending(RESTORE)
def restored(job: Job) -> AnyResponse:
    """Say what was restored, and go to what is left to do."""
    if job.error:
        return page(job.error, status=422)
    done: Restored = job.result
    forget(done.upload)
    wait = f" {done.waiting} wait for their secret seed." if done.waiting else ""
    flash(f"{done.count} restored.{wait} What was here before is kept as {done.before.name}.")
    return go(url_for("settings.seed" if done.waiting else "settings.backup"))


def forget(upload: Upload) -> None:
    """Remove an upload and what was typed with it."""
    upload.path.unlink(missing_ok=True)
    drafts().drop(upload.draft)

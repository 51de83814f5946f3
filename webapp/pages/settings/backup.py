"""*Settings → Backup*: back up now, what is kept, and restoring after a look at each record."""

from __future__ import annotations

import re
import secrets
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from flask import Response, abort, flash, make_response, render_template, request, send_file, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from webapp.core import backupfiles
from webapp.core.errors import CredentialError, PermanentError
from webapp.core.store.backup import Backup, Choice, RestorePlan
from webapp.core.store.backup.protection import check_passphrase, strength
from webapp.core.store.models import now
from webapp.pages.access import current_account, current_session, runtime
from webapp.pages.drafts import Draft, Drafts
from webapp.pages.hx import go
from webapp.pages.own_password import check_own_password
from webapp.pages.settings.blueprint import blueprint

PAGE, PREVIEW = "settings/backup.html", "settings/restore.html"
FILE, PASSPHRASE = "backup-file", "passphrase"
WAITING = "restoring"
"""Folder in the data folder for uploads that wait to be looked at; they are ciphertext."""
HOUR = 3600
OLD = 7
"""Days after which the page warns that the last backup is old."""
SHOWN = 200
"""Records with a choice of their own on one page; what is done with the others is chosen for all."""
UPLOAD = re.compile(r"[0-9a-f]{32}", re.ASCII)


@blueprint.get("/backup")
def backup() -> Response:
    """Show the last backup, and what can be done."""
    return page()


def page(error: CredentialError | None = None, password_error: str = "", status: int = 200) -> Response:
    """Return the page; an error stands at its field."""
    last = runtime().store.backups.last()
    return make_response(
        render_template(
            PAGE,
            last=last,
            old=last is None or (now() - last.at).days >= OLD,
            kept=backupfiles.kept(runtime().backup_folder)[:20],
            folder=runtime().backup_folder,
            hours=runtime().options.backup_hours,
            keep=runtime().options.backup_keep,
            error=error,
            password_error=password_error,
            seed=bool(request.form.get("seed")),
            clash=request.form.get("on_clash", "skip"),
        ),
        status,
    )


@blueprint.post("/backup/strength")
def backup_strength() -> str:
    """Say how strong a passphrase is, while it is typed."""
    words = request.form.get(PASSPHRASE, "")
    return render_template("settings/_strength.html", strength=strength(words) if words else None)


@blueprint.post("/backup")
def backup_now() -> Response:
    """Give a backup as a file; with the seed in it only when the own password was given."""
    words = ""
    if request.form.get("seed"):
        words = request.form.get(PASSPHRASE, "")
        try:
            check_passphrase(words, request.form.get("again", ""))
        except CredentialError as error:
            return page(error, status=422)
        if wrong := check_own_password():
            return page(password_error=wrong, status=422)
    name = backupfiles.file_name(backupfiles.BY_HAND)
    file = tempfile.TemporaryFile()  # noqa: SIM115  Flask closes it when it is sent
    store = runtime().store
    manifest = store.backups.write(file, where=name, passphrase=words)
    store.backups.done(manifest, f"{name}, to a browser")
    file.seek(0)
    return send_file(file, mimetype="application/zip", as_attachment=True, download_name=name)


@blueprint.get("/backup/files/<name>")
def backup_file(name: str) -> Response:
    """Give one of the kept backups."""
    found = [path for path in backupfiles.kept(runtime().backup_folder) if path.name == name]
    if not found:
        abort(404)
    return send_file(found[0].absolute(), mimetype="application/zip", as_attachment=True, download_name=name)


@blueprint.post("/backup/restore")
def backup_restore() -> AnyResponse:
    """Take a file and show what would become of each record."""
    draft = drafts().open("")
    try:
        draft.secrets = {FILE: received(), PASSPHRASE: request.form.get("restore_passphrase", "")}
        drafts().keep(draft)
        return preview(draft)
    except CredentialError as error:
        forget(draft)
        return page(error, status=422)


@blueprint.post("/backup/restore/now")
def backup_restore_now() -> AnyResponse:
    """Restore what was looked at, once the own password was given."""
    draft = drafts().open(request.form.get("draft", ""))
    try:
        if request.form.get("action") != "restore":
            return preview(draft)
        if wrong := check_own_password():
            return preview(draft, password_error=wrong, status=422)
        return carried_out(draft)
    except CredentialError as error:
        return page(error, status=422)


def drafts() -> Drafts:
    """Return the drafts of this log-in."""
    return Drafts(runtime().store, current_session().id)


def received() -> str:
    """Keep an uploaded or a kept file and return what it is called here.

    Raises:
        PermanentError: None was chosen.
    """
    folder = runtime().options.data_dir / WAITING
    folder.mkdir(mode=0o700, exist_ok=True)
    sweep(folder)
    upload: FileStorage | None = request.files.get("file")
    if upload is None or not upload.filename:
        raise PermanentError("Choose a backup first.", field="file")
    name = secrets.token_hex(16)
    path = folder / name
    path.touch(mode=0o600)
    upload.save(path)
    return name


def forget(draft: Draft) -> None:
    """Remove an upload and what was typed with it."""
    if name := draft.secrets.get(FILE):
        (runtime().options.data_dir / WAITING / name).unlink(missing_ok=True)
    drafts().drop(draft)


def sweep(folder: Path) -> None:
    """Forget uploads that nobody came back for."""
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > HOUR:
                path.unlink()


def opened(draft: Draft) -> Backup:
    """Open the file that was uploaded, with the passphrase that was typed.

    Raises:
        PermanentError: It has been forgotten, or cannot be read.
    """
    name = draft.secrets.get(FILE, "")
    path = runtime().options.data_dir / WAITING / name
    if not UPLOAD.fullmatch(name) or not path.is_file():
        raise PermanentError("This preview is older than an hour. Choose the file again.", field="file")
    with path.open("rb") as file:
        found = Backup(file)
    if words := draft.secrets.get(PASSPHRASE):
        try:
            found.unlock(words)
        except CredentialError as error:
            found.close()
            raise PermanentError(error.message, field="restore_passphrase") from None
    return found


def planned(found: Backup) -> RestorePlan:
    """Return the plan with the choices of the form."""
    wanted = request.form.get("on_clash", "skip")
    plan = runtime().store.backups.plan(found, on_clash=Choice(wanted) if wanted in set(Choice) else Choice.SKIP)
    keys = {item.key for item in plan.items}
    return plan.chosen({key: value for key, value in request.form.items() if key in keys})


def preview(draft: Draft, password_error: str = "", status: int = 200) -> Response:
    """Show what would become of each record."""
    found = opened(draft)
    try:
        plan = planned(found)
        choosable = [item for item in plan.items if len(item.choices) > 1 and item.clash]
        context: dict[str, Any] = {
            "draft": draft,
            "manifest": found.manifest,
            "plan": plan,
            "items": sorted(plan.items, key=lambda item: not item.clash)[:SHOWN],
            "selects": {item.key for item in choosable[:SHOWN]},
            "unlocked": found.ring is not None,
            "password_error": password_error,
            "clash": request.form.get("on_clash", "skip"),
        }
        return make_response(render_template(PREVIEW, **context), status)
    finally:
        found.close()


def carried_out(draft: Draft) -> AnyResponse:
    """Restore, all of it or nothing."""
    found = opened(draft)
    try:
        plan = planned(found)
        by = current_account().name
        count, before = backupfiles.restore(
            runtime().store, runtime().backup_folder, found, plan, by=by, where="an upload"
        )
    finally:
        found.close()
    forget(draft)
    waiting = sum(plan.waiting.values())
    wait = f" {waiting} wait for their secret seed." if waiting else ""
    flash(f"{count} restored.{wait} What was here before is kept as {before.name}.")
    return go(url_for("settings.seed" if waiting else "settings.backup"))

"""*Settings → Backup*: back up now, and what is kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import IO

from flask import Response, abort, make_response, render_template, request, send_file
from werkzeug.wrappers import Response as AnyResponse

from webapp.core import backupfiles
from webapp.core.background.jobs import Job
from webapp.core.errors import CredentialError
from webapp.core.store.audit import Action
from webapp.core.store.backup.protection import check_passphrase, strength
from webapp.core.store.models import now
from webapp.pages.access import current_session, runtime
from webapp.pages.own_password import check_own_password
from webapp.pages.settings import jobs
from webapp.pages.settings.blueprint import blueprint

PAGE = "settings/backup.html"
PASSPHRASE = "passphrase"
OLD = 7
"""Days after which the page warns that the last backup is old."""
BACKUP = "backup"


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that waits to be fetched: where it is, and what it is called."""

    path: Path
    name: str


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
def backup_now() -> AnyResponse:
    """Give a backup as a file; with the seed in it only when the own password was given."""
    words = ""
    if request.form.get("seed"):
        words = request.form.get(PASSPHRASE, "")
        try:
            with runtime().store.audit.failures(Action.BACKUP):
                check_passphrase(words, request.form.get("again", ""))
        except CredentialError as error:
            return page(error, status=422)
        if wrong := check_own_password():
            return page(password_error=wrong, status=422)
    return jobs.started(BACKUP, writing(words))


def writing(words: str) -> jobs.Work:
    """Return the work of writing a backup to a file that waits to be fetched."""
    store, path, name = runtime().store, jobs.new_file(), backupfiles.file_name(backupfiles.BY_HAND)

    def work(job: Job) -> Made:
        progress = job.at("Backing up")
        with store.audit.failures(Action.BACKUP, name=name), path.open("wb") as file:
            manifest = store.backups.write(file, passphrase=words, progress=progress)
        store.backups.done(manifest, f"{name}, to a browser")
        return Made(path, name)

    return work


@jobs.ending(BACKUP)
def written(job: Job) -> Response:
    """Give the file at once when nobody had to wait, else a page to fetch it from."""
    if job.error:
        return page(job.error, status=422)
    if request.method == "POST":
        file = job.result.path.open("rb")  # Flask closes it when it is sent
        job.result.path.unlink()
        return sent(job.result, file)
    return make_response(render_template("settings/written.html", job=job, last=runtime().store.backups.last()))


@blueprint.get("/backup/jobs/<identifier>/file")
def backup_made(identifier: str) -> Response:
    """Give a backup that was made while the browser waited."""
    job = runtime().jobs.get(identifier, current_session().id)
    if job is None or not isinstance(job.result, Made) or not job.result.path.exists():
        abort(404)
    return sent(job.result, job.result.path.open("rb"))


def sent(made: Made, file: IO[bytes]) -> Response:
    """Return the file to be saved."""
    return send_file(file, mimetype="application/zip", as_attachment=True, download_name=made.name)


@blueprint.get("/backup/files/<name>")
def backup_file(name: str) -> Response:
    """Give one of the kept backups."""
    found = [path for path in backupfiles.kept(runtime().backup_folder) if path.name == name]
    if not found:
        abort(404)
    runtime().store.audit.note(Action.BACKUP, name=name, detail={"what": "fetched"})
    return send_file(found[0].absolute(), mimetype="application/zip", as_attachment=True, download_name=name)

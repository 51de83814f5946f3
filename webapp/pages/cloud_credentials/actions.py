"""What can be done with a stored credential: verify, write check, duplicate, rename, delete."""

from __future__ import annotations

from flask import abort, flash, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.core.errors import CredentialError
from webapp.core.service import Batch
from webapp.pages.access import current_account, current_session, runtime
from webapp.pages.cloud_credentials.listing import row
from webapp.pages.cloud_credentials.views import QUICK
from webapp.pages.hx import go, page_or_block, wants_fragment
from webapp.pages.routes import Routes

routes = Routes()
BATCHES: dict[str, Batch] = {}
"""The running check of all, by log-in; a finished one stays until the next."""


@routes.at("/<credential_id>/verify", "POST")
def verify_stored(credential_id: str) -> Response:
    """Verify a stored credential; the result shows in its row."""
    started = runtime().service.start_stored_check(credential_id, owner=current_session().id)
    return stored_progress(credential_id, started.id)


@routes.at("/<credential_id>/checks/<check_id>")
def stored_progress(credential_id: str, check_id: str) -> Response:
    """Show a row with the progress of its check, or with its result."""
    found = runtime().checks.get(check_id)
    if found is None:
        abort(404)
    result = found.wait(QUICK if wants_fragment() else 60)
    shown = row(runtime().store.credentials.get(credential_id))
    if wants_fragment():
        running = found if result is None else None
        body = render_template("cloud_credentials/_row.html", row=shown, check=running, result=result)
        return Response(body)
    if result:
        flash(f"{shown.credential.name}: {result.message}")
    return go(url_for("cloud_credentials.index"))


@routes.at("/<credential_id>/write-check", "GET", "POST")
def write_check(credential_id: str) -> Response:
    """Say what the write check does, and do it when it is confirmed."""
    credential = runtime().store.credentials.get(credential_id)
    result = None
    if request.method == "POST":
        service = runtime().service
        result = service.start_stored_check(credential_id, owner=current_session().id, write=True).wait(60)
    return page_or_block("cloud_credentials/write_check.html", "main", row=row(credential), result=result)


@routes.at("/<credential_id>/<any(rename, duplicate):action>", "GET", "POST")
def name(credential_id: str, action: str) -> Response:
    """Ask for a name and rename or copy a credential."""
    credential = runtime().store.credentials.get(credential_id)
    wanted = request.form.get("name", f"{credential.name} copy" if action == "duplicate" else credential.name)
    error, service, by = "", runtime().service, current_account().name
    if request.method == "POST":
        try:
            if action == "rename":
                service.rename(credential_id, wanted, version=credential.version, by=by)
            else:
                service.duplicate(credential_id, wanted, by=by)
        except CredentialError as refused:
            error = refused.message
        else:
            flash("The credential was renamed." if action == "rename" else "The credential was copied.")
            return go(url_for("cloud_credentials.index"))
    context = {"row": row(credential), "wanted": wanted, "action": action, "error": error}
    return page_or_block("cloud_credentials/name.html", "main", 422 if error else 200, **context)


@routes.at("/<credential_id>/delete", "GET", "POST")
def delete(credential_id: str) -> Response:
    """Say what is lost, and delete when it is confirmed."""
    service = runtime().service
    credential = runtime().store.credentials.get(credential_id)
    users = service.used_by(credential_id)
    if request.method == "GET" or users:
        status = 200 if request.method == "GET" else 409
        return page_or_block("cloud_credentials/delete.html", "main", status, row=row(credential), users=users)
    service.delete(credential_id, by=current_account().name)
    flash(f"{credential.name} was deleted.")
    return go(url_for("cloud_credentials.index"))


@routes.at("/<credential_id>/acknowledge", "POST")
def acknowledge(credential_id: str) -> Response:
    """Take a warning off the pages."""
    runtime().store.credentials.acknowledge(credential_id)
    return go(url_for("cloud_credentials.index"))


@routes.at("/verify-all", "POST")
def verify_all() -> Response:
    """Start a check of every credential; while this log-in's last one runs, show that."""
    running = BATCHES.get(current_session().id)
    if running is None or running.finished:
        BATCHES[current_session().id] = runtime().service.start_all(current_session().id)
    return all_progress()


@routes.at("/verify-all/cancel", "POST")
def cancel_all() -> Response:
    """Stop the checks that have not ended."""
    if batch := BATCHES.get(current_session().id):
        batch.cancel()
    return go(url_for("cloud_credentials.all_progress"))


@routes.at("/verify-all")
def all_progress() -> Response:
    """Show how far the check of all is."""
    batch = BATCHES.get(current_session().id)
    return page_or_block("cloud_credentials/verify_all.html", "progress", batch=batch)

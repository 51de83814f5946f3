"""What can be done with a stored connection: test, duplicate, delete, take a warning off the pages."""

from __future__ import annotations

from flask import flash, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.core.errors import CredentialError
from webapp.pages.access import current_account, current_session, runtime
from webapp.pages.hx import go, page_or_block, wants_fragment
from webapp.pages.routes import Routes
from webapp.pages.ssh_connections.listing import row
from webapp.pages.ssh_connections.running import QUICK, WHOLE, owned

routes = Routes()


@routes.at("/<connection_id>/test", "POST")
def test_stored(connection_id: str) -> Response:
    """Test a stored connection; the result shows in its row."""
    started = runtime().ssh.connections.start_stored_test(connection_id, owner=current_session().id)
    return stored_progress(connection_id, started.id)


@routes.at("/<connection_id>/checks/<check_id>")
def stored_progress(connection_id: str, check_id: str) -> Response:
    """Show a row with the progress of its test, or with its result."""
    found = owned(check_id)
    result = found.wait(QUICK if wants_fragment() else WHOLE)
    shown = row(runtime().ssh.connections.get(connection_id))
    if wants_fragment():
        running = found if result is None else None
        return Response(
            render_template("ssh_connections/_row.html", row=shown, check=running, result=result), mimetype="text/html"
        )
    if result:
        flash(f"{shown.connection.name}: {result.message}")
    return go(url_for("ssh_connections.index"))


@routes.at("/<connection_id>/duplicate", "GET", "POST")
def duplicate(connection_id: str) -> Response:
    """Ask for a name and copy a connection."""
    stored, error = runtime().ssh.connections.get(connection_id), ""
    wanted = request.form.get("name", runtime().store.ssh.free_name(stored.name))
    if request.method == "POST":
        try:
            made = runtime().ssh.connections.duplicate(connection_id, wanted, by=current_account().name)
        except CredentialError as refused:
            error = refused.message
        else:
            flash(f"{made.name} was made.")
            return go(url_for("ssh_connections.edit", connection_id=made.id))
    context = {"row": row(stored), "wanted": wanted, "error": error}
    return page_or_block("ssh_connections/duplicate.html", "main", 422 if error else 200, **context)


@routes.at("/<connection_id>/delete", "GET", "POST")
def delete(connection_id: str) -> Response:
    """Say what is lost, and delete when it is confirmed."""
    connections = runtime().ssh.connections
    stored = connections.get(connection_id)
    users = connections.used_by(connection_id)
    if request.method == "GET" or users:
        status = 200 if request.method == "GET" else 409
        return page_or_block("ssh_connections/delete.html", "main", status, row=row(stored), users=users)
    connections.delete(connection_id, by=current_account().name)
    flash(f"{stored.name} was deleted.")
    return go(url_for("ssh_connections.index"))


@routes.at("/<connection_id>/acknowledge", "POST")
def acknowledge(connection_id: str) -> Response:
    """Take a warning off the pages."""
    runtime().store.ssh.connections.acknowledge(connection_id)
    return go(url_for("ssh_connections.index"))

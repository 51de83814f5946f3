"""A server that shows another host key than the known one: both side by side, accepted only by the person."""

from __future__ import annotations

from flask import flash, request, url_for
from werkzeug.wrappers import Response

from webapp.core.errors import CredentialError
from webapp.core.ssh.fields import HOST_KEY
from webapp.core.ssh.hostkeys import KnownHost, fingerprint_command
from webapp.core.store import Connection
from webapp.pages.access import current_account, current_session, runtime
from webapp.pages.hx import go, page_or_block
from webapp.pages.own_password import check_own_password
from webapp.pages.routes import Routes
from webapp.pages.ssh_connections.listing import row
from webapp.pages.ssh_connections.running import WHOLE

routes = Routes()


@routes.at("/<connection_id>/host-key")
def host_key(connection_id: str) -> Response:
    """Show the known host keys beside those that the server showed at the last test."""
    return shown(runtime().ssh.connections.get(connection_id))


@routes.at("/<connection_id>/host-key", "POST")
def accept(connection_id: str) -> Response:
    """Test once more, or accept the keys that were ticked, with the person's own password."""
    connections = runtime().ssh.connections
    stored = connections.get(connection_id)
    if request.form.get("action") == "test":
        connections.start_stored_test(connection_id, owner=current_session().id).wait(WHOLE)
        return go(url_for("ssh_connections.host_key", connection_id=connection_id))
    error = check_own_password()
    if error:
        return shown(stored, password_error=error)
    try:
        connections.accept_host_key(connection_id, request.form.getlist("fingerprint"), by=current_account().name)
    except CredentialError as refused:
        return shown(stored, error=refused.message)
    flash(f"The host key of {stored.name} was accepted. Test the connection now.")
    return go(url_for("ssh_connections.edit", connection_id=connection_id))


def shown(stored: Connection, *, error: str = "", password_error: str = "") -> Response:
    """Show both, and the history."""
    old = KnownHost.of(str(stored.attributes.get(HOST_KEY, ""))).keys
    new = KnownHost.of("\n".join(stored.verification.found)).keys if stored.verification else ()
    history = [
        (change, KnownHost.of("\n".join(change.old)).keys, KnownHost.of("\n".join(change.new)).keys)
        for change in runtime().ssh.connections.host_key_changes(stored.id)
    ]
    return page_or_block(
        "ssh_connections/host_key.html",
        "main",
        422 if error or password_error else 200,
        row=row(stored),
        old=old,
        new=new,
        commands=sorted({fingerprint_command(key.key.kind) for key in new if key.key}),
        history=history,
        error=error,
        password_error=password_error,
    )

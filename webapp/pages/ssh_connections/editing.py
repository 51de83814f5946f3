"""Changing a stored connection."""

from __future__ import annotations

from flask import flash, request, url_for
from werkzeug.wrappers import Response

from webapp.core.errors import CredentialError
from webapp.core.ssh.fields import CONNECTION, KEYPAIR_OF
from webapp.core.validation import InvalidValuesError
from webapp.pages import host_keys
from webapp.pages.access import current_account, runtime
from webapp.pages.fieldsform import sent_version, stored_values
from webapp.pages.hx import go
from webapp.pages.own_password import check_own_password
from webapp.pages.routes import Routes
from webapp.pages.ssh_connections import running
from webapp.pages.ssh_connections.forms import MANUAL, METHODS, ConnectionForm, drafts, sent_form
from webapp.pages.ssh_connections.shown import again
from webapp.pages.ssh_connections.views import find_host_keys

routes = Routes()


@routes.at("/<connection_id>")
def edit(connection_id: str) -> Response:
    """Show a stored connection."""
    stored = runtime().store.ssh.connections.get(connection_id)
    values = stored_values(stored.attributes, CONNECTION) or {KEYPAIR_OF: stored.keypair}
    form = ConnectionForm(CONNECTION, drafts().open(""), stored.name, values, method=METHODS[MANUAL], connection=stored)
    return again(form, status=200)


@routes.at("/<connection_id>", "POST")
def save(connection_id: str) -> Response:
    """Do what the pressed button says."""
    form, raw = sent_form(runtime().store.ssh.connections.get(connection_id))
    action = request.form.get("action", "save")
    if action in {host_keys.DISCOVER, host_keys.TAKE}:
        return find_host_keys(form, raw, action)
    if action == "test":
        return running.test(form, raw)
    return store(form, raw)


def store(form: ConnectionForm, raw: dict[str, str]) -> Response:
    """Save changes over the version that the form was made from."""
    checked = form.look(raw)
    if not checked.ok or form.name_error or form.connection is None:
        return again(form)
    form.result = running.result_of(form, checked.attributes)
    if runtime().ssh.connections.replaces_host_key(form.connection, raw):
        form.ask_password = True
        form.password_error = check_own_password()
        if form.password_error:
            return again(form)
    unchanged = dict(checked.attributes) == dict(form.connection.attributes)
    if not unchanged and not running.may_save(form, checked.attributes):
        return again(form, ask=running.question(form.result), status=200)
    return written(form, raw, None if unchanged else running.tested(form, checked.attributes))


def written(form: ConnectionForm, raw: dict[str, str], tested: object) -> Response:
    """Write it; what is refused comes back with the form."""
    connections, stored = runtime().ssh.connections, form.connection
    if stored is None:
        return again(form)
    try:
        saved = connections.edit(
            stored.id,
            raw,
            version=sent_version(),
            by=current_account().name,
            name=form.name,
            result=tested,  # pyright: ignore[reportArgumentType]
        )
    except InvalidValuesError as error:
        form.checked = error.checked
        return again(form)
    except CredentialError as error:
        form.name_error = error.message
        return again(form, status=409)
    drafts().drop(form.draft)
    flash(f"{saved.name} was saved.")
    return go(url_for("ssh_connections.index"))

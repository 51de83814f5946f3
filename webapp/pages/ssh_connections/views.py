"""The list, and setting a connection up."""

from __future__ import annotations

from flask import flash, request, url_for
from werkzeug.wrappers import Response

from webapp.core.errors import CredentialError
from webapp.core.ssh.fields import HOST_KEY
from webapp.core.validation import InvalidValuesError
from webapp.pages import host_keys
from webapp.pages.access import current_account, runtime
from webapp.pages.hx import go, page_or_block
from webapp.pages.routes import Routes
from webapp.pages.ssh_connections import running
from webapp.pages.ssh_connections.forms import DEFAULT_METHOD, METHODS, SERVER, ConnectionForm, drafts, sent_form
from webapp.pages.ssh_connections.listing import rows
from webapp.pages.ssh_connections.shown import again

routes = Routes()


@routes.at("/")
def index() -> Response:
    """Show the list."""
    connections, text = runtime().ssh.connections, request.args.get("text", "")
    return page_or_block(
        "ssh_connections/index.html",
        "listing",
        rows=rows(connections.all(text)),
        text=text,
        alarms=runtime().store.ssh.connections.alarms(),
        newly_bad=runtime().store.ssh.connections.newly_bad(),
    )


@routes.at("/add")
def add() -> Response:
    """Show an empty form, or with `method` that of another way."""
    method = METHODS.get(request.args.get("method", ""), METHODS[DEFAULT_METHOD])
    form = ConnectionForm(method.fields, drafts().open(""), request.args.get("name", ""), method=method)
    return again(form, status=200)


@routes.at("/fields", "POST")
def fields() -> Response:
    """Show the fields of another way, with what was typed into fields that it has too."""
    form, _ = sent_form()
    return again(form, status=200)


@routes.at("/add", "POST")
def create() -> Response:
    """Do what the pressed button says."""
    form, raw = sent_form()
    action = request.form.get("action", "save")
    if action in {host_keys.DISCOVER, host_keys.TAKE}:
        return find_host_keys(form, raw, action)
    if action == "test":
        return running.test(form, raw)
    if form.method.key == "manual":
        return save_new(form, raw)
    if action == "trust":
        raw["certificate"] = request.form.get("trusted", "")
        runtime().ssh.truenas.trust(raw.get("url", ""), raw["certificate"])
    return pair(form, raw)


def find_host_keys(form: ConnectionForm, raw: dict[str, str], action: str) -> Response:
    """Show the host keys of the server, or take over those that were shown."""
    if action == host_keys.TAKE:
        form.values = {**form.values, HOST_KEY: host_keys.taken()}
        return again(form, status=200)
    form.keys = host_keys.beside(HOST_KEY, raw.get(HOST_KEY, ""))
    host_keys.discover(form.keys, raw)
    return again(form, status=422 if form.keys.error else 200)


def save_new(form: ConnectionForm, raw: dict[str, str]) -> Response:
    """Save a new connection; one that was not tested is asked about once."""
    checked = form.look(raw)
    if not checked.ok or form.name_error:
        return again(form)
    form.result = running.result_of(form, checked.attributes)
    if not running.may_save(form, checked.attributes):
        return again(form, ask=running.question(form.result), status=200)
    by, tested = current_account().name, running.tested(form, checked.attributes)
    try:
        saved = runtime().ssh.connections.add(form.name, raw, by=by, result=tested)
    except InvalidValuesError as error:
        form.checked = error.checked
        return again(form)
    except CredentialError as error:
        form.name_error = error.message
        return again(form)
    drafts().drop(form.draft)
    flash(f"{saved.name} was saved.")
    return go(url_for("ssh_connections.edit", connection_id=saved.id))


def pair(form: ConnectionForm, raw: dict[str, str]) -> Response:
    """Start the set-up, once the host key is known where there is nothing else to trust."""
    checked = form.look(raw)
    if not checked.ok or form.name_error:
        return again(form)
    if form.method.key == SERVER and not checked.attributes.get(HOST_KEY):
        form.keys = host_keys.beside(HOST_KEY, "")
        host_keys.discover(form.keys, checked.attributes)
        return again(form, ask="" if form.keys.error else running.CONFIRM_HOST_KEY, status=200)
    try:
        return running.pair(form, raw)
    except CredentialError as error:
        form.name_error = error.message
        return again(form)

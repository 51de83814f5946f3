"""*Settings → Secret seed*: the master keys, rotation, export and import, and records whose key is missing."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from flask import Response, current_app, flash, make_response, render_template, request, send_file, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp.core.errors import CredentialError
from webapp.core.store.audit import Action
from webapp.core.store.backup.protection import check_passphrase, protect, read_seed
from webapp.core.store.keys import LockedRecord
from webapp.pages.access import current_account, runtime, session_key
from webapp.pages.hx import go, page_or_block
from webapp.pages.own_password import check_own_password
from webapp.pages.settings.blueprint import blueprint

PAGE, CONFIRM = "settings/seed.html", "settings/confirm.html"


@blueprint.get("/seed")
def seed() -> Response:
    """Show the keys, and what waits for one."""
    return page()


def page(error: CredentialError | None = None, password_error: str = "", part: str = "", status: int = 200) -> Response:
    """Return the page; `part` names the form that an error belongs to."""
    keys = runtime().store.keys
    listed = keys.list()
    context: dict[str, Any] = {
        "keys": listed,
        "pending": sum(key.uses for key in listed if key.present and not key.primary),
        "moved": sum(key.uses for key in listed if key.primary),
        "writable": keys.ring.writable,
        "where": keys.ring.where,
        "waiting": keys.locked_records(),
        "edit_address": edit_address,
        "error": error,
        "password_error": password_error,
        "part": part,
    }
    return page_or_block(PAGE, "keys", status, **context)


EDITORS = {
    "credential": ("cloud_credentials.edit", "credential_id"),
    "SSH keypair": ("ssh_keypairs.edit", "keypair_id"),
    "SSH connection": ("ssh_connections.edit", "connection_id"),
    "OAuth app": ("oauth_apps.edit", "provider"),
}
"""Page and name of the id in its address, by what a record is."""


def edit_address(record: LockedRecord) -> str:
    """Return where the values of a record are typed again; empty when there is no such page."""
    endpoint, name = EDITORS.get(record.label, ("", ""))
    values: dict[str, Any] = {name: record.id}
    return url_for(endpoint, **values) if endpoint else ""


@blueprint.post("/seed/rotate")
def seed_rotate() -> AnyResponse:
    """Make a new primary key; the background moves what is stored."""
    if wrong := check_own_password():
        return page(password_error=wrong, part="rotate", status=422)
    try:
        runtime().store.keys.rotate(by=current_account().name)
    except CredentialError as error:
        return page(error, part="rotate", status=422)
    runtime().upkeep.wake()
    flash("There is a new key. What is stored is being moved to it. Export the seed again: an older export lacks it.")
    return go(url_for("settings.seed"))


@blueprint.route("/seed/retire/<identifier>", methods=["GET", "POST"])
def seed_retire(identifier: str) -> AnyResponse:
    """Say what is lost with a key that nothing here needs, and remove it when that is confirmed."""

    def retire() -> str:
        return runtime().store.keys.retire(identifier, by=current_account().name)

    return confirmed(retire, CONFIRM, title=f"Retire {identifier}", loss=RETIRED)


RETIRED = (
    "The key is given up for good. Nothing here needs it, but backups made before the last rotation "
    "do: without it they can be read only where an older export of the seed is kept."
)


def confirmed(act: Callable[[], str], template: str, **context: Any) -> AnyResponse:
    """Ask before something is lost; do it once it is confirmed with the own password, and go on with its sentence."""
    error, wrong = None, ""
    if request.method == "POST" and not (wrong := check_own_password()):
        try:
            flash(act())
            return go(url_for("settings.seed"))
        except CredentialError as refused:
            error = refused
    shown = render_template(template, error=error, password_error=wrong, **context)
    return make_response(shown, 422 if error or wrong else 200)


@blueprint.post("/seed/export")
def seed_export() -> Response:
    """Give the seed as a file under a passphrase."""
    words = request.form.get("passphrase", "")
    try:
        check_passphrase(words, request.form.get("again", ""))
    except CredentialError as error:
        return page(error, part="export", status=422)
    if wrong := check_own_password():
        return page(password_error=wrong, part="export", status=422)
    store = runtime().store
    with store.audit.failures(Action.SEED, detail={"what": "export"}):
        data = protect(store.keys.ring, words)
    store.audit.note(Action.SEED, name=", ".join(store.keys.ring.ids), detail={"what": "exported under a passphrase"})
    return send_file(
        BytesIO(data), mimetype="application/octet-stream", as_attachment=True, download_name="secret-seed.age"
    )


@blueprint.post("/seed/import")
def seed_import() -> AnyResponse:
    """Add the keys of a seed that was missing."""
    store = runtime().store
    try:
        with store.audit.failures(Action.SEED, detail={"what": "import"}):
            ring = read_seed(given_seed(), request.form.get("passphrase", ""))
        count = store.keys.take_seed(ring, by=current_account().name)
    except CredentialError as error:
        return page(error, part="import", status=422)
    runtime().upkeep.wake()
    flash(f"The seed fits: {count} values can be read now.")
    return go(url_for("settings.seed"))


def given_seed() -> bytes:
    """Return the seed that was chosen as a file or typed."""
    upload = request.files.get("file")
    return upload.read() if upload and upload.filename else request.form.get("seed", "").encode()


@blueprint.route("/seed/lost", methods=["GET", "POST"])
def seed_lost() -> AnyResponse:
    """Say what is locked without the missing seed, and go on without it when that is confirmed."""
    store = runtime().store

    def give_up() -> str:
        store.keys.give_up(by=current_account().name)
        current_app.config["SECRET_KEY"] = session_key(runtime())
        return "The store is open. Nothing was deleted: what waits for the lost key stands below."

    return confirmed(give_up, "settings/lost.html", locked=store.locked, waiting=store.keys.locked_records())


@blueprint.route("/seed/waiting/<table>/<identifier>/delete", methods=["GET", "POST"])
def seed_delete(table: str, identifier: str) -> AnyResponse:
    """Say what is lost with a record whose key is missing, and delete it with what belongs to it when confirmed."""
    keys = runtime().store.keys
    record = keys.locked_record(table, identifier)
    loss = (
        f"The {record.label} is deleted with what belongs to it. Should the key {record.key} turn up, it is not there."
    )

    def delete() -> str:
        return f"{keys.delete_locked(table, identifier, by=current_account().name)} was deleted."

    return confirmed(delete, CONFIRM, title=f"Delete {record.name}", loss=loss)

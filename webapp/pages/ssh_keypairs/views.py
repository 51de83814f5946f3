"""The list, and making, importing and changing a keypair."""

from __future__ import annotations

from flask import flash, request, url_for
from werkzeug.wrappers import Response

from webapp.core.errors import ConflictError, CredentialError
from webapp.core.ssh.fields import KEYPAIR
from webapp.core.ssh.keys import KEY_TYPES, PASSPHRASE, PRIVATE, PUBLIC, file_names, read_public
from webapp.core.validation import InvalidValuesError
from webapp.pages.access import current_account, runtime
from webapp.pages.attachments import attachment
from webapp.pages.drafts import digest, drafts
from webapp.pages.fieldsform import sent_version, shown_values, stored_values, typed
from webapp.pages.hx import go, page_or_block
from webapp.pages.own_password import check_own_password
from webapp.pages.routes import Routes
from webapp.pages.ssh_keypairs.forms import KeypairForm, chosen_type
from webapp.pages.ssh_keypairs.listing import row, rows, user_address

routes = Routes()
FORM = "ssh_keypairs/form.html"


@routes.at("/")
def index() -> Response:
    """Show the list."""
    text = request.args.get("text", "")
    return page_or_block(
        "ssh_keypairs/index.html",
        "listing",
        rows=rows(runtime().ssh.keypairs.all(text)),
        text=text,
        address=user_address,
    )


@routes.at("/add")
def add() -> Response:
    """Show an empty form."""
    return shown(KeypairForm(KEYPAIR, drafts().open(""), request.args.get("name", "")))


@routes.at("/add", "POST")
def create() -> Response:
    """Generate, hand out a half that was generated, or save."""
    action = request.form.get("action", "save")
    form = sent_form()
    if action == "generate":
        return generate(form)
    if action in {"download-private", "download-public"}:
        return download(form, private=action == "download-private")
    return save_form(form)


@routes.at("/<keypair_id>")
def show(keypair_id: str) -> Response:
    """Show a keypair: its public half to copy, what logs in with it."""
    keypair = runtime().ssh.keypairs.get(keypair_id)
    return page_or_block("ssh_keypairs/show.html", "main", row=row(keypair), address=user_address, revealed="")


@routes.at("/<keypair_id>/edit")
def edit(keypair_id: str) -> Response:
    """Show the form of a stored keypair; its private half stays where it is."""
    keypair = runtime().ssh.keypairs.get(keypair_id)
    values = stored_values(keypair.attributes, KEYPAIR)
    return shown(KeypairForm(KEYPAIR, drafts().open(""), keypair.name, values, keypair=keypair))


@routes.at("/<keypair_id>/edit", "POST")
def save(keypair_id: str) -> Response:
    """Save changes over the version that the form was made from."""
    form = sent_form()
    form.keypair = runtime().ssh.keypairs.get(keypair_id)
    return save_form(form)


def sent_form() -> KeypairForm:
    """Return the form as it was sent; typed secrets are in its draft."""
    draft = drafts().open(request.form.get("draft", ""))
    raw = typed(KEYPAIR, draft)
    return KeypairForm(
        KEYPAIR, draft, request.form.get("name", ""), shown_values(KEYPAIR, raw, None), key_type=chosen_type()
    )


def generate(form: KeypairForm) -> Response:
    """Fill both halves with a new keypair; nothing is stored yet."""
    made = runtime().ssh.keypairs.make(form.key_type, form.name)
    form.draft.secrets = {PRIVATE: made.private}
    form.values, form.generated = {PUBLIC: made.public.text}, True
    drafts().keep(form.draft)
    return shown(form)


def download(form: KeypairForm, *, private: bool) -> Response:
    """Hand out a half of the pair in the form; the private one after the person's own password."""
    drafts().keep(form.draft)
    form.password_error = check_own_password() if private else ""
    if form.password_error or not form.kept_pair:
        return shown(form, 422)
    try:
        public = read_public(form.values[PUBLIC])
    except CredentialError:
        return save_form(form)
    names = file_names(form.name or "keypair", public)
    text = form.draft.secrets[PRIVATE] if private else f"{public.text}\n"
    return attachment(text.encode(), names[0] if private else names[1])


def save_form(form: KeypairForm) -> Response:
    """Save a new or a changed keypair, or show the form again with what hinders it."""
    raw = typed(KEYPAIR, form.draft)
    keypairs = runtime().ssh.keypairs
    form.checked = keypairs.examine(raw, form.name, keypair=form.keypair)
    if not form.name.strip():
        form.name_error = "Enter a name."
    if not form.checked.ok or form.name_error:
        return shown(form, 422)
    if raw.get(PASSPHRASE) and not confirmed(form, raw):
        return shown(form, ask=PASSPHRASE)
    try:
        saved = stored(form, raw)
    except InvalidValuesError as error:
        form.checked = error.checked
        return shown(form, 422)
    except CredentialError as error:
        form.name_error = error.message
        return shown(form, 409 if isinstance(error, ConflictError) else 422)
    drafts().drop(form.draft)
    flash(f"{form.name.strip()} was saved.")
    return go(url_for("ssh_keypairs.show", keypair_id=saved))


def stored(form: KeypairForm, raw: dict[str, str]) -> str:
    """Store it and return its id."""
    keypairs, by = runtime().ssh.keypairs, current_account().name
    if form.keypair is None:
        return keypairs.add(form.name, raw, by=by).id
    unchanged = not raw.get(PRIVATE) and raw.get(PUBLIC, "").strip() == form.keypair.public_key.strip()
    return keypairs.edit(form.keypair.id, None if unchanged else raw, version=sent_version(), by=by, name=form.name).id


def confirmed(form: KeypairForm, raw: dict[str, str]) -> bool:
    """Tell whether the person has read that the key is kept without its passphrase."""
    values = digest(raw)  # as typed: what is made of it differs each time
    if request.form.get("confirm") and form.draft.asked == values:
        return True
    form.draft.asked = values
    return False


def shown(form: KeypairForm, status: int = 200, *, ask: str = "") -> Response:
    """Show the form; typed secrets wait in the draft."""
    drafts().keep(form.draft)
    return page_or_block(FORM, "main", status, form=form, types=KEY_TYPES.values(), ask=ask)

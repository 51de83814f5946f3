"""Changing a stored credential."""

from __future__ import annotations

from flask import flash, request
from werkzeug.wrappers import Response

from webapp.core.errors import CredentialError
from webapp.core.fields import Attributes, as_text
from webapp.core.providers import provider as find_provider
from webapp.core.providers.base import Provider
from webapp.core.store import ChangedError, Credential
from webapp.core.verification.states import Result
from webapp.pages.access import current_account, runtime
from webapp.pages.cloud_credentials.forms import Form, name_problem, sent_form
from webapp.pages.cloud_credentials.views import (
    FORM,
    after_saving,
    again,
    may_save,
    question,
    result_of,
    verify,
)
from webapp.pages.drafts import drafts
from webapp.pages.fieldsform import sent_version, stored_values
from webapp.pages.hx import go, page_or_block
from webapp.pages.provider_login.forms import logged_in, typed_values
from webapp.pages.routes import Routes

routes = Routes()


@routes.at("/<credential_id>")
def edit(credential_id: str) -> Response:
    """Show a stored credential; its secrets stay where they are."""
    credential = runtime().store.credentials.get(credential_id)
    provider = find_provider(credential.provider)
    draft = drafts().open(request.args.get("draft", ""))
    values = stored_values(credential.attributes, provider)
    if draft.typed.get("credential") == credential_id:  # back from the provider's log-in
        values |= typed_values(draft)
    form = Form(provider, draft, draft.typed.get("name") or credential.name, values, credential=credential)
    return page_or_block(FORM, "fields", form=form, providers=[provider], result=None, ask="")


@routes.at("/<credential_id>", "POST")
def save(credential_id: str) -> Response:
    """Save changes over the version that the form was made from."""
    if request.form.get("action") == "verify":
        return verify()
    credential = runtime().store.credentials.get(credential_id)
    sent = sent_form(credential)
    checked = sent.examined()
    form = sent.form(checked)
    form.name_error = name_problem(form.name, credential)
    if not checked.ok or form.name_error:
        return again(form)
    result = result_of(sent.draft, checked.attributes)
    unchanged = dict(checked.attributes) == dict(credential.attributes)
    if not unchanged and not may_save(sent.draft, checked.attributes, result):
        return again(form, result=result, ask=question(result), status=200)
    return stored(form, sent.raw, checked.attributes, result)


def stored(form: Form, raw: dict[str, str], mine: Attributes, result: Result | None) -> Response:
    """Save checked values; what is refused comes back with the form."""
    by, credential_id = current_account().name, form.credential.id if form.credential else ""
    try:
        new = logged_in(form.draft, raw)
        saved = runtime().service.edit(
            credential_id, raw, version=sent_version(), by=by, name=form.name, result=result, logged_in=new
        )
    except ChangedError as error:
        return conflict(form, error.current, form.provider, mine)
    except CredentialError as error:
        form.name_error = error.message
        return again(form)
    drafts().drop(form.draft)
    flash(f"{saved.name} was saved.")
    return go(after_saving(raw, saved))


def conflict(form: Form, current: Credential, provider: Provider, mine: Attributes) -> Response:
    """Show what the other person saved beside what was typed; nothing is saved until one is chosen."""
    drafts().keep(form.draft)
    rows = [
        (field.label, shown(field.secret, current.attributes, field.key), shown(field.secret, mine, field.key))
        for field in provider.fields
        if current.attributes.get(field.key) != mine.get(field.key)
    ]
    return page_or_block(
        "cloud_credentials/conflict.html", "main", 409, form=form, current=current, rows=rows, name=form.name
    )


def shown(secret: bool, attributes: Attributes, key: str) -> str:
    """Return a value for the comparison; of a secret only whether there is one."""
    if key not in attributes:
        return "empty"
    return "another secret" if secret else as_text(attributes[key])

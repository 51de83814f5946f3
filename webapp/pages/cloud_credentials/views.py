"""The table, and adding a credential."""

from __future__ import annotations

from flask import abort, flash, request, url_for
from werkzeug.wrappers import Response

from webapp.core.errors import CredentialError
from webapp.core.fields import Attributes
from webapp.core.providers import PROVIDERS
from webapp.core.providers import provider as find_provider
from webapp.core.ssh.choosing import NEW
from webapp.core.ssh.fields import KEYPAIR_OF
from webapp.core.store import Credential
from webapp.core.validation import InvalidValuesError
from webapp.core.verification.states import Result, State
from webapp.pages.access import current_account, current_session, runtime
from webapp.pages.cloud_credentials.forms import (
    Form,
    Sent,
    creatable,
    name_problem,
    named_credential,
    sent_form,
)
from webapp.pages.cloud_credentials.listing import rows
from webapp.pages.cluster.listing import READY, cluster_listing
from webapp.pages.drafts import Draft, digest, drafts
from webapp.pages.fieldsform import shown_values, typed
from webapp.pages.hx import go, page_or_block, wants_fragment
from webapp.pages.provider_login.forms import logged_in, typed_values
from webapp.pages.routes import Routes

routes = Routes()
QUICK = 0.3
"""Seconds to wait for a result before progress is shown."""

FORM = "cloud_credentials/form.html"
DIGITS = 9


@routes.at("/")
def index() -> Response:
    """Show the table."""
    asked = {name: request.args.get(name, "") for name in ("text", "provider", "state")}
    number = request.args.get("page", "1")
    found = runtime().store.credentials.search(
        text=asked["text"],
        provider=asked["provider"],
        state=asked["state"],
        sort=request.args.get("sort", "name"),
        descending=request.args.get("order") == "descending",
        page=int(number) if number.isascii() and number.isdigit() and len(number) < DIGITS else 1,
    )
    return page_or_block(
        "cloud_credentials/index.html",
        "listing",
        rows=rows(found.items),
        found=found,
        asked=asked,
        sort=request.args.get("sort", "name"),
        order=request.args.get("order", ""),
        providers=PROVIDERS.values(),
        states=["unchecked", *(str(state) for state in State if state is not State.CANCELLED)],
        newly_bad=runtime().store.credentials.newly_bad(),
        where=request.args.get("where", ""),
        ready=request.args.get("ready", ""),
        cluster=cluster_listing(),
        ready_words=READY,
    )


@routes.at("/fields", "GET", "POST")
def fields() -> Response:
    """Show the fields of a provider, with what was typed into fields that it has too.

    What was typed comes by POST alone: addresses are kept in histories and logs, and secrets are among it.
    """
    sent = request.form if request.method == "POST" else request.args
    draft = drafts().open(sent.get("draft", ""))
    provider = find_provider(sent.get("provider") or draft.typed.get("provider") or "S3")
    credential = runtime().store.credentials.get(sent["credential"]) if sent.get("credential") else None
    values, raw = dict[str, str](), dict[str, str]()
    if request.method == "POST":
        forget_other_login(draft, provider.type)
        raw = typed(provider, draft)
        known = {field.key for field in provider.fields}
        values = {key: value for key, value in shown_values(provider, raw, None).items() if key in known}
        drafts().keep(draft)
    elif draft.typed:
        values = typed_values(draft)
    form = Form(provider, draft, sent.get("name") or draft.typed.get("name", ""), values, credential=credential)
    if request.method == "POST":
        form.read = runtime().service.examine(provider.type, raw, credential=credential)
    listed = [provider] if credential else creatable()
    return page_or_block(FORM, "fields", form=form, providers=listed, result=None, ask="")


@routes.at("/add")
def add() -> Response:
    """Show an empty form, or with `provider` that of another one."""
    return fields()


@routes.at("/add", "POST")
def create() -> Response:
    """Save a new credential, or verify what was typed when that button was pressed."""
    if request.form.get("action") == "verify":
        return verify()
    sent = sent_form()
    checked = sent.examined()
    form = sent.form(checked)
    form.name_error = name_problem(form.name)
    if not checked.ok or form.name_error:
        return again(form)
    result = result_of(sent.draft, checked.attributes)
    if not may_save(sent.draft, checked.attributes, result):
        return again(form, result=result, ask=question(result), status=200)
    return added(sent, form, result)


def added(sent: Sent, form: Form, result: Result | None) -> Response:
    """Save a new credential; what is refused comes back with the form."""
    by, new = current_account().name, logged_in(sent.draft, sent.raw)
    try:
        saved = runtime().service.add(form.name, sent.provider.type, sent.raw, by=by, result=result, logged_in=new)
    except InvalidValuesError as error:
        form.checked = error.checked
        return again(form)
    except CredentialError as error:
        form.name_error = error.message
        return again(form)
    drafts().drop(sent.draft)
    flash(f"{saved.name} was saved.")
    return go(after_saving(sent.raw, saved))


def after_saving(raw: dict[str, str], saved: Credential) -> str:
    """Return the page to go on to: that of a new keypair, whose public half has to get to the server, or the list."""
    keypair = str(saved.attributes.get(KEYPAIR_OF, ""))
    if raw.get(KEYPAIR_OF, "").startswith(NEW) and keypair:
        flash("Put the public key of its new keypair on the server, then verify the credential.")
        return url_for("ssh_keypairs.show", keypair_id=keypair)
    return url_for("cloud_credentials.index")


@routes.at("/verify", "POST")
def verify() -> Response:
    """Verify what was typed and save nothing."""
    sent = sent_form(named_credential())
    draft, checked = sent.draft, sent.examined()
    form = sent.form(checked)
    if not checked.ok:
        return again(form)
    stop_former(draft)
    check = runtime().service.start_check(
        sent.provider.type, sent.raw, credential=sent.credential, owner=f"{current_session().id}:{draft.id}"
    )
    draft.check, draft.checked, draft.result = check.id, digest(checked.attributes), {}
    drafts().keep(draft)
    result = check.wait(QUICK if wants_fragment() else 60)
    if wants_fragment() and result is None:
        return page_or_block("cloud_credentials/_result.html", "progress", check=check, draft=draft)
    result = result_of(draft, checked.attributes)
    if wants_fragment():
        return page_or_block("cloud_credentials/_result.html", "outcome", result=result, form=form)
    return again(form, result=result, status=200)


@routes.at("/checks/<check_id>")
def check(check_id: str) -> Response:
    """Show the progress of a check, or its result once it has one."""
    found = runtime().checks.get(check_id)
    if found is None or not found.owner.startswith(current_session().id):
        abort(404)
    draft = drafts().open(request.args.get("draft", ""))
    result = found.wait(QUICK)
    if result is None:
        return page_or_block("cloud_credentials/_result.html", "progress", check=found, draft=draft)
    if draft.check == check_id and not draft.result:
        draft.note(result)
        drafts().keep(draft)
    return page_or_block("cloud_credentials/_result.html", "outcome", result=result, form=None)


@routes.at("/checks/<check_id>/cancel", "POST")
def cancel(check_id: str) -> Response:
    """Stop a check at once."""
    found = runtime().checks.get(check_id)
    if found is None or not found.owner.startswith(current_session().id):
        abort(404)
    found.cancel()
    result = found.wait(5)
    return page_or_block("cloud_credentials/_result.html", "outcome", result=result, form=None)


def forget_other_login(draft: Draft, provider_type: str) -> None:
    """Drop a token and its client when another provider is chosen: they are good for the first one alone."""
    if draft.login and draft.typed.get("provider") != provider_type:
        draft.login, draft.typed = {}, {}
        draft.secrets = {key: value for key, value in draft.secrets.items() if key not in {"token", "client_secret"}}


def stop_former(draft: Draft) -> None:
    """Stop the check of what was typed before: its answer would be taken for one about the new values."""
    former = runtime().checks.get(draft.check) if draft.check else None
    if former and former.result is None:
        former.cancel()


def result_of(draft: Draft, attributes: Attributes) -> Result | None:
    """Return the result of the draft's check, read from the running checks when it has just ended."""
    running = runtime().checks.get(draft.check) if draft.check and not draft.result else None
    if running and running.result:
        asked = draft.checked == digest(attributes)  # before the draft takes a token that the check renewed
        draft.note(running.result)
        drafts().keep(draft)
        if asked:
            return running.result
    return draft.result_for(attributes)


def may_save(draft: Draft, attributes: Attributes, result: Result | None) -> bool:
    """Ask once before saving what was not verified or did not pass; the same values are saved the second time."""
    if (result and result.good) or (request.form.get("confirm") and draft.asked == digest(attributes)):
        return True
    draft.asked = digest(attributes)
    return False


def question(result: Result | None) -> str:
    """Return the sentence that asks whether to save all the same."""
    if result is None:
        return "These values were not verified. Press Save again to save them all the same, or verify them first."
    return (
        f"The verification said “{result.state}”. Press Save again to save all the same, or correct the values first."
    )


def again(form: Form, *, result: Result | None = None, ask: str = "", status: int = 422) -> Response:
    """Show the form again; typed secrets wait in the draft."""
    drafts().keep(form.draft)
    listed = [form.provider] if form.credential else creatable()
    response = page_or_block(FORM, "fields", status, form=form, providers=listed, result=result, ask=ask)
    if wants_fragment():
        # The button that was pressed may aim at the place of the result alone.
        response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#fields", "outerHTML"
    return response

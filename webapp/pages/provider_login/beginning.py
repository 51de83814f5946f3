"""Begins a log-in: which app, what it may do, and how the answer comes back."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from webapp.core.errors import CredentialError
from webapp.core.oauth.flows import Way, paste_address, redirect_problem
from webapp.pages.access import current_account, current_session, runtime
from webapp.pages.drafts import Draft, drafts
from webapp.pages.hx import go, page_or_block
from webapp.pages.provider_login.forms import (
    fill,
    form_address,
    provider_of,
    put_aside,
    typed_values,
    values_of,
    vendor_of,
)
from webapp.pages.routes import Routes

routes = Routes()
CLIENT = ("client_id", "region", "tenant", "hostname")
"""Values of the app that are no secret."""


def callback_address() -> str:
    """Return the address to register at the vendor."""
    return url_for("login.callback", _external=True)


@routes.at("/cloud-credentials/login", "POST")
def begin() -> Response:
    """Put the credential's form aside and ask how to log in."""
    return go(url_for("login.choose", draft_id=put_aside().id))


@routes.at("/cloud-credentials/login/<draft_id>")
def choose(draft_id: str) -> Response:
    """Ask with which app, for what, and in which way."""
    draft = drafts().open(draft_id)
    if not draft.typed:
        flash("This form is too old. Nothing of it was saved; begin again.")
        return go(url_for("cloud_credentials.add"))
    return shown(draft)


def shown(draft: Draft, error: CredentialError | None = None) -> Response:
    """Show the page, with what went wrong."""
    provider, vendor = provider_of(draft), vendor_of(draft)
    app = runtime().store.apps.find(provider.type)
    values = values_of(draft)
    fields = {field.key: field for field in provider.fields}
    redirect_to = callback_address()
    return page_or_block(
        "login/choose.html",
        "main",
        200 if error is None else 422,
        draft=draft,
        provider=provider,
        vendor=vendor,
        app=app,
        values=values,
        fields=fields,
        error=error,
        back=form_address(draft),
        redirect_to=redirect_to,
        problem=redirect_problem(provider.type, redirect_to),
        pasted_to=paste_address(vendor),
        way=Way,
    )


@routes.at("/cloud-credentials/login/<draft_id>", "POST")
def start(draft_id: str) -> Response:
    """Begin the log-in in the chosen way."""
    draft = drafts().open(draft_id)
    if not draft.typed:
        return choose(draft_id)
    provider = provider_of(draft)
    take_client(draft)
    way = request.form.get("way", "")
    try:
        if request.form.get("remember"):
            remember(draft)
        started = runtime().logins.begin(
            current_session().id,
            provider.type,
            values_of(draft),
            way=Way(way) if way in set(Way) else Way.REDIRECT,
            access=request.form.get("access", ""),
            redirect=callback_address(),
            kept={"draft": draft.id, "window": "yes" if way == "window" else ""},
            secret=request.form.get("client_secret", "").strip(),
        )
    except CredentialError as error:
        return shown(draft, error)
    if way == Way.REDIRECT:
        # A form may not lead to another site (the policy forbids it), so the browser goes there by a page of ours.
        return redirect(url_for("login.waiting", flow_id=started.flow.id, leave="yes"), 303)
    return redirect(url_for("login.waiting", flow_id=started.flow.id), 303)


def take_client(draft: Draft) -> None:
    """Keep the typed client with the form."""
    fill(draft, {name: request.form[name].strip() for name in CLIENT if name in request.form})
    if typed_secret := request.form.get("client_secret", "").strip():
        draft.secrets["client_secret"] = typed_secret
    drafts().keep(draft)


def remember(draft: Draft) -> None:
    """Keep the typed client as the app of this provider as well."""
    values = {name: value for name, value in typed_values(draft).items() if name in CLIENT and value}
    if draft.secrets.get("client_secret"):
        values["client_secret"] = draft.secrets["client_secret"]
    if values.get("client_id"):
        runtime().store.apps.put(provider_of(draft).type, values, by=current_account().name)

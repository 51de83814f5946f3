"""The list of apps, and the form of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import flash, request, url_for
from werkzeug.wrappers import Response

from webapp.core.errors import CredentialError, NotFoundError
from webapp.core.fields import Attributes, FieldSet, as_text
from webapp.core.oauth.flows import check_app, paste_address, redirect_problem
from webapp.core.oauth.vendors import VENDORS
from webapp.core.providers import PROVIDERS
from webapp.core.store.logins import App
from webapp.core.validation import Findings, check_fields
from webapp.pages.access import current_account, runtime
from webapp.pages.drafts import drafts
from webapp.pages.fieldsform import FieldsForm, shown_values, stored_values, typed
from webapp.pages.hx import go, page_or_block
from webapp.pages.provider_login.beginning import callback_address
from webapp.pages.routes import Routes

routes = Routes()
OF_APP = ("client_id", "client_secret", "region", "tenant")
"""Fields of a credential that belong to its app."""

KNOWN = "The provider knows this app."


@dataclass(slots=True)
class AppForm(FieldsForm):
    """The form of an app; its secret is never sent back.

    Attributes:
        app: The stored one.
    """

    app: App | None = None

    @property
    def secret_dates(self) -> Mapping[str, datetime]:
        """When the stored secret was changed."""
        return {"client_secret": self.app.changed} if self.app and self.app.values.get("client_secret") else {}


def fields_of(provider: str) -> FieldSet:
    """Return the fields of a provider's app, taken from those of its credentials.

    Raises:
        NotFoundError: There is no log-in at this provider.
    """
    if provider not in VENDORS:
        raise NotFoundError("One cannot log in at this provider.")
    fields = tuple(field for field in PROVIDERS[provider].fields if field.key in OF_APP)
    return FieldSet(f"{VENDORS[provider].label} app", fields, checks=PROVIDERS[provider].checks[:1])


@routes.at("/")
def index() -> Response:
    """Show every provider that has a log-in, with its app."""
    return page_or_block("oauth_apps/index.html", "main", vendors=VENDORS, apps=runtime().store.apps.list())


@routes.at("/<provider>")
def edit(provider: str) -> Response:
    """Show the form of an app."""
    return shown(provider, {}, None)


@routes.at("/<provider>", "POST")
def save(provider: str) -> Response:
    """Save an app, or ask the provider whether it knows it."""
    declared = fields_of(provider)
    draft = drafts().open(request.form.get("draft", ""))
    app = runtime().store.apps.find(provider)
    raw = typed(declared, draft)
    found = check_fields(declared, raw, app.values if app else None)
    drafts().keep(draft)
    if not found.attributes.get("client_id") or not found.ok:
        return shown(provider, raw, found, error="" if not found.ok else "Enter the client ID of your app.")
    if request.form.get("action") == "check":
        return checked(provider, raw, found)
    runtime().store.apps.put(provider, found.attributes, by=current_account().name)
    drafts().drop(draft)
    flash(f"The app for {VENDORS[provider].label} was saved.")
    return go(url_for("oauth_apps.index"))


def checked(provider: str, raw: dict[str, str], found: Findings) -> Response:
    """Say whether the provider knows the app; nothing is saved by this."""
    try:
        check_app(provider, found.attributes, callback_address())
    except CredentialError as error:
        return shown(provider, raw, found, error=error.message)
    return shown(provider, raw, found, good=KNOWN)


@routes.at("/<provider>/remove", "POST")
def remove(provider: str) -> Response:
    """Forget an app."""
    fields_of(provider)
    runtime().store.apps.remove(provider, by=current_account().name)
    flash(f"The app for {VENDORS[provider].label} was removed here. Credentials that were made with it keep working.")
    return go(url_for("oauth_apps.index"))


def shown(provider: str, raw: Attributes, found: Findings | None, *, error: str = "", good: str = "") -> Response:
    """Show the form."""
    declared = fields_of(provider)
    app = runtime().store.apps.find(provider)
    draft = drafts().open(request.form.get("draft", ""))
    values = {**stored_values(app.values if app else {}, declared)}
    values |= shown_values(declared, {key: as_text(value) for key, value in raw.items()}, found)
    form = AppForm(declared, draft, values=values, checked=found, app=app)
    address = callback_address()
    return page_or_block(
        "oauth_apps/edit.html",
        "main",
        422 if error or (found and not found.ok) else 200,
        form=form,
        provider=provider,
        vendor=VENDORS[provider],
        made_at=PROVIDERS[provider].link,
        app=app,
        error=error,
        good=good,
        redirect_to=address,
        problem=redirect_problem(provider, address),
        pasted_to=paste_address(VENDORS[provider]),
    )

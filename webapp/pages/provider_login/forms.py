"""The credential's form while the person is away at the vendor: it waits in the draft, on the server."""

from __future__ import annotations

from collections.abc import Mapping

from flask import request, url_for

from webapp.core.fields import Attributes
from webapp.core.oauth.records import LoggedIn
from webapp.core.oauth.service import Finished
from webapp.core.oauth.vendors import VENDORS, Vendor
from webapp.core.providers import provider as find_provider
from webapp.core.providers.base import Provider
from webapp.core.store import Credential
from webapp.pages.access import runtime
from webapp.pages.drafts import Draft, drafts
from webapp.pages.fieldsform import PREFIX, typed

NAMES = ("name", "provider", "credential", "version")
"""Inputs of the form beside the fields."""


def put_aside() -> Draft:
    """Keep what was typed into the credential's form."""
    draft = drafts().open(request.form.get("draft", ""))
    provider = find_provider(request.form.get("provider", ""))
    secret = {field.key for field in provider.fields if field.secret}
    raw = typed(provider, draft)
    values = {PREFIX + key: value for key, value in raw.items() if key not in secret}
    draft.typed = {**{name: request.form.get(name, "") for name in NAMES}, **values}
    drafts().keep(draft)
    return draft


def typed_values(draft: Draft) -> dict[str, str]:
    """Return what was typed by field key, without secrets."""
    return {key.removeprefix(PREFIX): value for key, value in draft.typed.items() if key.startswith(PREFIX)}


def stored(draft: Draft) -> Credential | None:
    """Return the stored credential that the form is of."""
    identifier = draft.typed.get("credential", "")
    return runtime().store.credentials.get(identifier) if identifier else None


def values_of(draft: Draft) -> Attributes:
    """Return all values of a form put aside: stored ones under typed ones, secrets among them."""
    credential = stored(draft)
    known = {field.key for field in provider_of(draft).fields}
    filled = {key: value for key, value in {**typed_values(draft), **draft.secrets}.items() if value and key in known}
    return {**(credential.attributes if credential else {}), **filled}


def provider_of(draft: Draft) -> Provider:
    """Return the provider of a form put aside."""
    return find_provider(draft.typed.get("provider", ""))


def vendor_of(draft: Draft) -> Vendor:
    """Return where the person logs in."""
    return VENDORS[provider_of(draft).type]


def form_address(draft: Draft) -> str:
    """Return where the form is, with what was typed and what came from the vendor."""
    credential = draft.typed.get("credential", "")
    if credential:
        return url_for("cloud_credentials.edit", credential_id=credential, draft=draft.id)
    return url_for("cloud_credentials.add", draft=draft.id)


def take(finished: Finished) -> Draft:
    """Put what the vendor gave into the form that waits; nothing of it goes through the browser."""
    draft = drafts().open(finished.flow.values.get("draft", ""))
    secret = {field.key for field in provider_of(draft).fields if field.secret}
    fill(draft, {key: value for key, value in finished.values.items() if key not in secret})
    draft.secrets |= {key: value for key, value in finished.values.items() if key in secret and value}
    draft.renewed, draft.result, draft.checked = {}, {}, ""
    draft.login = {
        "account": finished.account,
        "scopes": finished.scopes,
        "token": finished.values["token"],
        "flow": finished.flow.id,
        "other": _other(draft, finished.account),
    }
    drafts().keep(draft)
    return draft


def fill(draft: Draft, values: Mapping[str, str]) -> None:
    """Fill fields of the form."""
    draft.typed |= {PREFIX + key: value for key, value in values.items()}


def _other(draft: Draft, account: str) -> str:
    """Return who was logged in before, when it is somebody else now."""
    before = runtime().store.logins.find(draft.typed.get("credential", ""))
    return before.account if before and before.account and account and before.account != account else ""


def logged_in(draft: Draft, raw: Mapping[str, str]) -> LoggedIn | None:
    """Return who is logged in with the token that is being saved; nothing when another one was pasted since."""
    mine = {draft.login.get("token", ""), draft.renewed.get("to", "")} - {""}
    if not draft.login or raw.get("token", "") not in mine:
        return None
    return LoggedIn(draft.login["account"], draft.login["scopes"])

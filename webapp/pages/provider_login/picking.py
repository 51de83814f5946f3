"""Chooses a drive from a list, so that nobody has to find its identifier."""

from __future__ import annotations

from contextlib import suppress

from flask import flash, request, url_for
from werkzeug.wrappers import Response

from webapp.core.errors import CredentialError, PermanentError
from webapp.core.oauth.pickers import Found, drive_type, onedrive_drives, shared_drives, sharepoint_drives
from webapp.core.tokens import Token
from webapp.pages.access import runtime
from webapp.pages.drafts import Draft, drafts
from webapp.pages.hx import go, page_or_block
from webapp.pages.provider_login.forms import fill, form_address, provider_of, put_aside, stored, values_of
from webapp.pages.routes import Routes

routes = Routes()
KEYS = {"ONEDRIVE": "drive_id", "GOOGLE_DRIVE": "team_drive"}
"""Providers with something to choose, and the field that it fills."""


@routes.at("/cloud-credentials/login/pick", "POST")
def begin_pick() -> Response:
    """Put the credential's form aside and list what its token reaches."""
    return go(url_for("login.pick", draft_id=put_aside().id))


@routes.at("/cloud-credentials/login/<draft_id>/pick")
def pick(draft_id: str) -> Response:
    """List what can be chosen; a site's name or address adds its libraries."""
    draft = drafts().open(draft_id)
    if not draft.typed or provider_of(draft).type not in KEYS:
        flash("This form is too old. Nothing of it was saved; begin again.")
        return go(url_for("cloud_credentials.add"))
    error, found = None, Found(())
    try:
        found = listed(draft, request.args.get("site"))
    except CredentialError as refused:
        error = refused
    return page_or_block(
        "login/pick.html",
        "main",
        draft=draft,
        provider=provider_of(draft),
        found=found,
        error=error,
        site=request.args.get("site"),
        back=form_address(draft),
    )


@routes.at("/cloud-credentials/login/<draft_id>/pick", "POST")
def choose_drive(draft_id: str) -> Response:
    """Fill in what was chosen."""
    draft = drafts().open(draft_id)
    if not draft.typed:
        return pick(draft_id)
    kind, chosen = provider_of(draft).type, request.form.get("chosen", "")
    if kind == "ONEDRIVE":
        given = request.form.get(f"type-{chosen}", "")
        fill(draft, {"drive_id": chosen, "drive_type": said_type(draft, chosen) or given or "PERSONAL"})
    else:
        fill(draft, {KEYS[kind]: chosen})
    drafts().keep(draft)
    return go(form_address(draft))


def said_type(draft: Draft, drive: str) -> str:
    """Return the type that Microsoft gives the drive's own root, which is the word that counts."""
    with suppress(CredentialError):
        return drive_type(usable(draft), values_of(draft), drive)
    return ""


def listed(draft: Draft, site: str | None) -> Found:
    """Return what the form's token reaches."""
    token = usable(draft)
    if provider_of(draft).type == "GOOGLE_DRIVE":
        return shared_drives(token)
    if site is not None:
        return sharepoint_drives(token, values_of(draft), site)
    return onedrive_drives(token, values_of(draft))


def usable(draft: Draft) -> Token:
    """Return the form's token, renewed first when it has ended.

    Raises:
        PermanentError: There is none yet, or it cannot be renewed.
    """
    values, credential = values_of(draft), stored(draft)
    if "token" not in values:
        raise PermanentError("Log in first: Login to Provider fills in the token.", field="token")
    own = credential is not None and values["token"] == credential.attributes.get("token")
    identifier = credential.id if credential and own else None
    fresh = runtime().token_door.fresh(provider_of(draft), values, credential_id=identifier)
    if "token" in fresh.replaced and not own:
        draft.renewed = {"from": draft.secrets["token"], "to": fresh.replaced["token"]}
        draft.secrets["token"] = fresh.replaced["token"]
        drafts().keep(draft)
    return Token.from_json(str(fresh.attributes["token"]))


def fill_own_drive(draft: Draft) -> None:
    """Fill in the person's own OneDrive when no drive was chosen yet; a list that is refused changes nothing."""
    if provider_of(draft).type != "ONEDRIVE" or values_of(draft).get("drive_id"):
        return
    with suppress(CredentialError):
        found = onedrive_drives(usable(draft), values_of(draft))
        if found.choices:
            fill(draft, found.choices[0].values)
            drafts().keep(draft)

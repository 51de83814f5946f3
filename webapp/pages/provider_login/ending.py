"""Revokes a token at the vendor and deletes the credential."""

from __future__ import annotations

from flask import flash, request, url_for
from werkzeug.wrappers import Response

from webapp.core.errors import CredentialError, NotFoundError
from webapp.core.oauth.revoke import can_revoke, revoke_stored
from webapp.core.oauth.vendors import VENDORS
from webapp.pages.access import current_account, runtime
from webapp.pages.hx import go, page_or_block
from webapp.pages.routes import Routes

routes = Routes()


@routes.at("/cloud-credentials/<credential_id>/revoke", "GET", "POST")
def revoke_and_delete(credential_id: str) -> Response:
    """Say what ends, and end it when it is confirmed: first at the vendor, then here."""
    service = runtime().service
    credential = runtime().store.credentials.get(credential_id)
    if credential.provider not in VENDORS:
        raise NotFoundError("This provider has no log-in to revoke.")
    users, error = service.used_by(credential_id), None
    if request.method == "POST" and not users:
        try:
            ended(credential_id)
        except CredentialError as refused:
            error = refused
        else:
            flash(f"The token of {credential.name} was revoked, and the credential deleted.")
            return go(url_for("cloud_credentials.index"))
    return page_or_block(
        "login/revoke.html",
        "main",
        409 if users and request.method == "POST" else 422 if error else 200,
        credential=credential,
        vendor=VENDORS[credential.provider],
        possible=can_revoke(credential.provider),
        users=users,
        error=error,
        login=runtime().store.logins.find(credential_id),
    )


def ended(credential_id: str) -> None:
    """Revoke and delete."""
    revoke_stored(runtime().store, credential_id, runtime().token_door)
    runtime().service.delete(credential_id, by=current_account().name)

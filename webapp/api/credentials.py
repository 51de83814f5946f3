"""Credentials: listed, shown, added, changed and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, g, url_for

from webapp.api import schemas
from webapp.api.door import actor, lacking
from webapp.api.members import RENAMED, REPLACED, listed, name_of, paging, read_change, sought
from webapp.api.operations import Member, Operations, asked_version, etag, given, read_body, read_query
from webapp.core.errors import readable
from webapp.core.presentation import moment, summaries, user
from webapp.core.providers import PROVIDERS
from webapp.core.providers import provider as find_provider
from webapp.core.redaction import plain_attributes
from webapp.core.store.access.api_tokens import Scope
from webapp.core.store.audit import Action
from webapp.core.verification.states import State
from webapp.running import runtime

if TYPE_CHECKING:
    from webapp.core.store import Credential

operations = Operations()

NAME = name_of("credential")
PROVIDER = Member("provider", "string", "What kind of credential it is.", required=True, values=tuple(PROVIDERS))
ATTRIBUTES = Member("attributes", "object", "Its values by field key, as in Attributes.*.", required=True)
SEARCH = (
    Member("search", "string", "Only names or providers with this text.", default=""),
    Member("provider", "string", "Only this kind.", values=tuple(PROVIDERS)),
    Member("state", "string", "Only those whose last verification said this.", values=tuple(State)),
    *paging("name", "provider", "state", "checked", "changed"),
)
REVEAL = Member("reveal", "boolean", "Give secrets as well; needs the scope “reveal”.", default=False)


@operations.at("GET", "/credentials", Scope.READ, schemas.ref("CredentialPage"), query=SEARCH, refused=(422,))
def list_credentials() -> Response:
    """List credentials with the state of their last verification, page by page."""
    found = runtime().store.credentials.search(**sought(read_query(SEARCH)))
    return listed(found, summaries(found.items, runtime().store.logins))


@operations.at(
    "POST", "/credentials", Scope.WRITE, schemas.ref("Credential"), status=201,
    body=(NAME, PROVIDER, ATTRIBUTES), refused=(409, 422),
)  # fmt: skip
def add_credential() -> Response:
    """Save a new credential; nothing is asked of the provider."""
    asked = read_body((NAME, PROVIDER, ATTRIBUTES))
    made = runtime().service.add(asked["name"], asked["provider"], asked["attributes"], by=actor())
    place = url_for("api.show_credential", credential_id=made.id)
    return given(details(made), 201, ETag=etag(made.version), Location=place)


@operations.at(
    "GET", "/credentials/{credential_id}", Scope.READ, schemas.ref("Credential"), query=(REVEAL,), refused=(404, 422)
)
def show_credential(credential_id: str) -> Response:
    """Show a credential; its secrets are left out unless they are asked for."""
    reveal = bool(read_query((REVEAL,))["reveal"])
    if reveal and Scope.REVEAL not in g.api_token.scopes:
        return lacking(Scope.REVEAL)
    found = runtime().store.credentials.get(credential_id)
    if reveal:
        note_read(found)
    return given(details(found, reveal=reveal), ETag=etag(found.version))


@operations.at(
    "PUT", "/credentials/{credential_id}", Scope.WRITE, schemas.ref("Credential"),
    body=(RENAMED, REPLACED), versioned=True, refused=(404, 409, 412, 422, 428),
)  # fmt: skip
def change_credential(credential_id: str) -> Response:
    """Save new values or another name over the version that `If-Match` names."""
    name, attributes, version = read_change((RENAMED, REPLACED))
    service = runtime().service
    if attributes is None:
        changed = service.rename(credential_id, str(name), version=version, by=actor())
    else:
        changed = service.edit(credential_id, attributes, version=version, by=actor(), name=name)
    return given(details(changed), ETag=etag(changed.version))


@operations.at(
    "DELETE",
    "/credentials/{credential_id}",
    Scope.WRITE,
    None,
    status=204,
    versioned=True,
    refused=(404, 409, 412, 422),
)
def delete_credential(credential_id: str) -> Response:
    """Delete a credential that nothing uses, for good; with `If-Match` only that version of it."""
    runtime().service.delete(credential_id, version=asked_version(), by=actor())
    return Response(status=204)


def details(credential: Credential, *, reveal: bool = False) -> dict[str, Any]:
    """Return a credential with its values, the days on which its secrets were changed and what uses it, for JSON.

    Raises:
        PermanentError: Its values cannot be read.
    """
    stored = readable(credential).attributes
    attributes = dict(stored) if reveal else plain_attributes(find_provider(credential.provider), stored)
    dates = {key: moment(at) for key, at in credential.secret_dates.items() if key in stored}
    (told,), users = summaries([credential], runtime().store.logins), runtime().service.used_by(credential.id)
    return {**told, "attributes": attributes, "secrets": dates, "used_by": [user(one) for one in users]}


def note_read(credential: Credential) -> None:
    """Note in the audit that secrets were read."""
    detail = {"request": "GET with reveal"}
    runtime().store.audit.note(
        Action.READ, kind="credential", subject=credential.id, name=credential.name, detail=detail
    )

"""Credentials: listed, shown, added, changed and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, g, url_for

from webapp.api import schemas
from webapp.api.door import actor, lacking
from webapp.api.operations import Member, Operations, asked_version, etag, given, read_body, read_query
from webapp.api.problems import problem
from webapp.core.errors import PermanentError
from webapp.core.presentation import moment, summary
from webapp.core.providers import PROVIDERS
from webapp.core.providers import provider as find_provider
from webapp.core.store import ChangedError
from webapp.core.store.access.api_tokens import Scope
from webapp.core.store.audit import Action
from webapp.core.verification.states import State
from webapp.running import runtime

if TYPE_CHECKING:
    from webapp.core.store import Credential

operations = Operations()
LARGEST_PAGE = 500

NAME = Member("name", "string", "A name of 1 to 100 characters that no other credential has.", required=True)
PROVIDER = Member("provider", "string", "What kind of credential it is.", required=True, values=tuple(PROVIDERS))
ATTRIBUTES = Member("attributes", "object", "Its values by field key, as in Attributes.*.", required=True)
RENAMED = Member("name", "string", "Another name; the present one stays when this is left out.")
REPLACED = Member(
    "attributes",
    "object",
    "All of its values by field key, as they came from here; a secret that is left out stays as it is. Left out "
    "altogether, all values stay.",
)
SEARCH = (
    Member("search", "string", "Only names or providers with this text.", default=""),
    Member("provider", "string", "Only this kind.", values=tuple(PROVIDERS)),
    Member("state", "string", "Only those whose last verification said this.", values=tuple(State)),
    Member("sort", "string", "By what.", values=("name", "provider", "state", "checked", "changed"), default="name"),
    Member("descending", "boolean", "The other way round.", default=False),
    Member("page", "integer", "Which page, from 1.", default=1, least=1, most=1_000_000),
    Member("size", "integer", "How many on a page.", default=50, least=1, most=LARGEST_PAGE),
)
REVEAL = Member("reveal", "boolean", "Give secrets as well; needs the scope “reveal”.", default=False)


@operations.at("GET", "/credentials", Scope.READ, schemas.ref("CredentialPage"), query=SEARCH, refused=(422,))
def list_credentials() -> Response:
    """List credentials with the state of their last verification, page by page."""
    asked = read_query(SEARCH)
    wanted = {key: value for key, value in asked.items() if value is not None and key != "search"}
    found = runtime().store.credentials.search(text=asked["search"], **wanted)
    items = [summary(one) for one in found.items]
    return given({"items": items, "total": found.total, "page": found.page, "pages": found.pages})


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
    asked, version = read_body((RENAMED, REPLACED)), asked_version()
    if version is None:
        return problem(428, "Say with If-Match which version you change: the ETag of what you read.")
    try:
        changed = saved(credential_id, asked, version)
    except ChangedError as error:
        return problem(412, error.message)
    return given(details(changed), ETag=etag(changed.version))


def saved(credential_id: str, asked: dict[str, Any], version: int) -> Credential:
    """Save what was sent and return what is stored now.

    Raises:
        PermanentError: There is neither a name nor a value.
        ChangedError: Someone saved another version meanwhile.
    """
    service, name, attributes = runtime().service, asked["name"], asked["attributes"]
    if attributes is not None:
        return service.edit(credential_id, attributes, version=version, by=actor(), name=name)
    if name is None:
        raise PermanentError("Send a name, attributes, or both.")
    return service.rename(credential_id, name, version=version, by=actor())


@operations.at(
    "DELETE", "/credentials/{credential_id}", Scope.WRITE, None, status=204, versioned=True, refused=(404, 412, 422)
)
def delete_credential(credential_id: str) -> Response:
    """Delete a credential that nothing uses, for good; with `If-Match` only that version of it."""
    try:
        runtime().service.delete(credential_id, version=asked_version(), by=actor())
    except ChangedError as error:
        return problem(412, error.message)
    return Response(status=204)


def details(credential: Credential, *, reveal: bool = False) -> dict[str, Any]:
    """Return a credential with its values and the days on which its secrets were changed, for JSON.

    Raises:
        PermanentError: Its values cannot be read.
    """
    if credential.damaged:
        raise PermanentError(credential.damaged)
    secret = {field.key for field in find_provider(credential.provider).fields if field.secret}
    attributes = {key: value for key, value in credential.attributes.items() if reveal or key not in secret}
    dates = {key: moment(at) for key, at in credential.secret_dates.items() if key in credential.attributes}
    return {**summary(credential), "attributes": attributes, "secrets": dates}


def note_read(credential: Credential) -> None:
    """Note in the audit that secrets were read."""
    detail = {"request": "GET with reveal"}
    runtime().store.audit.note(
        Action.READ, kind="credential", subject=credential.id, name=credential.name, detail=detail
    )

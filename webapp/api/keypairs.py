"""SSH keypairs: listed, shown, made, taken over, changed and deleted. No answer of these holds a private half."""

from __future__ import annotations

from typing import Any

from flask import Response, url_for

from webapp.api import schemas
from webapp.api.door import actor
from webapp.api.members import RENAMED, attributes_of, listed, name_of, paging, read_change, sought
from webapp.api.operations import Member, Operations, asked_version, etag, given, read_body, read_query, refuse
from webapp.core.errors import readable
from webapp.core.ssh import presentation
from webapp.core.ssh.keys import KEY_TYPES
from webapp.core.store import Keypair
from webapp.core.store.access.api_tokens import Scope
from webapp.core.store.ssh import Keypairs
from webapp.running import runtime

operations = Operations()

NAME = name_of("SSH keypair or connection")
GENERATE = Member("generate", "string", "The kind of a new one.", required=False, values=tuple(KEY_TYPES))
TAKEN_OVER = attributes_of("Keypair", "The halves of one that exists; its passphrase opens it once.", required=False)
NEW = (NAME, GENERATE, TAKEN_OVER)
REPLACED = attributes_of(
    "Keypair", "Other halves. A private key that is left out stays unless the public one is another.", required=False
)
SEARCH = (
    Member("search", "string", "Only names with this text.", default=""),
    *paging(*Keypairs.sorts),
)
ANYWAY = Member(
    "anyway",
    "boolean",
    "Also when it is in use: its connections go with it, credentials lose their key.",
    default=False,
)


@operations.at("GET", "/ssh/keypairs", Scope.READ, schemas.ref("KeypairPage"), query=SEARCH, refused=(422,))
def list_keypairs() -> Response:
    """List SSH keypairs with what logs in with each, page by page."""
    found = runtime().store.ssh.keypairs.search(**sought(read_query(SEARCH)))
    users = runtime().ssh.keypairs.users()
    return listed(found, [presentation.keypair(one, users.get(one.id, ())) for one in found.items])


@operations.at(
    "POST", "/ssh/keypairs", Scope.WRITE, schemas.ref("Keypair"), status=201,
    body=NEW, either=("generate", "attributes"), refused=(409, 422),
)  # fmt: skip
def add_keypair() -> Response:
    """Save an SSH keypair: a new one of a kind, or one that exists."""
    asked = read_body(NEW)
    if (asked["generate"] is None) == (asked["attributes"] is None):
        refuse([("generate", "Send the kind of a new keypair, or the attributes of one that exists; one of both.")])
    keypairs = runtime().ssh.keypairs
    if asked["generate"]:
        made = keypairs.generate(asked["name"], asked["generate"], by=actor())
    else:
        made = keypairs.add(asked["name"], asked["attributes"], by=actor())
    place = url_for("api.show_keypair", keypair_id=made.id)
    return given(details(made), 201, ETag=etag(made.version), Location=place)


@operations.at("GET", "/ssh/keypairs/{keypair_id}", Scope.READ, schemas.ref("Keypair"), refused=(404, 422))
def show_keypair(keypair_id: str) -> Response:
    """Show an SSH keypair: its public half, its fingerprint and what logs in with it."""
    found = runtime().store.ssh.keypairs.get(keypair_id)
    return given(details(found), ETag=etag(found.version))


@operations.at(
    "GET", "/ssh/keypairs/{keypair_id}/public-key", Scope.READ, schemas.TEXT, media="text/plain", refused=(404, 422)
)
def show_public_key(keypair_id: str) -> Response:
    """Give the public half as a line for the server's authorized_keys."""
    found = readable(runtime().store.ssh.keypairs.get(keypair_id))
    return Response(f"{found.public_key}\n", mimetype="text/plain")


@operations.at(
    "PUT", "/ssh/keypairs/{keypair_id}", Scope.WRITE, schemas.ref("Keypair"),
    body=(RENAMED, REPLACED), versioned=True, refused=(404, 409, 412, 422, 428),
)  # fmt: skip
def change_keypair(keypair_id: str) -> Response:
    """Save another name or other halves of an SSH keypair over the version that `If-Match` names."""
    name, attributes, version = read_change((RENAMED, REPLACED))
    changed = runtime().ssh.keypairs.edit(keypair_id, attributes, version=version, by=actor(), name=name)
    return given(details(changed), ETag=etag(changed.version))


@operations.at(
    "DELETE", "/ssh/keypairs/{keypair_id}", Scope.WRITE, None, status=204, versioned=True, query=(ANYWAY,),
    refused=(404, 409, 412, 422),
)  # fmt: skip
def delete_keypair(keypair_id: str) -> Response:
    """Delete an SSH keypair for good; one that is in use is kept, and its users are named."""
    anyway = bool(read_query((ANYWAY,))["anyway"])
    runtime().ssh.keypairs.delete(keypair_id, version=asked_version(), by=actor(), anyway=anyway)
    return Response(status=204)


def details(found: Keypair) -> dict[str, Any]:
    """Return a keypair with what logs in with it, for JSON."""
    return presentation.keypair(readable(found), runtime().ssh.keypairs.used_by(found.id))

"""SSH connections: listed, shown, added, changed, deleted and tested; the host keys of a server."""

from __future__ import annotations

from typing import Any

from flask import Response, url_for

from webapp.api import schemas
from webapp.api.checks import waited
from webapp.api.door import actor
from webapp.api.keypairs import NAME
from webapp.api.members import ALL, RENAMED, STAYS, attributes_of, listed, paging, read_change, sought
from webapp.api.operations import Member, Operations, asked_version, etag, given, of_fields, read_body, read_query
from webapp.core.errors import readable
from webapp.core.ssh import presentation
from webapp.core.ssh.fields import ADDRESS
from webapp.core.ssh.openssh import as_openssh
from webapp.core.store import Connection
from webapp.core.store.access.api_tokens import Scope
from webapp.core.store.ssh import Connections
from webapp.core.verification.states import State
from webapp.running import runtime

operations = Operations()

ATTRIBUTES = attributes_of(
    "Connection", "Its values by field key; the keypair by its id or name, or as `new:ed25519` to make one with it."
)
REPLACED = attributes_of("Connection", f"{ALL}. {STAYS}", required=False)
SERVER = of_fields(ADDRESS)
SEARCH = (
    Member("search", "string", "Only names with this text.", default=""),
    Member("state", "string", "Only those whose last test said this.", values=tuple(State)),
    Member("keypair", "string", "Only those that the keypair with this id logs in to."),
    *paging(*Connections.sorts),
)


@operations.at("GET", "/ssh/connections", Scope.READ, schemas.ref("ConnectionPage"), query=SEARCH, refused=(422,))
def list_connections() -> Response:
    """List SSH connections with what their last test said, page by page."""
    entries = runtime().store.ssh
    found, names = entries.connections.search(**sought(read_query(SEARCH))), entries.keypair_names()
    return listed(found, [presentation.connection(one, names.get(one.keypair, "")) for one in found.items])


@operations.at(
    "POST", "/ssh/connections", Scope.WRITE, schemas.ref("Connection"), status=201,
    body=(NAME, ATTRIBUTES), refused=(409, 422),
)  # fmt: skip
def add_connection() -> Response:
    """Save a new SSH connection; nothing is asked of the server."""
    asked = read_body((NAME, ATTRIBUTES))
    made = runtime().ssh.connections.add(asked["name"], asked["attributes"], by=actor())
    place = url_for("api.show_connection", connection_id=made.id)
    return given(details(made), 201, ETag=etag(made.version), Location=place)


@operations.at("GET", "/ssh/connections/{connection_id}", Scope.READ, schemas.ref("Connection"), refused=(404, 422))
def show_connection(connection_id: str) -> Response:
    """Show an SSH connection; nothing in it is secret."""
    found = runtime().store.ssh.connections.get(connection_id)
    return given(details(found), ETag=etag(found.version))


@operations.at(
    "PUT", "/ssh/connections/{connection_id}", Scope.WRITE, schemas.ref("Connection"),
    body=(RENAMED, REPLACED), versioned=True, refused=(404, 409, 412, 422, 428),
)  # fmt: skip
def change_connection(connection_id: str) -> Response:
    """Save new values or another name of an SSH connection over the version that `If-Match` names."""
    name, attributes, version = read_change((RENAMED, REPLACED))
    changed = runtime().ssh.connections.edit(connection_id, attributes, version=version, by=actor(), name=name)
    return given(details(changed), ETag=etag(changed.version))


@operations.at(
    "DELETE", "/ssh/connections/{connection_id}", Scope.WRITE, None, status=204, versioned=True,
    refused=(404, 409, 412, 422),
)  # fmt: skip
def delete_connection(connection_id: str) -> Response:
    """Delete an SSH connection for good; its keypair stays."""
    runtime().ssh.connections.delete(connection_id, version=asked_version(), by=actor())
    return Response(status=204)


@operations.at(
    "GET", "/ssh/connections/{connection_id}/openssh", Scope.READ, schemas.ref("OpenSsh"), refused=(404, 422)
)
def show_openssh(connection_id: str) -> Response:
    """Give an SSH connection as OpenSSH reads it: a host block and lines of known_hosts."""
    found = runtime().store.ssh.connections.get(connection_id)
    return given(presentation.openssh(as_openssh(found, runtime().ssh.keypairs.get(found.keypair))))


@operations.at(
    "POST", "/ssh/connections/{connection_id}/verify", Scope.VERIFY, schemas.ref("Tested"), refused=(404, 422)
)
def verify_connection(connection_id: str) -> Response:
    """Test a stored SSH connection step by step, keep the answer and return it."""
    return given(presentation.tested(waited(runtime().ssh.connections.start_stored_test(connection_id))))


@operations.at("POST", "/ssh/verify", Scope.VERIFY, schemas.ref("Tested"), body=(ATTRIBUTES,), refused=(422,))
def verify_connection_values() -> Response:
    """Test values of an SSH connection that are not saved, and save nothing."""
    asked = read_body((ATTRIBUTES,))
    return given(presentation.tested(waited(runtime().ssh.connections.start_test(asked["attributes"]))))


@operations.at("POST", "/ssh/discover", Scope.VERIFY, schemas.ref("HostKeys"), body=SERVER, refused=(422,))
def discover_host_keys() -> Response:
    """Ask an SSH server for all of its host keys; nothing is stored."""
    asked = {key: value for key, value in read_body(SERVER).items() if value is not None}
    return given(presentation.discovered(runtime().ssh.connections.discover_at(asked)))


def details(found: Connection) -> dict[str, Any]:
    """Return a connection with the name of its keypair, for JSON.

    Raises:
        PermanentError: Its values cannot be read.
    """
    return presentation.connection(readable(found), runtime().store.ssh.keypair_names().get(found.keypair, ""))

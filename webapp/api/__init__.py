"""The JSON API under `/api/v1`: the use cases of the core for programs, with bearer tokens that have scopes.

Every operation is declared once, with `operation`: the route, the check of the scope and the description at
`/api/v1/openapi.json` all come from that.
"""

from __future__ import annotations

from flask import Blueprint

from webapp.api import catalogue, checks, connections, credentials, description, handing_out, keypairs, pairing
from webapp.api.operations import Operations
from webapp.api.problems import BASE, about_api

__all__ = ["about_api", "blueprint"]

blueprint = Blueprint("api", __name__, url_prefix=BASE)

OPERATIONS = Operations.joined(
    credentials.operations,
    checks.operations,
    handing_out.operations,
    keypairs.operations,
    connections.operations,
    pairing.operations,
    catalogue.operations,
)  # in the order of the description
OPERATIONS.add_to(blueprint)
description.describe(blueprint, OPERATIONS)

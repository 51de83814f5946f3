"""The providers and their fields."""

from __future__ import annotations

from typing import Any

from flask import Response

from webapp.api import schemas
from webapp.api.operations import Operations, given
from webapp.core.providers import PROVIDERS
from webapp.core.providers import provider as find_provider
from webapp.core.providers.base import Provider
from webapp.core.schema import json_schema
from webapp.core.store.access.api_tokens import Scope

operations = Operations()


@operations.at("GET", "/providers", Scope.READ, schemas.many(schemas.ref("Provider")))
def list_providers() -> Response:
    """List the providers."""
    return given([described(known) for known in PROVIDERS.values()])


@operations.at("GET", "/providers/{provider_type}/schema", Scope.READ, {"type": "object"}, refused=(404,))
def show_schema(provider_type: str) -> Response:
    """Show the JSON Schema of a provider's attributes."""
    return given(json_schema(find_provider(provider_type)))


def described(known: Provider) -> dict[str, Any]:
    """Return what a provider is, for JSON."""
    return {
        "type": known.type,
        "label": known.label,
        "summary": known.summary,
        "support": known.support.name.lower(),
        "note": known.note,
    }

"""Credentials in the shapes of backup tools."""

from __future__ import annotations

from typing import Any

from flask import Response

from webapp.api import schemas
from webapp.api.door import actor
from webapp.api.operations import Member, Operations, given, read_body
from webapp.core.formats import Format, formats_for
from webapp.core.providers import provider as find_provider
from webapp.core.store.access.api_tokens import Scope
from webapp.running import runtime

operations = Operations()
OPTIONS = Member("options", "object", "The format's options by key.", default={})


@operations.at(
    "GET", "/credentials/{credential_id}/formats", Scope.READ, schemas.many(schemas.ref("Format")), refused=(404,)
)
def list_formats(credential_id: str) -> Response:
    """List the formats that can carry a credential, with their options."""
    provider = find_provider(runtime().store.credentials.get(credential_id).provider)
    return given([described(listed, provider.type) for listed in formats_for(provider.type)])


@operations.at(
    "POST", "/credentials/{credential_id}/formats/{format_key}", Scope.REVEAL, schemas.ref("Rendered"),
    body=(OPTIONS,), refused=(404, 422, 503),
)  # fmt: skip
def render_format(credential_id: str, format_key: str) -> Response:
    """Give a credential in the shape of a tool, secrets included; as everywhere, a repository's secret is kept."""
    asked = read_body((OPTIONS,))
    made = runtime().formats.render(credential_id, format_key, asked["options"], by=actor())
    data = {key: value.decode() for key, value in made.data.items()}
    return given({"type": made.secret_type, "data": data, "files": dict(made.files)})


def described(listed: Format, provider_type: str) -> dict[str, Any]:
    """Return a format and the options that matter for a provider, for JSON."""
    options = [
        {"key": option.key, "label": option.label, "help": option.help, "required": option.required}
        for option in listed.options_for(find_provider(provider_type))
    ]
    parts = {"key": listed.key, "label": listed.label, "tool": listed.tool, "summary": listed.summary}
    return {**parts, "options": options}

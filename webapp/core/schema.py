"""The fields of a provider or of another set as JSON Schema (draft 2020-12), for the API and the custom resource."""

from __future__ import annotations

from typing import Any

from webapp.core.fields import Declared, Field, Kind
from webapp.core.providers.base import Provider

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PLAIN: dict[Kind, dict[str, Any]] = {
    Kind.INTEGER: {"type": "integer"},
    Kind.PORT: {"type": "integer", "minimum": 1, "maximum": 65535},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.URL: {"type": "string", "format": "uri"},
}


def json_schema(declared: Declared) -> dict[str, Any]:
    """Return the schema of attributes by field key.

    Conditions between fields (`one_of`, checks) are told by validation; the schema knows single values.
    """
    required = [field.key for field in declared.fields if _always_required(field)]
    about = {"description": declared.summary} if isinstance(declared, Provider) else {}
    return {
        "$schema": DIALECT,
        "title": declared.label,
        **about,
        "type": "object",
        "properties": {field.key: field_schema(field) for field in declared.fields},
        "required": required,
        "additionalProperties": False,
    }


def _always_required(field: Field) -> bool:
    return field.required and field.default is None and not field.shown_when


def field_schema(field: Field) -> dict[str, Any]:
    """Return the schema of one field."""
    schema = dict(PLAIN.get(field.kind, {"type": "string"}))
    schema |= {"title": field.label, "description": field.help}
    if schema["type"] == "string":
        schema["maxLength"] = field.limit
    if field.kind is Kind.CHOICE:
        schema["enum"] = list(dict.fromkeys(choice.value for choice in field.choices))
    patterns = [rule.pattern for rule in field.rules if rule.pattern]
    if patterns:
        schema["pattern"] = patterns[0]
    if field.default is not None:
        schema["default"] = field.default
    return schema | ({"writeOnly": True} if field.secret else {})

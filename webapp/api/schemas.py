"""The shapes of what the API gives and takes, as JSON Schema (draft 2020-12): the components of its description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webapp.core.providers import PROVIDERS
from webapp.core.schema import json_schema
from webapp.core.verification.states import State

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHEN: Schema = {"type": "string", "format": "date-time"}
NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer"}
ANY_VALUE: Schema = {"type": ["string", "integer", "boolean"]}


def of(members: Mapping[str, Any], **more: Any) -> Schema:
    """Return the schema of an object that has all of these members."""
    return {"type": "object", "properties": dict(members), "required": list(members), **more}


def many(items: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


def by_key(values: Schema) -> Schema:
    """Return the schema of an object with any keys."""
    return {"type": "object", "additionalProperties": values}


def ref(name: str) -> Schema:
    """Return a reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


OUTCOME = of({
    "state": {"type": "string", "enum": list(State)},
    "message": TEXT,
    "field": TEXT,
    "detail": TEXT,
    "seconds": NUMBER,
})  # fmt: skip
VERIFICATION = of({**OUTCOME["properties"], "at": WHEN, "state_since": WHEN})
SUMMARY: Schema = {
    "id": TEXT,
    "name": TEXT,
    "provider": TEXT,
    "hint": TEXT,
    "version": COUNT,
    "created": WHEN,
    "changed": WHEN,
    "changed_by": TEXT,
    "verification": {"anyOf": [ref("Verification"), {"type": "null"}]},
    "damaged": TEXT,
}
DETAILS: Schema = {**SUMMARY, "attributes": by_key(ANY_VALUE), "secrets": by_key(WHEN)}


def provider_component(provider_type: str) -> str:
    """Return the name of the component with a provider's attributes."""
    return f"Attributes.{provider_type}"


def provider_schema(provider_type: str) -> Schema:
    """Return the schema of a provider's attributes, without the dialect that the whole description names."""
    return {key: value for key, value in json_schema(PROVIDERS[provider_type]).items() if key != "$schema"}


def components() -> dict[str, Schema]:
    """Return every component by its name."""
    return {
        "Outcome": OUTCOME,
        "Verification": VERIFICATION,
        "Summary": of(SUMMARY),
        "Credential": of(DETAILS),
        "CredentialPage": of({"items": many(ref("Summary")), "total": COUNT, "page": COUNT, "pages": COUNT}),
        "Provider": of({"type": TEXT, "label": TEXT, "summary": TEXT, "support": TEXT, "note": TEXT}),
        "Format": of({"key": TEXT, "label": TEXT, "tool": TEXT, "summary": TEXT, "options": many(ref("Option"))}),
        "Option": of({"key": TEXT, "label": TEXT, "help": TEXT, "required": {"type": "boolean"}}),
        "Rendered": of({"type": TEXT, "data": by_key(TEXT), "files": by_key(TEXT)}),
        "Problem": of({
            "type": TEXT, "title": TEXT, "status": COUNT, "detail": TEXT,
            "errors": many(of({"field": TEXT, "message": TEXT})),
        }),
        **{provider_component(key): provider_schema(key) for key in PROVIDERS},
    }  # fmt: skip

"""The shapes of what the API gives and takes, as JSON Schema (draft 2020-12): the components of its description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webapp.core.fields import Declared
from webapp.core.providers import PROVIDERS
from webapp.core.schema import json_schema
from webapp.core.ssh.fields import ADDRESS, CONNECTION, KEYPAIR, PAIRING
from webapp.core.ssh.results import HostKeyOutcome, StepState
from webapp.core.ssh.truenas.fields import TRUENAS
from webapp.core.verification.states import State

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHEN: Schema = {"type": "string", "format": "date-time"}
NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer"}
ANY_VALUE: Schema = {"type": ["string", "integer", "boolean"]}


def of(members: Mapping[str, Any], optional: Mapping[str, Any] | None = None, **more: Any) -> Schema:
    """Return the schema of an object that has all of these members, and perhaps some of the optional ones."""
    properties = {**members, **(optional or {})}
    return {"type": "object", "properties": properties, "required": list(members), **more}


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
    "account": TEXT,
    "needs_login": {"type": "boolean"},
}
DETAILS: Schema = {
    **SUMMARY,
    "attributes": by_key(ANY_VALUE),
    "secrets": by_key(WHEN),
    "used_by": many(ref("User")),
}

USER = of({"kind": TEXT, "name": TEXT}, {"id": TEXT, "effect": TEXT})
ENTRY: Schema = {
    "id": TEXT,
    "name": TEXT,
    "version": COUNT,
    "created": WHEN,
    "changed": WHEN,
    "changed_by": TEXT,
    "damaged": TEXT,
}
KEYPAIR_PARTS: Schema = {
    **ENTRY,
    "type": TEXT,
    "fingerprint": TEXT,
    "comment": TEXT,
    "public_key": TEXT,
    "has_private_key": {"type": "boolean"},
    "used_by": many(ref("User")),
}
STEP = of({
    "key": TEXT,
    "state": {"type": "string", "enum": list(StepState)},
    "message": TEXT,
    "seconds": NUMBER,
})  # fmt: skip
TESTED: Schema = {
    **OUTCOME["properties"],
    "host_key": {"type": "string", "enum": list(HostKeyOutcome)},
    "found": many(TEXT),
    "steps": many(STEP),
}
CONNECTION_PARTS: Schema = {
    **ENTRY,
    "keypair": TEXT,
    "attributes": by_key(ANY_VALUE),
    "verification": {"anyOf": [ref("LastTest"), {"type": "null"}]},
}
CERTIFICATE = of({"fingerprint": TEXT, "subject": TEXT, "issuer": TEXT, "until": TEXT})
SET_UP: Schema = {
    **TESTED,
    "connection": {"anyOf": [ref("Connection"), {"type": "null"}]},
    "changes": many(TEXT),
    "certificate": {"anyOf": [CERTIFICATE, {"type": "null"}]},
}


DECLARED: Mapping[str, Declared] = {
    **PROVIDERS,
    "Keypair": KEYPAIR,
    "Connection": CONNECTION,
    "Address": ADDRESS,
    "Server": PAIRING,
    "TrueNAS": TRUENAS,
}
"""Every set of fields that a body may hold."""


def attributes(declared: str) -> str:
    """Return the name of the component with the attributes of a provider or of another set of fields."""
    return f"Attributes.{declared}"


def attributes_schema(declared: str) -> Schema:
    """Return their schema, without the dialect that the whole description names."""
    return {key: value for key, value in json_schema(DECLARED[declared]).items() if key != "$schema"}


def page_of(name: str) -> Schema:
    """Return the schema of a page of a list."""
    return of({"items": many(ref(name)), "total": COUNT, "page": COUNT, "pages": COUNT})


def components() -> dict[str, Schema]:
    """Return every component by its name."""
    return {
        "Outcome": OUTCOME,
        "Verification": VERIFICATION,
        "Summary": of(SUMMARY),
        "Credential": of(DETAILS),
        "CredentialPage": page_of("Summary"),
        "Provider": of({"type": TEXT, "label": TEXT, "summary": TEXT, "support": TEXT, "note": TEXT}),
        "Format": of({"key": TEXT, "label": TEXT, "tool": TEXT, "summary": TEXT, "options": many(ref("Option"))}),
        "Option": of({"key": TEXT, "label": TEXT, "help": TEXT, "required": {"type": "boolean"}}),
        "Rendered": of({"type": TEXT, "data": by_key(TEXT), "files": by_key(TEXT)}),
        "Problem": of({
            "type": TEXT, "title": TEXT, "status": COUNT, "detail": TEXT,
            "errors": many(of({"field": TEXT, "message": TEXT})),
        }, {"used_by": many(ref("User"))}),
        "User": USER,
        "Keypair": of(KEYPAIR_PARTS),
        "KeypairPage": page_of("Keypair"),
        "Connection": of(CONNECTION_PARTS),
        "ConnectionPage": page_of("Connection"),
        "Tested": of(TESTED),
        "LastTest": of({**TESTED, "at": WHEN}),
        "HostKeys": of({"host": TEXT, "port": COUNT, "keys": many(ref("HostKey")), "known_hosts": TEXT}),
        "HostKey": of({"type": TEXT, "line": TEXT, "fingerprint": TEXT, "command": TEXT}),
        "SetUp": of(SET_UP),
        "OpenSsh": of({"ssh_config": TEXT, "known_hosts": TEXT, "identity_file": TEXT}),
        **{attributes(key): attributes_schema(key) for key in DECLARED},
    }  # fmt: skip

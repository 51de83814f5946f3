"""The building blocks of a structural schema: nodes with bounds, and rules that carry a sentence.

A rule sits at the lowest node that it speaks of. The API server evaluates the rules of what is present on every write,
status writes included, so nothing above a provider's own block names its fields.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]
"""A node of the schema."""

NAME_LIMIT = 253
"""Characters of an object's name (RFC 1123 subdomain)."""
NAME_PATTERN = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
KEY_PATTERN = "^[-._a-zA-Z0-9]+$"
"""A key of a Secret (Kubernetes, `validation.IsConfigMapKey`)."""
AGE_HEADER = "-----BEGIN AGE ENCRYPTED FILE-----"
NOT_SEALED = f"A sealed value begins with {AGE_HEADER}. Make one with `backup-credentials seal`."
SEALED_FACTOR = 8
"""Room for a sealed value: four bytes for a letter, base64 and JSON's escapes make it longer than what is in it."""


def text(description: str, limit: int, **more: Any) -> Schema:
    """Return a text of at most `limit` characters."""
    return {"type": "string", "description": description, "maxLength": limit, **more}


def whole(description: str, **more: Any) -> Schema:
    """Return a whole number."""
    return {"type": "integer", "format": "int64", "description": description, **more}


def yes_or_no(description: str) -> Schema:
    """Return a boolean."""
    return {"type": "boolean", "description": description}


def group(description: str, properties: Mapping[str, Schema], *, required: tuple[str, ...] = (), **more: Any) -> Schema:
    """Return an object with named members."""
    node: Schema = {"type": "object", "description": description}
    # The API server drops an empty list of members; kubectl would find something to change each time.
    node |= {"properties": dict(properties)} if properties else {}
    return node | ({"required": list(required)} if required else {}) | more


def keyed_list(description: str, item: Schema, key: str, most: int) -> Schema:
    """Return a list whose items are told apart by one of their members: no two may have the same."""
    kind = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [key]}
    return {"type": "array", "description": description, "maxItems": most, "items": item, **kind}


def texts_by_name(description: str, limit: int, most: int, pattern: str = "", **more: Any) -> Schema:
    """Return an object with free names and texts as values, such as labels."""
    values = {"type": "string", "maxLength": limit} | ({"pattern": pattern} if pattern else {})
    return {"type": "object", "description": description, "maxProperties": most, "additionalProperties": values, **more}


def rule(expression: str, message: str) -> Schema:
    """Return a rule in CEL with the sentence that a person reads when it does not hold."""
    return {"rule": expression, "message": message}


def first_broken(checks: list[tuple[str, str]], *, unless: str = "") -> list[Schema]:
    """Return checks as one rule, which says the sentence of the first that does not hold; nothing for no check.

    Each rule costs on every write, also where it is short. The sentences are looked at only when it is broken.

    Args:
        checks: Expressions, each with its sentence.
        unless: An expression; where it holds, none of them is looked at. Empty looks at them always.
    """
    if not checks:
        return []
    every = " && ".join(f"({check})" for check, _ in checks) if len(checks) > 1 else checks[0][0]
    one = rule(f"{unless} || {every}" if unless else every, checks[-1][1])
    if len(checks) > 1:
        told = "".join(f"!({check}) ? {literal(sentence)} : " for check, sentence in checks[:-1])
        one["messageExpression"] = told + literal(checks[-1][1])
    return [one]


def literal(value: str | list[str]) -> str:
    """Return a text or a list of texts as CEL writes it; JSON's form is part of CEL's."""
    return json.dumps(value)


def with_rules(node: Schema, rules: list[Schema]) -> Schema:
    """Return a node with rules, if there are any."""
    return node | ({"x-kubernetes-validations": rules} if rules else {})


def object_name(description: str) -> Schema:
    """Return the name of an object."""
    return text(description, NAME_LIMIT, minLength=1, pattern=NAME_PATTERN)


def secret_reference() -> Schema:
    """Return a reference to a key of a Secret in the same namespace."""
    return group(
        "A key of a Secret in the same namespace.",
        {
            "name": object_name("Name of the Secret."),
            "key": text("Key in the Secret.", NAME_LIMIT, minLength=1, pattern=KEY_PATTERN),
        },
        required=("name", "key"),
    )


def sealed(limit: int) -> Schema:
    """Return a sealed value that may hold `limit` characters."""
    room = limit * SEALED_FACTOR + 2048
    return text("The value encrypted to the server's public key. `backup-credentials seal` makes it.", room)


def secret_value(description: str, label: str, limit: int, *, generated: bool = False) -> Schema:
    """Return a secret: referred to or sealed, in no way plain.

    Args:
        description: What it is.
        label: Its name in sentences.
        limit: Most characters of the value.
        generated: Whether it may be made by the operator, once.
    """
    ways = {"secretKeyRef": secret_reference(), "sealed": sealed(limit)}
    names = "secretKeyRef or sealed"
    if generated:
        made = yes_or_no("Made once and kept; never made again.") | {"enum": [True]}
        ways, names = {**ways, "generate": made}, "secretKeyRef, sealed or generate"
    counted = " + ".join(f"(has(self.{way}) ? 1 : 0)" for way in ways)
    one = f"{label} takes exactly one of {names}; it is never written here in plain."
    # The rule sits at the object: the API server's answer repeats the value of the node that a rule sits at.
    begins = {"sealed": f"self.sealed.startsWith({literal(AGE_HEADER)})"}
    checked = rule(exactly_one(list(ways), begins), one)
    checked["messageExpression"] = f"{counted} == 1 ? {literal(NOT_SEALED)} : {literal(one)}"
    return with_rules(group(f"{description} A secret: give {names}.", ways), [checked])


def exactly_one(names: list[str], also: Mapping[str, str]) -> str:
    """Return the expression that exactly one member is there, and what has to hold when it is a certain one.

    It looks at few members: each look costs about as much as a comparison.
    """
    first, *others = names
    alone = " && ".join([*(f"!has(self.{name})" for name in others), also.get(first, "true")])
    rest = f"({exactly_one(others, also)})" if others else "false"
    return f"has(self.{first}) ? {alone} : {rest}"

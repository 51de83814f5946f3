"""The providers as nodes: each from its fields, sets of fields that must be complete as rules of its own block."""

from __future__ import annotations

from collections.abc import Iterator

from credential_operator.crd.fields import field_node
from credential_operator.crd.nodes import Schema, group, rule, with_rules
from webapp.core.fields import Field, Kind, OneOf
from webapp.core.naming import camel, members
from webapp.core.providers.base import Provider, Support

ONE_PROVIDER = "Exactly one provider with its values; `kubectl explain` lists the fields of each."


def providers_node() -> Schema:
    """Return `spec.provider`: exactly one member, held by counting members instead of naming them."""
    blocks = {name: provider_node(known) for name, known in members().items()}
    return group(ONE_PROVIDER, blocks, minProperties=1, maxProperties=1)


def provider_node(known: Provider) -> Schema:
    """Return the block of one provider."""
    if known.support is Support.UNSUPPORTED:
        refused = group(f"{known.label}. {known.note}", {}) | {"x-kubernetes-preserve-unknown-fields": True}
        return with_rules(refused, [rule("false", f"{known.label} cannot be used. {known.note}")])
    fields = offered(known)
    held = {key for one_of in known.one_of for keys in one_of.sets for key in keys}
    nodes = {camel(field.key): in_set(field_node(field), field.key in held) for field in fields}
    required = tuple(camel(field.key) for field in fields if field.required and not field.shown_when)
    sets = [found for one_of in known.one_of for found in set_rules(one_of, {field.key for field in fields})]
    return with_rules(group(description(known), nodes, required=required), sets)


def description(known: Provider) -> str:
    """Return what `kubectl explain` says of a provider."""
    label = "" if known.summary.startswith(known.label) else f"{known.label}."
    return " ".join(part for part in (label, known.summary, known.note) if part)


def offered(known: Provider) -> tuple[Field, ...]:
    """Return the fields that a resource has.

    Left out are what lies in the store of the web app (a stored keypair: namespaces get from there what was published
    to them, and nothing else), and the place to verify, which is `spec.verification.target` for every provider.
    """
    return tuple(field for field in known.fields if field.kind is not Kind.KEYPAIR and field.key != known.target)


def in_set(node: Schema, held: bool) -> Schema:
    """Return a node that has a value when it is present at all, so that rules about sets may ask for presence."""
    return {**node, "minLength": 1} if held and node["type"] == "string" else node


def set_rules(one_of: OneOf, known: set[str]) -> Iterator[Schema]:
    """Give the rule for sets of fields of which one must be complete; sets with fields not offered are left out."""
    sets = [keys for keys in one_of.sets if known.issuperset(keys)]
    complete = [" && ".join(f"has(self.{camel(key)})" for key in keys) for keys in sets if keys]
    if one_of.exclusive and len(complete) > 1:
        counted = " + ".join(f"({check} ? 1 : 0)" for check in complete)
        yield rule(f"{counted} {'<=' if () in sets else '=='} 1", one_of.message)
    elif () not in sets:
        yield rule(" || ".join(f"({check})" for check in complete), one_of.message)

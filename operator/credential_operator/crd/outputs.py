"""The Secrets that a resource asks for, as nodes: names, formats and their options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from credential_operator.crd.fields import option_node
from credential_operator.crd.nodes import (
    Schema,
    group,
    keyed_list,
    literal,
    object_name,
    rule,
    text,
    texts_by_name,
    with_rules,
)
from credential_operator.names import GROUP
from webapp.core.fields import Field
from webapp.core.formats import FORMATS
from webapp.core.naming import camel

MOST_OUTPUTS = 32
MOST_LABELS = 32
LABEL_LIMIT = 63
ANNOTATION_LIMIT = 4096
LABEL = "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$"
QUALIFIED = "^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
"""Values of labels, and names of labels and annotations (Kubernetes, `validation.IsQualifiedName`)."""


def secrets_node() -> Schema:
    """Return `spec.secrets`."""
    return keyed_list("The Secrets to make, each in the shape of one tool.", secret_node(), "name", MOST_OUTPUTS)


def secret_node() -> Schema:
    """Return one item of `spec.secrets`."""
    properties = {
        "name": object_name("Name of the Secret. One that is there already and is not this resource's stays as it is."),
        "format": text("The tool's shape.", LABEL_LIMIT, enum=list(FORMATS)),
        "options": options_node(),
        "labels": names_checked("a label", texts_by_name("Labels of the Secret.", LABEL_LIMIT, MOST_LABELS, LABEL)),
        "annotations": names_checked(
            "an annotation", texts_by_name("Annotations of the Secret.", ANNOTATION_LIMIT, MOST_LABELS)
        ),
    }
    node = group("A Secret to make.", properties, required=("name", "format"))
    return with_rules(node, [options_rule()])


def names_checked(word: str, node: Schema) -> Schema:
    """Return labels or annotations whose names Kubernetes takes, and which are not the operator's own."""
    own = f"!key.startsWith('{GROUP}/')"
    message = f"The name of {word} has letters, digits, -, _ and dots, with a domain before / at most; not {GROUP}/."
    return with_rules(node, [rule(f"self.all(key, key.matches({literal(QUALIFIED)}) && {own})", message)])


def options() -> Mapping[str, list[tuple[str, Field]]]:
    """Return every option by its name in a resource, with the formats that have it and their own declaration."""
    found: dict[str, list[tuple[str, Field]]] = {}
    for known in FORMATS.values():
        for option in known.options:
            found.setdefault(camel(option.key), []).append((known.key, option))
    return found


def options_node() -> Schema:
    """Return the options of all formats; which format takes which is held by the rules of the item."""
    nodes = {name: shared_node(uses) for name, uses in options().items()}
    return group("Options of the format.", nodes)


def shared_node(uses: list[tuple[str, Field]]) -> Schema:
    """Return the node of an option that several formats have; where they differ, it takes what one of them takes."""
    node = option_node(uses[0][1])
    node.pop("minLength", None)
    defaults = {option.default for _, option in uses}
    if len(defaults) > 1:
        node["description"] = f"{uses[0][1].label}. {uses[0][1].help}"
    formats = ", ".join(key for key, _ in uses) if len(uses) < len(FORMATS) // 2 else "many formats"
    return node | {"description": f"{node['description']} For {formats}."}


def options_rule() -> Schema:
    """Return the rule that a format is given the options that it needs.

    The API server evaluates it for every item on every write, so it is one rule and a short one. An option that
    belongs to another format is not looked for here: the operator says it (`OptionInvalid`). That check in CEL made a
    status write a tenth dearer.
    """
    needed = {name: needing(uses) for name, uses in options().items() if needing(uses)}
    given = " && ".join(
        f"(!(f in {literal(keys)}) || has(o.{name}) && o.{name} != '')" for name, keys in needed.items()
    )
    without = sorted({key for keys in needed.values() for key in keys})
    # Format and options are bound to names, because each look through `self` costs as much as a comparison, and one at
    # a member of the options, of which there are many, as much as several.
    all_given = f"has(self.options) && [self.options].all(o, {given})"
    expression = f"[self.format].all(f, !(f in {literal(without)}) || {all_given})"
    return rule(expression, "The format needs an option.") | {"messageExpression": options_sentence()}


def needing(uses: list[tuple[str, Field]]) -> list[str]:
    """Return the formats that cannot be written without an option; a secret one is generated then."""
    return [key for key, option in uses if option.required and not option.secret]


def options_sentence() -> str:
    """Return the sentence about the options of the format that was named, as an expression in CEL."""
    told = {known.key: ", ".join(option_names(known.options)) or "none" for known in FORMATS.values()}
    named = ", ".join(f"{literal(key)}: {literal(names)}" for key, names in told.items())
    return f"'Options of the format ' + self.format + ': ' + {{{named}}}[self.format] + '.'"


def option_names(fields: tuple[Field, ...]) -> Iterator[str]:
    """Give the names of options; those that are needed say so."""
    for option in fields:
        yield f"{camel(option.key)} (needed)" if option.required and not option.secret else camel(option.key)

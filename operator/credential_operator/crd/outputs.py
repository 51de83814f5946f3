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
    return with_rules(node, [known_options(), *needed_options()])


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


def known_options() -> Schema:
    """Return the rule that a format has the options that are given."""
    checks = [
        f"(!has(self.options.{name}) || self.format in {literal([key for key, _ in uses])})"
        for name, uses in options().items()
    ]
    taken = {
        known.key: ", ".join(camel(option.key) for option in known.options) or "none" for known in FORMATS.values()
    }
    names = ", ".join(f"{literal(key)}: {literal(names)}" for key, names in taken.items())
    message = f"'The format ' + self.format + ' has other options: ' + {{{names}}}[self.format] + '.'"
    fallback = "This format has no such option."
    return rule(f"!has(self.options) || ({' && '.join(checks)})", fallback) | {"messageExpression": message}


def needed_options() -> Iterator[Schema]:
    """Give a rule for each option without which its formats cannot be written; secret ones are generated then."""
    for name, uses in options().items():
        needing = [key for key, option in uses if option.required and not option.secret]
        if needing:
            present = f"has(self.options) && has(self.options.{name})"
            if uses[0][1].kind.value != "integer":
                present += f" && self.options.{name} != ''"
            sentence = f"This format needs options.{name}. {uses[0][1].help}"
            yield rule(f"!(self.format in {literal(needing)}) || ({present})", sentence)

"""Fields, as declared once for form and store, as nodes of the resource's schema."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from credential_operator.crd.nodes import (
    Schema,
    first_broken,
    literal,
    secret_value,
    text,
    whole,
    with_rules,
    yes_or_no,
)
from webapp.core.fields import LONG_KINDS, Field, Kind, Level, as_text
from webapp.core.naming import TRUTH, kind_of
from webapp.core.validation import LARGEST_INTEGER

ADDRESS = r"^https?://([^/?#@:[\]]+|\[[0-9A-Fa-f:.%a-z]+\])(:[0-9]{1,5})?([/?#].*)?$"
SLASHES = r"[/\\]"


def field_node(field: Field) -> Schema:
    """Return the node of a field: a secret by reference, everything else by value."""
    if field.secret:
        return secret_value(described(field), field.label, field.limit)
    return plain_node(field)


def option_node(field: Field) -> Schema:
    """Return the node of a format's option; a secret one belongs to the repository and may be generated."""
    if field.secret:
        return secret_value(described(field), field.label, field.limit, generated=True)
    return plain_node(field)


def described(field: Field) -> str:
    """Return what `kubectl explain` says of a field."""
    default = f" Default: {as_text(field.default)}." if field.default not in (None, "") else ""
    return f"{field.label}. {field.help}{_meanings(field)}{default}"


def _meanings(field: Field) -> str:
    """Return what true and false mean for a choice that is written as such."""
    told = {choice.value: choice.label for choice in field.choices}
    if not told.keys() >= TRUTH or told.keys() - TRUTH - {""}:
        return ""
    return f" True: {told['true']}. False: {told['false']}."


def plain_node(field: Field) -> Schema:
    """Return the node of a field that is no secret."""
    maker = _MAKERS.get(field.kind, _text)
    return maker(field)


def _text(field: Field) -> Schema:
    node = text(described(field), field.limit)
    if field.required:
        node["minLength"] = 1
    if field.kind not in LONG_KINDS:
        node = with_rules(node, first_broken([*_shape(field), *_declared(field)], unless="self == ''"))
    return node


def _shape(field: Field) -> Iterable[tuple[str, str]]:
    """Give the checks that come with a kind, each with its sentence."""
    return ((check, f"{field.label} {sentence}") for check, sentence in _SHAPES.get(field.kind, ()))


def _declared(field: Field) -> Iterable[tuple[str, str]]:
    """Give the field's own checks that a regular expression can tell."""
    for own in field.rules:
        if own.pattern and own.level is Level.ERROR:
            yield f"self.matches({literal(own.pattern)})", own.message


def _integer(field: Field) -> Schema:
    return whole(described(field), minimum=-LARGEST_INTEGER, maximum=LARGEST_INTEGER)


def _port(field: Field) -> Schema:
    return whole(described(field), minimum=1, maximum=65535)


def _choice(field: Field) -> Schema:
    """Return the values to pick from; yes/no and numbers are written as such."""
    values = list(dict.fromkeys(choice.value for choice in field.choices))
    kind = kind_of(field)
    if kind is bool:
        return yes_or_no(described(field))
    if kind is int:
        return whole(described(field), enum=[int(value) for value in values if value])
    return text(described(field), field.limit, enum=values)


_MAKERS: Mapping[Kind, Callable[[Field], Schema]] = {
    Kind.INTEGER: _integer,
    Kind.PORT: _port,
    Kind.BOOLEAN: lambda field: yes_or_no(described(field)),
    Kind.CHOICE: _choice,
}

_SHAPES: Mapping[Kind, tuple[tuple[str, str], ...]] = {
    Kind.URL: (
        (f"self.matches({literal('^https?://')})", "must begin with https:// or http://."),
        (f"!self.matches({literal('[[:space:]]')})", "must not hold blanks."),
        (f"!self.matches({literal('^[^/]*//[^/?#]*@')})", "has no user and password: they have fields of their own."),
        (
            f"!self.startsWith('http') || self.matches({literal(ADDRESS)})",
            "has no valid host name after https://, or its port is no number.",
        ),
    ),
    Kind.HOST: (
        ("!self.contains('://')", "is a name without https://, such as nas.example.com."),
        (
            f"self.contains('://') || !self.matches({literal(SLASHES)})",
            "is a name without a path, such as nas.example.com.",
        ),
        ("!self.contains('@')", "is a name without a user: the user has a field of its own."),
        (f"!self.matches({literal('^[^:]+:[0-9]+$')})", "is a name without a port: the port has a field of its own."),
        (f"!self.matches({literal('[[:space:]]')})", "must not hold blanks."),
    ),
}
"""By kind: a check in CEL, and how the sentence about the field goes on. The same as `webapp.core.validation` says."""

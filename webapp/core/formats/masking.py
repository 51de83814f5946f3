"""A credential in a tool's shape with every secret masked, to be looked at.

What is secret is found by making the shape twice, the second time from other secrets: a line that comes out the same
holds none. So no format has to say where its secrets end up, however it quotes, wraps or obscures them. A text of the
person's own is filled with masks instead: it could ask a secret whether it is more or less than some text, and answer
in a line that holds none of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import zip_longest

from webapp.core.errors import CredentialError
from webapp.core.fields import Attributes, Field, Value
from webapp.core.formats.base import Format, Source
from webapp.core.redaction import Redactor

MASKED = "••••••••"
DELIMITERS = frozenset("=: \t\"'([{,")
"""A masked line is shown up to the last of these before the first letter that differs."""

PLAIN_PARTS = frozenset({"token_type", "type", "expiry", "universe_domain"})
"""Keys in a token or a key file whose texts are no secrets and are read by formats."""


def masked(wanted: Format, source: Source, options: Attributes) -> dict[str, str]:
    """Return each key's text as the format writes it, secrets masked.

    Raises:
        UnsupportedFormatError: The format cannot carry this credential.
    """
    if wanted.own_text:
        source = replace(source, attributes=_changed(source.provider.fields, source.attributes, lambda _: MASKED))
        return {key: value.decode() for key, value in wanted.produce(source, options).data.items()}
    made = wanted.produce(source, options).data
    other = _from_other_secrets(wanted, source, options)
    redacted = Redactor.of(source.provider, source.attributes)
    return {key: redacted(_masked_text(value.decode(), other.get(key, b"").decode())) for key, value in made.items()}


def _from_other_secrets(wanted: Format, source: Source, options: Attributes) -> Mapping[str, bytes]:
    """Return the same made from other secrets; nothing when those cannot be written, then all is masked."""
    other = replace(source, attributes=_changed(source.provider.fields, source.attributes, _altered))
    try:
        return wanted.produce(other, _changed(wanted.options, options, _altered)).data
    except (CredentialError, ValueError):
        return {}


def _changed(fields: tuple[Field, ...], values: Attributes, change: Callable[[str], str]) -> dict[str, Value]:
    """Return values with their secrets changed."""
    hidden = {field.key for field in fields if field.secret or field.redacted}
    return {key: change(value) if key in hidden and isinstance(value, str) else value for key, value in values.items()}


def _altered(text: str) -> str:
    """Return a text with another letter in every place; one that is JSON stays JSON."""
    try:
        found: object = json.loads(text)
    except ValueError:
        found = None
    return json.dumps(_altered_node(found)) if isinstance(found, dict) else "".join(map(_another, text))


def _altered_node(node: object) -> object:
    if isinstance(node, dict):
        parts: dict[str, object] = node
        return {key: part if key in PLAIN_PARTS else _altered_node(part) for key, part in parts.items()}
    return "".join(map(_another, node)) if isinstance(node, str) else node


def _another(letter: str) -> str:
    """Return another character of the same kind; line ends and blanks stay, since they shape the text."""
    if letter.isspace():
        return letter
    if not letter.isalnum():
        return "_" if letter != "_" else "-"
    return {"z": "a", "Z": "A", "9": "0"}.get(letter, chr(ord(letter) + 1))


def _masked_text(text: str, other: str) -> str:
    lines, others = text.splitlines(), other.splitlines()
    if len(lines) != len(others):
        return MASKED
    return "\n".join(_masked_line(line, another) for line, another in zip_longest(lines, others))


def _masked_line(line: str, another: str) -> str:
    if line == another:
        return line
    same = next((at for at, (one, two) in enumerate(zip(line, another, strict=False)) if one != two), 0)
    end = max((at + 1 for at in range(same) if line[at] in DELIMITERS), default=0)
    return line[:end] + MASKED

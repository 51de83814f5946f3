"""Cuts secrets out of texts before anyone sees them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

from webapp.core.fields import Attributes, Value, as_text
from webapp.core.providers.base import Provider

MASK = "********"
"""What stands in the place of a stored secret."""

CUT = "•••"
"""What stands where something was cut out of a text."""

SHORTEST = 4
"""Shorter values are not searched for: cutting every `a` out of a sentence hides nothing and destroys it."""


INSIDE = 6
"""Shorter values are not searched for inside base64: the few digits that are surely theirs are found anywhere."""


class Redactor:
    """Replaces values, and the forms they take on their way through URLs, JSON and headers, by `•••`.

    Args:
        values: What must not be seen.
    """

    def __init__(self, values: Iterable[str]) -> None:
        forms = {form for value in values for part in _parts(value) for form in _forms(part)}
        self._forms = sorted((form for form in forms if len(form) >= SHORTEST), key=len, reverse=True)

    @classmethod
    def of(cls, provider: Provider, attributes: Attributes) -> Redactor:
        """Return a redactor for the secret and the redacted fields of a credential."""
        hidden = [field.key for field in provider.fields if field.secret or field.redacted]
        return cls(as_text(attributes[key]) for key in hidden if key in attributes)

    def __call__(self, text: str) -> str:
        """Return the text without any of the values."""
        for form in self._forms:
            text = text.replace(form, CUT)
        return text


def safe_attributes(provider: Provider, attributes: Attributes) -> dict[str, Value]:
    """Return the attributes with every secret masked."""
    secret = {field.key for field in provider.fields if field.secret}
    return {key: MASK if key in secret else value for key, value in attributes.items()}


def plain_attributes(provider: Provider, attributes: Attributes) -> dict[str, Value]:
    """Return the attributes without its secrets."""
    secret = {field.key for field in provider.fields if field.secret}
    return {key: value for key, value in attributes.items() if key not in secret}


def _parts(value: str) -> Iterator[str]:
    """Give the value, its longer lines and, when it is JSON, the texts inside it."""
    yield value
    yield from (line.strip() for line in value.splitlines() if len(line.strip()) > SHORTEST)
    try:
        yield from _texts(json.loads(value))
    except (ValueError, RecursionError):
        return


def _texts(node: object) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for key, inner in node.items():  # pyright: ignore[reportUnknownVariableType]  any JSON
            if key not in {"token_type", "type", "expiry", "universe_domain"}:
                yield from _texts(inner)
    elif isinstance(node, list):
        for inner in node:  # pyright: ignore[reportUnknownVariableType]  any JSON
            yield from _texts(inner)


def _inside_base64(value: bytes) -> Iterator[str]:
    """Give what base64 of a longer text shows of a value inside it, such as a password behind `user:` (RFC 7617)."""
    if len(value) < INSIDE:
        return
    for offset in range(3):
        first = -(-offset * 4 // 3)  # digits that the bytes before it have a part in
        last = (offset + len(value)) * 4 // 3
        yield base64.b64encode(b"\0" * offset + value).decode()[first:last]


def _forms(value: str) -> Iterator[str]:
    encoded = base64.b64encode(value.encode(errors="replace")).decode()
    yield from (value, quote(value, safe=""), quote(value), quote_plus(value))
    yield from (encoded, encoded.rstrip("="), encoded.replace("+", "-").replace("/", "_").rstrip("="))
    for inside in _inside_base64(value.encode(errors="replace")):
        yield from (inside, inside.replace("+", "-").replace("/", "_"))
    yield from (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], value.replace("\n", "\\n"))

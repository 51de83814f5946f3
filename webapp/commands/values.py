"""Values on standard input: one JSON object, read strictly."""

from __future__ import annotations

import json
import sys
from typing import Any, BinaryIO, NoReturn

import click

LIMIT = 1024 * 1024
"""Most bytes on standard input, as for a form in the browser."""


class InputError(click.UsageError):
    """What came on standard input is no JSON object of values; the sentence never repeats it."""


def read_stdin() -> dict[str, object]:
    """Read the values of a credential from standard input."""
    if sys.stdin.isatty():
        click.echo("Type a JSON object of values and end it with Ctrl-D:", err=True)
    return read_values(sys.stdin.buffer)


def read_values(stream: BinaryIO) -> dict[str, object]:
    """Read one JSON object with distinct keys.

    Raises:
        InputError: It is something else, or too large.
    """
    data = stream.read(LIMIT + 1)
    if len(data) > LIMIT:
        raise InputError("The values on standard input are larger than 1 MiB.")
    if not data.strip():
        raise InputError('Standard input is empty. Give the values as a JSON object, such as {"host": "example.com"}.')
    return as_object(decoded(data))


def decoded(data: bytes) -> str:
    """Return the text; some Windows programs put a byte order mark in front."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("The values on standard input are not UTF-8 text.") from None


def as_object(text: str) -> dict[str, object]:
    """Parse one JSON object."""
    try:
        data: object = json.loads(text, object_pairs_hook=distinct, parse_constant=refuse_constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InputError(f"The values on standard input are not JSON: {error.msg} at {place}.") from None
    except (ValueError, RecursionError):  # thousands of digits, or of brackets
        raise InputError("The values on standard input are no JSON that can be read.") from None
    if not isinstance(data, dict):
        raise InputError("The values on standard input must be one JSON object, in curly brackets.")
    return data  # pyright: ignore[reportUnknownVariableType]  JSON keys are texts


def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that stands twice: one of both values would be lost."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise InputError(f"The key {json.dumps(key[:40])} stands twice on standard input.")
        found[key] = value
    return found


def refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which JSON does not have."""
    raise InputError(f"The values on standard input hold {name}, which is no JSON.")

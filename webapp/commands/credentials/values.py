"""Values on standard input: one JSON object, read strictly."""

from __future__ import annotations

import sys
from typing import BinaryIO

import click

from webapp.core.jsonvalues import JsonError, read_object

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
        return read_object(text, "The values on standard input")
    except JsonError as error:
        raise InputError(error.message) from None

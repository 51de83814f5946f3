"""What commands print: lines and tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from webapp.core.presentation import found_errors, one_line

if TYPE_CHECKING:
    from webapp.core.errors import CredentialError
    from webapp.core.fields import Problem

NEVER = "not verified"
"""What a list says of a credential that no check has asked for."""


def echo_error(message: str) -> None:
    """Print one line on standard error."""
    click.echo(f"Error: {one_line(message)}", err=True)


def echo_json(data: object) -> None:
    """Print JSON; letters that the output cannot carry are escaped, so that it stays JSON."""
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    text = json.dumps(data, indent=2, ensure_ascii=encoding != "utf8")
    click.echo(text.encode("utf-8", "backslashreplace").decode())


def print_errors(error: CredentialError, *, as_json: bool) -> None:
    """Print what cannot work: a line for each finding, with the field it belongs to."""
    found = found_errors(error)
    for field, message in found:
        echo_error(f"{field}: {message}" if field else message)
    if as_json:
        echo_json({"errors": [{"field": field, "message": message} for field, message in found]})


def print_warnings(problems: Sequence[Problem]) -> None:
    """Print what is unusual, on standard error."""
    for problem in problems:
        if problem.level == "warning":
            place = f"{problem.field}: " if problem.field else ""
            click.echo(f"Warning: {one_line(place + problem.message)}", err=True)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as aligned columns; the first row is the heading."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def age(when: datetime | None) -> str:
    """Return how long ago something was, roughly."""
    if when is None:
        return ""
    seconds = max(0, int((datetime.now(UTC) - when).total_seconds()))
    for size, word in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {word} ago"
    return "just now"

"""What commands print: lines and tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from webapp.core.errors import CredentialError
    from webapp.core.fields import Problem
    from webapp.core.store import Credential
    from webapp.core.verification.states import Result

NEVER = "not verified"
"""What a list says of a credential that no check has asked for."""


def one_line(text: str) -> str:
    """Return a text as one line without control characters, which could move a terminal's cursor."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


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


def found_errors(error: CredentialError) -> list[tuple[str, str]]:
    """Return field and sentence of every finding that an error carries."""
    problems: Sequence[Problem] = getattr(error, "problems", ())
    found = [(one_line(problem.field)[:80], problem.message) for problem in problems if problem.level == "error"]
    return found or [(error.field, error.message)]


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


def moment(when: datetime | None) -> str | None:
    """Return a time as JSON has it, in UTC."""
    return when.astimezone(UTC).isoformat(timespec="seconds") if when else None


def age(when: datetime | None) -> str:
    """Return how long ago something was, roughly."""
    if when is None:
        return ""
    seconds = max(0, int((datetime.now(UTC) - when).total_seconds()))
    for size, word in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {word} ago"
    return "just now"


def hint(credential: Credential) -> str:
    """Return what tells this account from another one; never a secret."""
    from webapp.core.providers import PROVIDERS  # noqa: PLC0415  the help text needs no providers

    found = PROVIDERS.get(credential.provider)
    keys = found.hint if found else ()
    return one_line(" · ".join(str(credential.attributes[key]) for key in keys if key in credential.attributes))


def summary(credential: Credential) -> dict[str, Any]:
    """Return a credential without its values, for JSON."""
    return {
        "id": credential.id,
        "name": credential.name,
        "provider": credential.provider,
        "hint": hint(credential),
        "version": credential.version,
        "created": moment(credential.created),
        "changed": moment(credential.changed),
        "changed_by": credential.changed_by,
        "verification": verification(credential),
        "damaged": credential.damaged,
    }


def verification(credential: Credential) -> dict[str, Any] | None:
    """Return the last verification of a credential, for JSON."""
    last = credential.verification
    if last is None:
        return None
    return {
        "state": last.state,
        "message": last.message,
        "field": last.field,
        "detail": last.detail,
        "seconds": last.seconds,
        "at": moment(last.at),
        "state_since": moment(last.state_since),
    }


def outcome(result: Result) -> dict[str, Any]:
    """Return the answer of a check, for JSON."""
    return {
        "state": result.state,
        "message": result.message,
        "field": result.field,
        "detail": result.detail,
        "seconds": round(result.seconds, 4),
    }

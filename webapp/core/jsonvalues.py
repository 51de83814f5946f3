"""One JSON object, read strictly: what a program sends, and what comes on standard input."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from webapp.core.errors import PermanentError


class JsonError(PermanentError):
    """It is no JSON object that can be read; the sentence says where and never repeats a value."""


def read_object(text: str, where: str) -> dict[str, object]:
    """Parse one JSON object with distinct keys.

    Args:
        text: What was sent.
        where: What the sentences call it, such as `The values on standard input`.

    Raises:
        JsonError: It is something else.
    """
    try:
        data: object = json.loads(text, object_pairs_hook=_distinct, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise JsonError(f"{where} are not JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from None
    except (ValueError, RecursionError):  # thousands of digits, or of brackets
        raise JsonError(f"{where} are no JSON that can be read.") from None
    except _OddError as odd:
        raise JsonError(f"{where} {odd}.") from None
    if not isinstance(data, dict):
        raise JsonError(f"{where} must be one JSON object, in curly brackets.")
    return data  # pyright: ignore[reportUnknownVariableType]  JSON keys are texts


class _OddError(Exception):
    """What JSON allows and a reader here does not."""


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that stands twice: one of both values would be lost."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _OddError(f"hold the key {json.dumps(key[:40])} twice")
        found[key] = value
    return found


def _refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which JSON does not have."""
    raise _OddError(f"hold {name}, which is no JSON")

"""Reads rclone.conf as rclone does (unknwon/goconfig): one `[section]` for each remote, `key = value` on each line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from webapp.core.errors import PermanentError

WRAPPERS = ('"""', "`")
ENCRYPTED = "RCLONE_ENCRYPT_V0:"
"""How an encrypted file begins, after its comment."""
INTERPOLATED = re.compile(r"%\(([^)]*)\)s")


def is_encrypted(text: str) -> bool:
    """Tell whether a file is encrypted by rclone."""
    return any(line.startswith(ENCRYPTED) for line in text.splitlines())


def read_conf(text: str) -> dict[str, dict[str, str]]:
    """Return every section by its name; a section that stands twice is merged and the last value wins.

    Raises:
        PermanentError: A line is neither a section nor a key with a value; its number is told, never the line.
    """
    found: dict[str, dict[str, str]] = {}
    section: dict[str, str] | None = None
    for number, line in _lines(text):
        if line.startswith("[") and line.endswith("]"):
            section = found.setdefault(line[1:-1].strip(), {})
            continue
        key, equals, value = line.partition("=")
        if section is None or not equals or not key.strip():
            raise PermanentError(f"Line {number} is no rclone.conf: a section in brackets or key = value is expected.")
        section[key.strip()] = unwrapped(value.strip(), number)
    return {name: _interpolated(values) for name, values in found.items()}


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        if line.strip() and not line.lstrip().startswith(("#", ";")):
            yield number, line.strip()


def unwrapped(value: str, number: int) -> str:
    """Take the quotes that keep blanks away.

    Raises:
        PermanentError: They do not end on the line, so rclone cannot load the file either.
    """
    for wrapper in WRAPPERS:
        if value.startswith(wrapper):
            end = value.find(wrapper, len(wrapper))
            if end < 0:
                raise PermanentError(f"Line {number} begins with {wrapper} and does not end with it.")
            return value[len(wrapper) : end]
    return value


def _interpolated(values: dict[str, str]) -> dict[str, str]:
    """Replace `%(other)s`, as rclone does: an unknown name makes the whole value empty."""
    return {key: _replaced(value, values) for key, value in values.items()}


def _replaced(value: str, values: dict[str, str]) -> str:
    names = INTERPOLATED.findall(value)
    if any(name not in values for name in names):
        return ""
    return INTERPOLATED.sub(lambda match: values[match[1]], value)

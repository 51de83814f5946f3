"""Reads rclone.conf as rclone does (unknwon/goconfig): one `[section]` for each remote, `key = value` on each line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from webapp.core.errors import PermanentError

ENCRYPTED = "RCLONE_ENCRYPT_V0:"
"""How an encrypted file begins, after its comment."""

INTERPOLATED = re.compile(r"%\(([^)]+)\)s")
DEFAULT = "DEFAULT"
"""The section whose values stand in for those of every other one in `%(name)s`."""

DEPTH = 200
"""Times that `%(name)s` is replaced in one value, as in goconfig."""

LONGEST = 64 * 1024
"""Characters of a value that refers to others; one that refers to itself would grow without end."""

SHORTEST = {"`": 2, '"""': 6}
"""The quotes that keep blanks, and from how many characters on a value is read as one in quotes."""


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
        if line.startswith("[") and line.endswith("]") and line[1:-1].strip():
            section = found.setdefault(line[1:-1].strip(), {})
            continue
        key, sign, value = _parted(line)
        if section is None or not sign or not key:
            raise PermanentError(f"Line {number} is no rclone.conf: a section in brackets or key = value is expected.")
        section[key] = unwrapped(value, number)
    return {name: _interpolated(values, found.get(DEFAULT, {})) for name, values in found.items()}


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if line.strip() and not line.lstrip().startswith(("#", ";")):
            yield number, line.strip()


def _parted(line: str) -> tuple[str, str, str]:
    """Return key, sign and value: the first `=` or `:` parts them."""
    key, sign, value = re.match(r"([^=:]*)([=:]?)(.*)", line, re.DOTALL).groups()  # type: ignore[union-attr]  it fits any line
    return key.strip(), sign, value.strip()


def unwrapped(value: str, number: int) -> str:
    """Take the quotes that keep blanks away; the last ones on the line end the value.

    Raises:
        PermanentError: They do not end on the line, so rclone cannot load the file either.
    """
    for quotes, shortest in SHORTEST.items():
        if value.startswith(quotes) and len(value) >= shortest:
            inner, end, _ = value[len(quotes) :].rpartition(quotes)
            if not end:
                raise PermanentError(f"Line {number} begins with {quotes} and does not end with it.")
            return inner
    return value


def _interpolated(values: Mapping[str, str], defaults: Mapping[str, str]) -> dict[str, str]:
    return {key: _replaced(value, values, defaults) for key, value in values.items()}


def _replaced(value: str, values: Mapping[str, str], defaults: Mapping[str, str]) -> str:
    """Replace `%(other)s` as goconfig does: from the default section, then from the own one, else by nothing.

    Of the name goconfig trims letters that belong to the marks as well: `%(keys)s` means `key`.
    """
    for _ in range(DEPTH):
        found = INTERPOLATED.search(value)
        if found is None or len(value) > LONGEST:
            break
        name = found[0].lstrip("%(").rstrip(")s")
        value = value.replace(found[0], defaults.get(name, values.get(name, "")))
    return value

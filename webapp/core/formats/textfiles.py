"""Text files that tools read, written so that every value is read back as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

UNREAD = re.compile("[\u2028\u2029\ufeff\ufffe\uffff]")
"""Letters that JSON takes as they are, and that readers of YAML fold into a blank, leave out or refuse."""


def yaml_scalar(value: object) -> str:
    """Return a text, number or boolean as YAML reads it back.

    A text is a double-quoted scalar in JSON's escapes, which YAML 1.2 reads as they are (yaml.org/spec/1.2.2,
    section 1.3), so that `no`, `123` and `@x` stay texts.
    """
    return UNREAD.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def yaml_text(values: Mapping[str, object], indent: str = "") -> str:
    """Return a mapping as YAML in block style, empty values left out."""
    lines: list[str] = []
    for key, value in values.items():
        if isinstance(value, Mapping):
            inner: Mapping[str, object] = value
            lines.append(f"{indent}{key}:\n{yaml_text(inner, indent + '  ')}")
        elif value not in (None, ""):
            lines.append(f"{indent}{key}: {yaml_scalar(value)}\n")
    return "".join(lines)


def dotenv_line(name: str, value: str) -> str:
    r"""Return one line of a dotenv file as godotenv and python-dotenv both read it.

    In single quotes everything is literal to both, but a single quote and a backslash before one; in double quotes
    `$`, `"` and backslashes are escaped.
    """
    if "'" not in value and "\\" not in value:
        return f"{name}='{value}'\n"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("\n", "\\n")
    return f'{name}="{escaped}"\n'

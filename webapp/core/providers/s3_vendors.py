"""The vendors of S3 storage, their endpoints and regions, as the bundled rclone lists them.

The list is data (`s3_vendors.json`), made from `rclone config providers` by
`python -m webapp.core.providers.s3_vendors`; a test holds it against the rclone that is installed.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from webapp.core.fields import Choice
from webapp.core.rclone import metadata

DATA = Path(__file__).with_suffix(".json")
OPTIONS = ("provider", "endpoint", "region")


@cache
def choices(option: str) -> tuple[Choice, ...]:
    """Return the choices for `provider`, `endpoint` or `region`; the latter two say for which vendors."""
    listed: list[dict[str, Any]] = _data()[option]
    return tuple(Choice(row["value"], row["label"], frozenset(row.get("vendors", ()))) for row in listed)


@cache
def _data() -> dict[str, list[dict[str, Any]]]:
    return json.loads(DATA.read_text(encoding="utf-8"))


def current() -> str:
    """Return what the data file should hold for the installed rclone."""
    options = metadata.options("s3")
    rows = {name: [_row(example) for example in options[name].get("Examples", [])] for name in OPTIONS}
    lines = ",\n".join(f' "{name}": [\n  {_lines(found)}\n ]' for name, found in rows.items())
    return f"{{\n{lines}\n}}\n"


def _row(example: metadata.Example) -> dict[str, Any]:
    value = example.get("Value", "")
    row: dict[str, Any] = {"value": value, "label": (example.get("Help") or value).splitlines()[0]}
    vendors = example.get("Provider", "")
    return row | ({"vendors": vendors.split(",")} if vendors else {})


def _lines(rows: list[dict[str, Any]]) -> str:
    return ",\n  ".join(json.dumps(row, ensure_ascii=False) for row in rows)


if __name__ == "__main__":
    DATA.write_text(current(), encoding="utf-8")

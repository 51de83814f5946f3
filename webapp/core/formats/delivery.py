"""Ways in which a credential in a tool's shape leaves: files, lines of a shell, a Kubernetes Secret, an archive."""

from __future__ import annotations

import base64
import io
import shlex
import zipfile

from webapp.core.formats.base import Rendered
from webapp.core.formats.textfiles import yaml_scalar

ENVIRONMENT = "environment"
"""The file that holds the variables when files are written; a shell can read it."""

FILE_MODE = 0o600
REGULAR_FILE = 0o100000
"""The bit of a Unix mode that says so (POSIX, sys/stat.h)."""


def shell_lines(made: Rendered) -> str:
    """Return the variables as lines that every POSIX shell reads."""
    return "".join(f"{key}={shlex.quote(value)}\n" for key, value in made.environment.items())


def in_files(made: Rendered) -> dict[str, bytes]:
    """Return what is written to a folder: the files, and the variables in one file."""
    files = {key: value for key, value in made.data.items() if key in made.files}
    return files | ({ENVIRONMENT: shell_lines(made).encode()} if made.environment else {})


def resource_name(name: str) -> str:
    """Return a name that Kubernetes takes (RFC 1123)."""
    text = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name.lower())
    return "-".join(part for part in text.split("-") if part)[:63].strip("-") or "credential"


def manifest(made: Rendered, name: str) -> str:
    """Return a Secret; a key such as `yes` or `1.0` would be no text without quotes."""
    data = "".join(f"  {yaml_scalar(key)}: {base64.b64encode(value).decode()}\n" for key, value in made.data.items())
    head = f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: {yaml_scalar(name)}\ntype: {made.secret_type}\n"
    return f"{head}data:\n{data}"


def archive(made: Rendered) -> bytes:
    """Return the files as a ZIP archive; unpacked, only their owner can read them."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as written:
        for name, value in in_files(made).items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (REGULAR_FILE | FILE_MODE) << 16  # where Unix keeps the mode (APPNOTE 4.4.15)
            written.writestr(entry, value)
    return packed.getvalue()

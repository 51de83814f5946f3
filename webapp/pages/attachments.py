"""Files to be saved."""

from __future__ import annotations

from flask import make_response
from werkzeug.wrappers import Response

BINARY = "application/octet-stream"


def attachment(content: bytes, name: str) -> Response:
    """Return a file to be saved; its name has been made of letters, digits, dots and hyphens."""
    response = make_response(content)
    response.mimetype = BINARY
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response

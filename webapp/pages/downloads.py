"""Files that a page hands out."""

from __future__ import annotations

from flask import Response, make_response


def text_file(text: str, name: str) -> Response:
    """Return a text to be saved as a file; its name must be made of letters, digits, dots, `_` and hyphens."""
    response = make_response(text.encode())
    response.mimetype = "application/octet-stream"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response

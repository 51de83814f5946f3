"""What the API answers when it cannot do what was asked: problem details (RFC 9457) with the field they belong to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus

from flask import Response, request

BASE = "/api/v1"
MEDIA_TYPE = "application/problem+json"

Finding = tuple[str, str]
"""A field and a sentence; the empty field is the whole request."""


def about_api() -> bool:
    """Tell whether this request is one to the API, whose errors are JSON."""
    return request.path == BASE or request.path.startswith(f"{BASE}/")


def problem(status: int, detail: str, findings: Sequence[Finding] = (), **more: object) -> Response:
    """Return a problem as an answer.

    Args:
        status: The HTTP status.
        detail: A sentence for a person.
        findings: Every finding with its field.
        more: Extension members (RFC 9457, section 3.2).
    """
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "errors": [{"field": field, "message": message} for field, message in findings],
        **more,
    }
    return Response(json.dumps(body), status, mimetype=MEDIA_TYPE)

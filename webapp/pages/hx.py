"""The one place that knows what htmx sends and reads.

htmx 4 tells a fragment from a page by `HX-Request-Type`; htmx-flask 0.1 knows the headers of htmx 2 only.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Response, make_response, redirect, render_template, request
from jinja2_fragments.flask import render_block
from werkzeug.wrappers import Response as AnyResponse

VARY = "HX-Request, HX-Request-Type"


def wants_fragment() -> bool:
    """Tell whether only a part of the page is asked for; boosted navigation asks for whole pages."""
    return request.headers.get("HX-Request-Type") == "partial"


def shown_address() -> str | None:
    """Return path and query of the page that the browser shows while it asks for a part of it."""
    parts = urlsplit(request.headers.get("HX-Current-URL", ""))
    return (f"{parts.path}?{parts.query}" if parts.query else parts.path) or None


def page_or_block(template: str, block: str, status: int = 200, **context: Any) -> Response:
    """Return a block of the template for htmx, and the whole page for everyone else."""
    body = render_block(template, block, **context) if wants_fragment() else render_template(template, **context)
    response = make_response(body, status)
    response.headers["Vary"] = VARY
    return response


def go(address: str) -> AnyResponse:
    """Send the browser to another page: a redirect would land inside the swapped part."""
    if wants_fragment():
        response = make_response("", 204)
        response.headers["HX-Redirect"] = address
        return response
    return redirect(address, 303)

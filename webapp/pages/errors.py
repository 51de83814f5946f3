"""Error pages: each says what happened and what to do."""

from __future__ import annotations

import logging
import secrets
from http import HTTPStatus

from flask import Flask, Response, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from webapp.api import about_api
from webapp.api.problems import problem
from webapp.core.errors import ConflictError, CredentialError, NotFoundError, TransientError
from webapp.core.presentation import found_errors, user
from webapp.core.service import InUseError
from webapp.core.store import LockedError, ThrottledError, fault_of
from webapp.core.store.audit import Action
from webapp.pages.access import runtime
from webapp.pages.hx import wants_fragment

LOG = logging.getLogger(__name__)
ADVICE = {
    400: ("This request cannot be understood", "Go back, reload the page and try again."),
    403: ("This is not allowed", "Log in with an account that may do this."),
    404: ("There is no such page", "It may have been deleted. The first page shows what there is."),
    405: ("This cannot be done here", "Go back and use the buttons of the page."),
    409: ("Someone else changed this first", "Reload the page to see what is stored now."),
    413: ("This is too much", "A form may have one megabyte at most, and a file to import sixteen."),
    422: ("These values cannot be saved", "Go back and correct what is marked."),
    429: ("Too many attempts", "Wait for the time that is named, then try again."),
    500: ("Something went wrong here", "Try again. If it stays, look into the log of the server for this number."),
    503: ("This does not work right now", "Wait a moment, then try again."),
}
LOCKED = ("The store is locked", "Give the secret seed to open it; the first page asks for it.")
KINDS: tuple[tuple[type[CredentialError], int], ...] = (
    (LockedError, 503),
    (NotFoundError, 404),
    (ConflictError, 409),
    (ThrottledError, 429),
    (TransientError, 503),
)


def install(app: Flask) -> None:
    """Add the pages to the app."""
    app.register_error_handler(CSRFError, show_csrf)
    app.register_error_handler(HTTPException, show_http)
    app.register_error_handler(CredentialError, show_ours)
    app.register_error_handler(Exception, show_unknown)


def show_csrf(_error: CSRFError) -> Response:
    """The page was open for too long or cookies are off."""
    return shown(
        400, "The page was open while your log-in changed, or cookies are turned off. Reload it and try again."
    )


def show_http(error: HTTPException) -> Response:
    """Whatever Flask refuses."""
    code = error.code or 500
    said = error.description or ""
    own = said and ("host_names" in said or about_api())
    response = shown(code, said if own else "")
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


def show_ours(error: CredentialError) -> Response:
    """A sentence of ours."""
    if about_api():
        users = {"used_by": [user(one) for one in error.users]} if isinstance(error, InUseError) else {}
        return problem(status_of(error), error.message, found_errors(error), **users)
    return shown(status_of(error), error.message, LOCKED if isinstance(error, LockedError) else None)


def status_of(error: CredentialError) -> int:
    """Return the status that says the same as the sentence."""
    return next((code for kind, code in KINDS if isinstance(error, kind)), 422)


def show_unknown(error: Exception) -> Response:
    """A fault: the log has its place and a number, the page has the number; neither has a value."""
    if fault := fault_of(error):
        return show_fault(error, fault)
    number = secrets.token_hex(4)
    place = error.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "unknown"
    LOG.error("error %s: %s at %s while answering %s", number, type(error).__name__, where, request.endpoint)
    detail = {"page": request.endpoint or "", "number": number}
    runtime().store.audit.failed(Action.FAILURE, error, detail=detail)
    return shown(500, f"Its number is {number}.")


def show_fault(error: Exception, fault: CredentialError) -> Response:
    """The database has failed: the log and the page say how, and connections to an earlier one are let go."""
    LOG.error("%s (%s while answering %s)", fault.message, type(error).__name__, request.endpoint)
    runtime().store.reconnect()
    return shown(status_of(fault), fault.message)


def shown(code: int, sentence: str | None, words: tuple[str, str] | None = None) -> Response:
    """Return an error page, or a part of one for htmx; `words` are title and advice where the code's do not fit."""
    usual = ADVICE.get(code, ADVICE[500 if code >= HTTPStatus.INTERNAL_SERVER_ERROR else 400])
    title, advice = words or usual
    if about_api():
        return problem(code, sentence or f"{title}.")
    template = "error_fragment.html" if wants_fragment() else "error.html"
    return make_response(
        render_template(template, code=code, title=title, sentence=sentence or "", advice=advice), code
    )

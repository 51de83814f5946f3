"""*Settings → API tokens*: what programs use the JSON API with."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp.api.problems import BASE
from webapp.core.errors import CredentialError, PermanentError
from webapp.core.store.access.api_tokens import SCOPES, Scope
from webapp.pages.access import current_account, runtime
from webapp.pages.hx import go, page_or_block
from webapp.pages.own_password import check_own_password
from webapp.pages.settings.blueprint import blueprint

PAGE = "settings/tokens.html"
DAYS = (("30", "30 days"), ("90", "90 days"), ("365", "A year"), ("", "Never"))
"""After how many days a token may end."""

USUAL = "90"


@blueprint.get("/tokens")
def tokens() -> Response:
    """Show the tokens and the form of a new one."""
    return page()


@blueprint.post("/tokens")
def tokens_make() -> Response:
    """Make a token once the own password was given, and show it this once."""
    if wrong := check_own_password():
        return page(password_error=wrong, status=422)
    form = request.form
    try:
        _, text = runtime().store.api_tokens.make(
            form.get("name", ""), form.getlist("scopes"), days=days(), by=current_account().name
        )
    except CredentialError as error:
        return page(error=error, status=422)
    return page(made=text)


@blueprint.route("/tokens/<identifier>/revoke", methods=["GET", "POST"])
def tokens_revoke(identifier: str) -> AnyResponse:
    """Say what it means to end a token, and end it."""
    if request.method == "GET":
        token = runtime().store.api_tokens.get(identifier)
        return page_or_block("settings/tokens_revoke.html", "main", token=token)
    name = runtime().store.api_tokens.revoke(identifier).name
    flash(f"The token “{name}” was revoked. Programs that used it are refused from now on.")
    return go(url_for("settings.tokens"))


def days() -> int | None:
    """Return the days of a new token; none for one that does not end.

    Raises:
        PermanentError: It is no number.
    """
    text = request.form.get("days", USUAL)
    if text and not (text.isascii() and text.isdecimal() and len(text) <= 4):  # noqa: PLR2004  ten years have four digits
        raise PermanentError("Choose one of the times.", field="days")
    return int(text) if text else None


def page(
    *, error: CredentialError | None = None, password_error: str = "", made: str = "", status: int = 200
) -> Response:
    """Return the page; what was typed stays, unless it made a token."""
    form = request.form if not made else {}
    chosen = request.form.getlist("scopes") if form else [Scope.READ]
    context: dict[str, Any] = {
        "tokens": runtime().store.api_tokens.list(),
        "scopes": SCOPES,
        "lifetimes": DAYS,
        "typed": {"name": form.get("name", ""), "scopes": chosen, "days": form.get("days", USUAL)},
        "address": request.host_url.rstrip("/") + BASE,
        "error": error,
        "password_error": password_error,
        "made": made,
    }
    return page_or_block(PAGE, "main", status, **context)

"""The form as a page or as a part of it."""

from __future__ import annotations

from werkzeug.wrappers import Response

from webapp.pages.hx import page_or_block, wants_fragment
from webapp.pages.ssh_connections.forms import METHODS, ConnectionForm, drafts

FORM = "ssh_connections/form.html"


def again(form: ConnectionForm, *, ask: str = "", status: int = 422) -> Response:
    """Show the form; typed secrets wait in memory."""
    drafts().keep(form.draft)
    response = page_or_block(FORM, "fields", status, form=form, methods=METHODS.values(), ask=ask)
    if wants_fragment():
        # The button that was pressed may aim at the place of the result alone.
        response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#fields", "outerHTML"
    return response

"""*Import*: takes credentials over from the files of other tools, after a look at what would happen."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from flask import flash, request, url_for
from werkzeug.wrappers import Response

from webapp.core.errors import CredentialError, PermanentError
from webapp.core.imports import KINDS, LABELS, Found, PasswordNeededError, Plan, carry_out, names_in_use, plan, read
from webapp.pages.access import current_account, runtime
from webapp.pages.drafts import Draft, drafts
from webapp.pages.hx import go, page_or_block
from webapp.pages.routes import Routes

routes = Routes()
PAGE = "cloud_credentials/import.html"
WAITING = "import"
"""What was read waits under this name in the draft, sealed as typed secrets are."""


@routes.at("/import")
def choose() -> Response:
    """Ask for a file."""
    return page_or_block(PAGE, "import", **context())


@routes.at("/import", "POST")
def take_over() -> Response:
    """Show what would be made of a file, and make it when that was seen."""
    draft = drafts().open(request.form.get("draft", ""))
    try:
        if request.form.get("action") == "import":
            return carried_out(draft)
        kind, found = uploaded()
        draft.secrets = {WAITING: json.dumps([kind, [asdict(one) for one in found]])}
        drafts().keep(draft)
        return page_or_block(PAGE, "import", **context(draft, planned(kind, found)))
    except CredentialError as error:
        return page_or_block(PAGE, "import", 422, **context(error=error))


def context(
    draft: Draft | None = None, previewed: Plan | None = None, error: CredentialError | None = None
) -> dict[str, Any]:
    """Return what the page shows."""
    encrypted = isinstance(error, PasswordNeededError) or bool(error and error.field == "password")
    kind = request.form.get("kind", "")
    return {
        "draft": draft,
        "plan": previewed,
        "error": error,
        "labels": LABELS,
        "kind": kind if kind in KINDS else "",
        "rename": bool(request.form.get("rename")),
        "encrypted": encrypted,
    }


def uploaded() -> tuple[str, list[Found]]:
    """Read the file that was sent.

    Raises:
        PermanentError: There is none, or it cannot be read.
    """
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        raise PermanentError("Choose a file first.", field="file")
    kind = request.form.get("kind", "")
    return read(upload.read(), kind=kind if kind in KINDS else "", password=request.form.get("password", ""))


def planned(kind: str, found: list[Found]) -> Plan:
    """Return the preview for the names that are in use now."""
    return plan(kind, found, names_in_use(runtime().store), rename=bool(request.form.get("rename")))


def restored(one: dict[str, Any]) -> Found:
    """Return what was found, out of the draft's JSON."""
    one["left_out"] = tuple(one["left_out"])
    return Found(**one)


def carried_out(draft: Draft) -> Response:
    """Make what was seen: all of it or nothing.

    Raises:
        PermanentError: What was seen has been forgotten, or something cannot be made.
    """
    waiting = draft.secrets.get(WAITING)
    if not waiting:
        raise PermanentError("This preview is older than an hour. Choose the file again.", field="file")
    kind, found = json.loads(waiting)
    made = planned(kind, [restored(one) for one in found])
    if not made.made:
        raise PermanentError("There is nothing to import any more. Choose the file again.", field="file")
    count = carry_out(made, runtime().service, by=current_account().name)
    drafts().drop(draft)
    flash(f"{count} imported. Press Verify all to check {'it' if count == 1 else 'them'}.")
    return go(url_for("cloud_credentials.index"))

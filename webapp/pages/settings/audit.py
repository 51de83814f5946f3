"""*Settings → Audit*: who did what, with a filter, a check of the chain and an export."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Response, request, stream_with_context

from webapp.core.errors import PermanentError
from webapp.core.store.audit import Action, Outcome
from webapp.core.store.audit.entries import as_data
from webapp.core.store.audit.reading import Filter
from webapp.pages.access import runtime
from webapp.pages.hx import page_or_block
from webapp.pages.settings.blueprint import blueprint

PAGE = "settings/audit.html"


@blueprint.get("/audit")
def audit() -> Response:
    """Show what happened, the newest first."""
    try:
        wanted, error = asked(), None
    except PermanentError as refused:
        wanted, error = Filter(), refused
    number = request.args.get("page", "1")
    found = runtime().store.audit_log.search(wanted, page=int(number) if number.isdecimal() else 1)
    return page_or_block(PAGE, "listing", 422 if error else 200, **context(found=found, error=error))


@blueprint.get("/audit/check")
def audit_check() -> Response:
    """Check the chains and say what was found."""
    log = runtime().store.audit_log
    found, report = log.search(Filter()), log.verify(head=request.args.get("head", "").strip())
    return page_or_block(PAGE, "main", **context(found=found, report=report))


@blueprint.get("/audit.jsonl")
def audit_export() -> Response:
    """Give the entries that are asked for as JSON, one a line."""
    wanted = asked()

    def lines() -> Iterator[str]:
        for entry in runtime().store.audit_log.walk(wanted):
            yield json.dumps(as_data(entry)) + "\n"

    response = Response(stream_with_context(lines()), mimetype="application/jsonl")
    response.headers["Content-Disposition"] = 'attachment; filename="audit.jsonl"'
    return response


def context(**more: Any) -> dict[str, Any]:
    """Return what the page shows."""
    words = ("text", "action", "outcome", "since", "until")
    given = {word: request.args.get(word, "") for word in words if request.args.get(word)}
    return {"asked": given, "actions": list(Action), "outcomes": list(Outcome), "report": None, "error": None, **more}


def asked() -> Filter:
    """Return the filter of the address.

    Raises:
        PermanentError: A day is none.
    """
    values = request.args
    until = day("until")
    return Filter(
        values.get("text", "").strip(),
        values.get("action", ""),
        values.get("outcome", ""),
        day("since"),
        until + timedelta(days=1) if until else None,
    )


def day(key: str) -> datetime | None:
    """Return a day of the address; nothing when none is given.

    Raises:
        PermanentError: It is none.
    """
    text = request.args.get(key, "").strip()
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) if text else None
    except ValueError:
        raise PermanentError("Write a day as year, month and day: 2026-11-25.", field=key) from None

"""Backups and restores while they run: how far they are, how they ended.

What is quick ends before the page does, and nobody sees any of this.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from flask import flash, url_for
from werkzeug.wrappers import Response

from webapp.core.background.jobs import KEPT, Job
from webapp.pages.access import current_session, runtime
from webapp.pages.hx import go, page_or_block, wants_fragment
from webapp.pages.settings.blueprint import blueprint

QUICK = 2.0
"""Seconds to wait for the end before progress is shown."""
WAITING = "restoring"
"""Folder in the data folder for files on their way: uploads to be looked at, backups to be fetched. No secret is in them
that is not encrypted."""

Work = Callable[[Job], Any]
Ending = Callable[[Job], Response]
ENDINGS: dict[str, Ending] = {}
"""What is shown when a job of a kind has ended."""

GONE = (
    "This is not running any more: it is older than an hour, or the app was restarted. The audit tells what was done."
)


def ending(kind: str) -> Callable[[Ending], Ending]:
    """Let the decorated function show how jobs of a kind have ended."""

    def keep(show: Ending) -> Ending:
        ENDINGS[kind] = show
        return show

    return keep


def started(kind: str, work: Work) -> Response:
    """Start a job and show how it ends, or how far it is."""
    job = runtime().jobs.start(current_session().id, kind, work)
    if job.wait(QUICK):
        return ENDINGS[kind](job)
    return go(url_for("settings.backup_job", identifier=job.id))


@blueprint.get("/backup/jobs/<identifier>")
def backup_job(identifier: str) -> Response:
    """Show how far a job is, or how it ended."""
    job = runtime().jobs.get(identifier, current_session().id)
    if job is None:
        flash(GONE)
        return go(url_for("settings.backup"))
    if not job.ended:
        return page_or_block("settings/job.html", "progress", job=job)
    if wants_fragment():  # the whole page changes
        return go(url_for("settings.backup_job", identifier=identifier))
    return ENDINGS[job.kind](job)


def folder() -> Path:
    """Return the folder for files on their way; those that nobody came back for are gone from it."""
    found = runtime().options.data_dir / WAITING
    found.mkdir(mode=0o700, exist_ok=True)
    for path in found.iterdir():
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > KEPT:
                path.unlink()
    return found


def new_file() -> Path:
    """Make an empty file in it that only its owner can read."""
    path = folder() / secrets.token_hex(16)
    path.touch(mode=0o600)
    return path

"""*Settings*: what belongs to the whole app."""

from __future__ import annotations

from flask import redirect, url_for
from werkzeug.wrappers import Response

from webapp.pages.settings import audit, backup, jobs, restore, seed, tokens
from webapp.pages.settings.blueprint import SECTIONS, blueprint

__all__ = ["audit", "backup", "blueprint", "jobs", "restore", "seed", "tokens"]


@blueprint.get("/")
def index() -> Response:
    """Go to the first section."""
    return redirect(url_for(SECTIONS[0][0]), 303)

"""The blueprint that the pages of *Settings* share, and their frame: a list of sections beside each page."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("settings", __name__, template_folder="templates", url_prefix="/settings")

SECTIONS: tuple[tuple[str, str], ...] = (
    ("settings.backup", "Backup"),
    ("settings.seed", "Secret seed"),
    ("oauth_apps.index", "OAuth apps"),
    ("settings.tokens", "API tokens"),
    ("settings.audit", "Audit"),
)
"""Endpoint and name of each section, in the order of the list; one of another blueprint may stand in it as well.

A section's template extends `settings/frame.html`.
"""


@blueprint.app_context_processor
def sections() -> dict[str, object]:
    """Give the frame its list."""
    return {"sections": SECTIONS}

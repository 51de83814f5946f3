"""Settings → OAuth apps: the person's own app at each vendor, entered once."""

from __future__ import annotations

from flask import Blueprint

from webapp.pages.oauth_apps import views

__all__ = ["blueprint"]

blueprint = Blueprint("oauth_apps", __name__, template_folder="templates", url_prefix="/settings/oauth-apps")
views.routes.add_to(blueprint)

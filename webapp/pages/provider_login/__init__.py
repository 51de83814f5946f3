"""Login to Provider: the person signs in at the vendor and comes back to the form with every field filled."""

from __future__ import annotations

from flask import Blueprint

from webapp.pages.provider_login import beginning, coming, ending, picking, standing

__all__ = ["blueprint"]

blueprint = Blueprint("login", __name__, template_folder="templates")
for part in (beginning, coming, picking, ending):
    part.routes.add_to(blueprint)
blueprint.app_context_processor(lambda: {"login_of": standing.login_of, "logins_at_risk": standing.at_risk})

"""The cluster: its credentials to look at, and what is offered to its namespaces."""

from __future__ import annotations

from flask import Blueprint

from webapp.pages.cluster import publishing, views

__all__ = ["blueprint"]

blueprint = Blueprint("cluster", __name__, template_folder="templates", url_prefix="/cloud-credentials")
for part in (views, publishing):
    part.routes.add_to(blueprint)

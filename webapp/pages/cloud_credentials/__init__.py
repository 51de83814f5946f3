"""Cloud Credentials: the table, the form, verification."""

from __future__ import annotations

from flask import Blueprint

from webapp.pages.cloud_credentials import actions, editing, hostkeys, importing, using, views

__all__ = ["blueprint"]

blueprint = Blueprint("cloud_credentials", __name__, template_folder="templates", url_prefix="/cloud-credentials")
for part in (views, hostkeys, importing, editing, actions, using):
    part.routes.add_to(blueprint)

"""The blueprint that the views of this area share."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("cloud_credentials", __name__, template_folder="templates", url_prefix="/cloud-credentials")

"""SSH Connections: the list, setting up in three ways, testing, a changed host key."""

from __future__ import annotations

from flask import Blueprint

from webapp.pages.ssh_connections import actions, editing, hostkey, running, views

__all__ = ["blueprint"]

blueprint = Blueprint("ssh_connections", __name__, template_folder="templates", url_prefix="/ssh-connections")
for part in (views, running, editing, actions, hostkey):
    part.routes.add_to(blueprint)

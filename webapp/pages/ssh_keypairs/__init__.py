"""SSH Keypairs: the list, making and importing, the page of one, deleting and replacing."""

from __future__ import annotations

from flask import Blueprint

from webapp.pages.ssh_keypairs import actions, views

__all__ = ["blueprint"]

blueprint = Blueprint("ssh_keypairs", __name__, template_folder="templates", url_prefix="/ssh-keypairs")
for part in (views, actions):
    part.routes.add_to(blueprint)

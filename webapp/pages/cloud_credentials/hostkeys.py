"""Discovering the host keys of an SFTP server inside the form of its credential."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from webapp.pages import host_keys
from webapp.pages.cloud_credentials.forms import HOST_KEYS, named_credential, sent_form
from webapp.pages.cloud_credentials.views import again
from webapp.pages.routes import Routes

routes = Routes()


@routes.at("/host-keys", "POST")
def find_host_keys() -> Response:
    """Show the host keys of the server, or take over those that were shown."""
    sent = sent_form(named_credential())
    form = sent.form()
    if request.form.get("action") == host_keys.TAKE:
        form.values = {**form.values, HOST_KEYS: host_keys.taken()}
        return again(form, status=200)
    form.keys = host_keys.beside(HOST_KEYS, sent.raw.get(HOST_KEYS, ""))
    host_keys.discover(form.keys, sent.raw)
    return again(form, status=422 if form.keys.error else 200)

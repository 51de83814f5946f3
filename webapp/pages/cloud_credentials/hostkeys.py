"""Discovering the host keys of an SFTP server inside the form of its credential."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from webapp.core.providers import provider as find_provider
from webapp.pages import host_keys
from webapp.pages.access import runtime
from webapp.pages.cloud_credentials.forms import HOST_KEYS, Form
from webapp.pages.cloud_credentials.views import again, drafts
from webapp.pages.fieldsform import shown_values, typed
from webapp.pages.routes import Routes

routes = Routes()


@routes.at("/host-keys", "POST")
def find_host_keys() -> Response:
    """Show the host keys of the server, or take over those that were shown."""
    credential = None
    if request.form.get("credential"):
        credential = runtime().store.credentials.get(request.form["credential"])
    provider = find_provider(credential.provider if credential else request.form.get("provider", ""))
    draft = drafts().open(request.form.get("draft", ""))
    raw = typed(provider, draft)
    form = Form(provider, draft, request.form.get("name", ""), shown_values(provider, raw, None), credential=credential)
    if request.form.get("action") == host_keys.TAKE:
        form.values = {**form.values, HOST_KEYS: host_keys.taken()}
        return again(form, status=200)
    form.keys = host_keys.beside(HOST_KEYS, raw.get(HOST_KEYS, ""))
    host_keys.discover(form.keys, raw)
    return again(form, status=422 if form.keys.error else 200)

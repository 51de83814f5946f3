"""Makes the web app."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from flask import Flask, request
from flask_wtf.csrf import CSRFProtect
from htmx_flask import Htmx
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp import __version__, api
from webapp.core.runtime import Runtime
from webapp.pages import (
    access,
    auth,
    cloud_credentials,
    cluster,
    drawing,
    errors,
    help_pages,
    home,
    oauth_apps,
    own_password,
    provider_login,
    security,
    ssh_connections,
    ssh_keypairs,
)
from webapp.pages import (
    settings as settings_pages,
)
from webapp.pages.routes import page_url, row_url
from webapp.running import RUNTIME
from webapp.settings import Settings

BODY_LIMIT = 1024 * 1024
"""Bytes that a request may have."""

FILE_LIMIT = 16 * 1024 * 1024
"""Bytes that a request with a file to import may have: a configuration of TrueNAS is a database."""

BACKUP_LIMIT = 512 * 1024 * 1024
"""Bytes that a request with a backup may have: a million credentials."""

FILE_LIMITS = {"cloud_credentials.take_over": FILE_LIMIT, "settings.backup_restore": BACKUP_LIMIT}

BLUEPRINTS = (
    api.blueprint,
    home.blueprint,
    auth.blueprint,
    provider_login.blueprint,  # before the credentials, whose addresses hold any word
    cloud_credentials.blueprint,
    cluster.blueprint,
    ssh_connections.blueprint,
    ssh_keypairs.blueprint,
    oauth_apps.blueprint,  # before the settings, for the same reason
    settings_pages.blueprint,
    help_pages.blueprint,
)


def create_app(settings: Settings, runtime: Runtime) -> Flask:
    """Return the app; `webapp.running.runtime` returns the runtime while a request is answered."""
    app = Flask(__name__, template_folder="pages/templates", static_folder="static")
    app.config.update(
        SECRET_KEY=access.session_key(runtime),
        MAX_CONTENT_LENGTH=BODY_LIMIT,
        MAX_FORM_MEMORY_SIZE=BODY_LIMIT,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=True,
        SESSION_COOKIE_NAME="csrf",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
    )
    app.extensions[RUNTIME] = runtime
    app.extensions["backup_credentials_settings"] = settings
    if settings.behind_proxy:
        behind_proxy(app)
    app.before_request(allow_files)  # before the form is read for its token
    Htmx(app)
    CSRFProtect(app).exempt(api.blueprint)  # a token comes from a program, never from a browser by itself
    for part in (security, access, errors, own_password, drawing):
        part.install(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.context_processor(partial(dict, version=__version__))
    app.jinja_env.filters.update(age=age, when=when)
    app.add_template_global(row_url, "row_url")
    app.add_template_global(page_url, "page_url")
    app.teardown_request(partial(give_back, runtime))
    return app


def allow_files() -> None:
    """Let the pages that take files have larger ones."""
    if limit := FILE_LIMITS.get(request.endpoint or ""):
        request.max_content_length = limit


def give_back(runtime: Runtime, _error: BaseException | None) -> None:
    """Give the connection of this request's thread back."""
    runtime.store.release()


def behind_proxy(app: Flask) -> None:
    """Believe what the one proxy in front says: else all people would share its address and its attempts to log in."""
    trusting = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)
    app.wsgi_app = trusting  # pyright: ignore[reportAttributeAccessIssue]  Flask's own way to wrap an app


def when(moment: datetime) -> str:
    """Return a time for people."""
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def age(moment: datetime) -> str:
    """Return how long ago something was, in the largest whole unit."""
    seconds = int((datetime.now(UTC) - moment).total_seconds())
    for name, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            count = seconds // length
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now"

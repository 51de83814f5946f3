"""Who is asking, and who may."""

from __future__ import annotations

import secrets
from typing import cast
from urllib.parse import urlsplit

from flask import Flask, g, redirect, request, url_for
from werkzeug.wrappers import Response

from webapp.api import about_api
from webapp.core.runtime import Runtime
from webapp.core.store import Account, DamagedError, LockedError, Session
from webapp.core.store.audit.acting import act
from webapp.pages.hx import go, shown_address, wants_fragment
from webapp.pages.security import settings
from webapp.running import runtime

OPEN = frozenset({
    "static", "auth.login", "auth.setup", "auth.theme", "home.health", "home.ready", "home.icons", "home.dark",
    "login.callback",
})  # fmt: skip
"""Endpoints for everyone."""

WHILE_LOCKED = OPEN | {"auth.unlock", "auth.logout", "settings.seed_lost", "help.index", "help.page"}


WATCHING = frozenset({"cluster.listing", "cluster.show", "settings.backup_job", "settings.seed"})
"""Endpoints that open pages ask again and again."""


def cookie_name() -> str:
    """Return the log-in cookie's name; under TLS browsers bind it to this very host."""
    return "__Host-session" if settings().secure_cookies else "session"


def session_key(runtime: Runtime) -> str:
    """Return the key that signs form tokens; all processes that share a store share it."""
    fresh, values = secrets.token_hex(32), runtime.store.values
    try:
        return values.add("form-key", fresh, secret=True)
    except LockedError:
        return fresh
    except DamagedError:
        # Nothing is lost with it but the tokens of open forms, so it is no reason to refuse to start.
        values.put("form-key", fresh, secret=True)
        return fresh


def install(app: Flask) -> None:
    """Let nobody in who has not logged in."""
    app.before_request(require_login)
    app.context_processor(lambda: {"account": g.get("account"), "theme": theme()})


def require_login() -> Response | None:
    """Send strangers to the log-in, and everyone to the seed page while the store is locked.

    The API has its own door, and no cookie opens it: another site could make a browser send one.
    """
    if about_api():
        return None
    store = runtime().store
    token = request.cookies.get(cookie_name(), "")
    session = store.sessions.find(token, use=not by_itself()) if request.endpoint != "static" else None
    g.session, g.token = session, token
    g.account = Account(session.account, session.name) if session else None
    act(g.account.name if g.account else "a visitor", request.remote_addr or "unknown")
    if request.endpoint in OPEN or request.endpoint is None:
        return None
    if g.account is None:
        target = "auth.login" if store.accounts.exists() else "auth.setup"
        return go(url_for(target, next=wanted_page()))
    if store.locked and request.endpoint not in WHILE_LOCKED:
        return go(url_for("auth.unlock"))
    return None


def by_itself() -> bool:
    """Tell whether a page asks by itself whether something is new, without anyone being there."""
    return request.endpoint in WATCHING and wants_fragment()


def wanted_page() -> str | None:
    """Return the page to come back to after the log-in."""
    if wants_fragment():
        return shown_address()
    return request.full_path.rstrip("?") if request.method == "GET" and request.path != "/" else None


def safe_next(address: str | None) -> str:
    """Return an address inside this app; anything else becomes the first page."""
    parts = urlsplit(address or "")
    inside = not parts.scheme and not parts.netloc and parts.path.startswith("/") and not parts.path.startswith("//")
    return address if address and inside and "\\" not in address else url_for("home.index")


def current_account() -> Account:
    """Return who is logged in."""
    return cast("Account", g.account)


def current_session() -> Session:
    """Return the log-in of this request."""
    return cast("Session", g.session)


def logged_in(account: Account, address: str) -> Response:
    """Start a new log-in in place of this browser's old one, and go on to a page."""
    if g.session:
        runtime().store.sessions.end(g.session.id)
    agent = request.user_agent.string
    token = runtime().store.sessions.start(account.id, user_agent=agent, address=request.remote_addr or "")
    response = redirect(address, 303)
    response.set_cookie(cookie_name(), token, httponly=True, samesite="Lax", secure=settings().secure_cookies, path="/")
    return response


def theme() -> str:
    """Return light, dark or auto, as the person chose."""
    chosen = request.cookies.get("theme", "auto")
    return chosen if chosen in {"light", "dark"} else "auto"

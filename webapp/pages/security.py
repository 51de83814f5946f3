"""Headers that every answer carries, and the host names that are answered."""

from __future__ import annotations

from flask import Flask, Response, abort, current_app, request

from webapp.settings import Settings

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
"""No inline script or style anywhere. Bootstrap's stylesheet has its arrows and ticks as data: images."""

HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in POLICY.items()),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def install(app: Flask) -> None:
    """Add the checks to the app."""
    app.before_request(refuse_foreign_host)
    app.after_request(add_headers)


def settings() -> Settings:
    """Return the app's settings."""
    return current_app.extensions["backup_credentials_settings"]


def refuse_foreign_host() -> None:
    """Refuse requests for another name than ours: a page elsewhere could point its own name here."""
    host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
    if host.lower() not in settings().allowed_hosts:
        abort(400, "This name is not one of this app's. Set host_names to the name that browsers use.")


def add_headers(response: Response) -> Response:
    """Set what browsers must know; nothing but the files of the app may be kept."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if settings().secure_cookies:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint == "static":
        response.headers["Cache-Control"] = "public, max-age=3600"
    elif "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response

"""Headers that every answer carries, and the host names that are answered."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path
from stat import S_ISREG
from typing import Any

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

KEPT = frozenset({200, 206, 304})
FOREVER = "public, max-age=31536000, immutable"


def install(app: Flask) -> None:
    """Add the checks to the app."""
    app.before_request(refuse_foreign_host)
    app.after_request(add_headers)
    app.url_defaults(add_digest)


def add_digest(endpoint: str, values: dict[str, Any]) -> None:
    """Name the content of a file in its address, so that browsers may keep it and still notice a new one."""
    if endpoint == "static" and "filename" in values:
        found = digest(str(values["filename"]))
        values.update({"v": found} if found else {})


def asked_digest() -> str:
    """Return the digest of the file that is asked for."""
    return digest((request.view_args or {}).get("filename", ""))


def digest(name: str) -> str:
    """Return a short digest of a static file; empty when there is none."""
    path = f"{current_app.static_folder}/{name}"  # each page asks for several, and pathlib takes longer than the rest
    try:
        found = os.stat(path)  # noqa: PTH116  as above
    except OSError:
        return ""
    return content_digest(path, found.st_mtime_ns) if S_ISREG(found.st_mode) else ""


@lru_cache(maxsize=256)
def content_digest(path: str, _changed: int) -> str:
    """Return the digest of a file's content, read again when the file changes."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]


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
    if request.endpoint == "static" and response.status_code in KEPT:
        response.headers["Cache-Control"] = FOREVER if request.args.get("v") == asked_digest() else "no-cache"
    elif "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response

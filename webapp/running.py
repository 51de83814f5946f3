"""What the web app runs on, for whatever answers a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import current_app

if TYPE_CHECKING:
    from webapp.core.runtime import Runtime

RUNTIME = "backup_credentials"
"""Where the app keeps it among its extensions."""


def runtime() -> Runtime:
    """Return what the app runs on."""
    return cast("Runtime", current_app.extensions[RUNTIME])

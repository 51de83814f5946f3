"""Log-ins at providers: the person's own OAuth apps, log-ins under way, and what keeps tokens alive."""

from __future__ import annotations

from webapp.core.store.logins.apps import App, Apps
from webapp.core.store.logins.flows import Flow, Flows
from webapp.core.store.logins.records import Login, Logins

__all__ = ["App", "Apps", "Flow", "Flows", "Login", "Logins"]

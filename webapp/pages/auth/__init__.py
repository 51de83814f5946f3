"""First start, log-in, account, and the seed while the store is locked."""

from webapp.pages.auth.views import blueprint

__all__ = ["blueprint"]

"""Cloud Credentials: the table, the form, verification."""

from webapp.pages.credentials.blueprint import blueprint
from webapp.pages.credentials import actions, editing, views  # noqa: F401, I001  their routes register themselves

__all__ = ["blueprint"]

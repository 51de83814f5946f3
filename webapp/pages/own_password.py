"""The person's own password, asked again before a secret is shown or a changed host is trusted.

One that was right holds for five minutes in this log-in. The time stands in the signed form cookie: what is asked is
whether the person is still there, and the log-in itself is checked as always.
"""

from __future__ import annotations

import time

from flask import Flask, request, session

from webapp.core.errors import CredentialError
from webapp.core.store.audit import Action
from webapp.pages.access import current_account, current_session, runtime

SECONDS = 300
"""How long a password holds."""

FIELD = "own_password"
"""The name of the input; `macros/own_password.html` draws it."""

NOTE = "password-given"


def install(app: Flask) -> None:
    """Let templates ask whether the password is needed."""
    app.context_processor(lambda: {"own_password_given": own_password_given})


def own_password_given() -> bool:
    """Tell whether the password was given in this log-in within the last five minutes."""
    noted = session.get(NOTE)
    if not isinstance(noted, list) or len(noted) != 2:  # noqa: PLR2004  the log-in and the time
        return False
    return noted[0] == current_session().id and 0 <= time.time() - float(noted[1]) < SECONDS


def check_own_password() -> str:
    """Check the password that came with the form, unless one holds still.

    Returns:
        What is wrong with it, as a sentence; empty when the person may go on.
    """
    if own_password_given():
        return ""
    password = request.form.get(FIELD, "")
    if not password:
        return "Type your own password, the one that you log in with."
    try:
        runtime().store.accounts.check(
            current_account().name, password, request.remote_addr or "", action=Action.PASSWORD
        )
    except CredentialError as error:
        return "This is not your password." if error.field else error.message
    session[NOTE] = [current_session().id, time.time()]
    return ""

"""Who may use the API: the bearer token of a request (RFC 6750) and its scopes."""

from __future__ import annotations

import logging

from flask import Response, g, request

from webapp.api.problems import problem
from webapp.core.store.access.api_tokens import ApiToken, Scope
from webapp.core.store.audit.acting import act
from webapp.running import runtime

LOG = logging.getLogger(__name__)
REALM = 'Bearer realm="Backup Credentials"'
SCHEME = "bearer "


def admit(scope: Scope) -> Response | None:
    """Return why a request is refused; nothing when its token is good and has the scope.

    From here on the audit knows who acts.
    """
    token = presented()
    if token is None:
        return unknown()
    g.api_token = token
    act(actor(), request.remote_addr or "unknown")
    if scope not in token.scopes:
        return lacking(scope)
    locked = runtime().store.locked
    return problem(503, locked.message) if locked else None


def presented() -> ApiToken | None:
    """Return the token of this request; nothing when it has none that is good."""
    header = request.headers.get("Authorization", "")
    if not header.lower().startswith(SCHEME):
        return None
    return runtime().store.api_tokens.find(header[len(SCHEME) :].strip())


def actor() -> str:
    """Return who acts, for the record of changes."""
    return f"{g.api_token.name} (API)"


def unknown() -> Response:
    """Answer a request without a good token."""
    sent = "Authorization" in request.headers
    if sent:
        LOG.info("a token of the API was refused, sent from %s", request.remote_addr)
    answer = problem(401, "Send a token as “Authorization: Bearer …”. Settings → API tokens makes one.")
    if sent:
        answer = problem(401, "This token is none of ours, was revoked, or has ended.")
    answer.headers["WWW-Authenticate"] = REALM + (', error="invalid_token"' if sent else "")
    return answer


def lacking(scope: Scope) -> Response:
    """Answer a request whose token may not do this."""
    answer = problem(403, f"This token may not do this: it lacks the scope “{scope}”.")
    answer.headers["WWW-Authenticate"] = f'{REALM}, error="insufficient_scope", scope="{scope}"'
    return answer

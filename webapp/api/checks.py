"""Verification: of stored credentials, and of values that are not saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from webapp.api import schemas
from webapp.api.credentials import ATTRIBUTES, PROVIDER
from webapp.api.operations import Member, Operations, given, read_body
from webapp.core.presentation import outcome
from webapp.core.store.access.api_tokens import Scope
from webapp.running import runtime

if TYPE_CHECKING:
    from webapp.core.verification.checks import Check
    from webapp.core.verification.states import Result

operations = Operations()
WAIT = 30.0
"""Seconds between two looks at a check; it has a deadline of its own."""

WRITE = Member("write", "boolean", "Also put a small object under a random name and delete it again.", default=False)


@operations.at(
    "POST", "/credentials/{credential_id}/verify", Scope.VERIFY, schemas.ref("Outcome"),
    body=(WRITE,), refused=(404, 422),
)  # fmt: skip
def verify_credential(credential_id: str) -> Response:
    """Ask the provider whether a stored credential works, keep the answer and return it."""
    asked = read_body((WRITE,))
    return finished(runtime().service.start_stored_check(credential_id, write=asked["write"]))


@operations.at(
    "POST", "/verify", Scope.VERIFY, schemas.ref("Outcome"), body=(PROVIDER, ATTRIBUTES, WRITE), refused=(422,)
)
def verify_values() -> Response:
    """Ask the provider whether values work that are not saved, and save nothing."""
    asked = read_body((PROVIDER, ATTRIBUTES, WRITE))
    return finished(runtime().service.start_check(asked["provider"], asked["attributes"], write=asked["write"]))


def finished(check: Check) -> Response:
    """Wait for a check and return its answer."""
    return given(outcome(waited(check)))


def waited(check: Check) -> Result:
    """Wait for a check, which gives up by itself at its deadline."""
    while (result := check.wait(WAIT)) is None:
        continue
    return result

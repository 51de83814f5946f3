"""Asks a vendor over HTTPS and trusts nothing of the answer: its size, its time and its shape have limits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, cast

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from webapp.core.errors import PermanentError, TransientError
from webapp.core.oauth.connections import Alarm, connected

TIMEOUT = (5.0, 10.0)
"""Seconds to connect, and to wait for each part of an answer."""

WHOLE = 20.0
"""Seconds for a whole answer: one that comes by single bytes ends here."""

LONGEST = 1024 * 1024
"""Bytes of an answer; a token is never so long, a list of drives comes in pages."""

PART = 16 * 1024
HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a vendor said; its repr shows no value.

    Attributes:
        status: The status code.
        values: The JSON object; empty when it was none.
    """

    status: int
    values: Mapping[str, Any] = field(repr=False)

    @property
    def ok(self) -> bool:
        """Tell whether it did what was asked."""
        return self.status == HTTPStatus.OK

    @property
    def busy(self) -> bool:
        """Tell whether asking again later may help."""
        return self.status >= HTTPStatus.INTERNAL_SERVER_ERROR or self.status == HTTPStatus.TOO_MANY_REQUESTS


def ask(
    method: str,
    address: str,
    *,
    form: Mapping[str, str] | None = None,
    body: Any = None,
    authorization: str = "",
    auth: Any = None,
    label: str = "The provider's log-in",
) -> Answer:
    """Ask, following no redirect.

    Args:
        method: `GET` or `POST`.
        address: An address that never holds a secret.
        form: Sent as a form.
        body: Sent as JSON.
        authorization: The header of this name.
        auth: As requests takes it.
        label: Who is asked, for the sentence when nobody answers.

    Raises:
        TransientError: It is out of reach, too slow or answers too much.
    """
    given: dict[str, Any] = {
        "data": form,
        "json": body,
        "auth": auth or _Nobody(),
        "headers": HEADERS | _signed(authorization),
    }
    with connected(WHOLE) as (session, alarm):
        try:
            with session.request(method, address, timeout=TIMEOUT, allow_redirects=False, stream=True, **given) as said:
                return Answer(said.status_code, _object(_read(said, alarm, label)))
        except (requests.RequestException, HTTPError, OSError, UnicodeError):
            _refuse_slow(alarm, label)
            raise TransientError(f"{label} cannot be reached. Try again later.") from None


def _signed(authorization: str) -> dict[str, str]:
    return {"Authorization": authorization} if authorization else {}


class _Nobody(AuthBase):
    """Keeps requests from taking a password out of the home folder's .netrc for these hosts."""

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        return r


def _read(response: requests.Response, alarm: Alarm, label: str) -> bytes:
    found = b""
    while part := response.raw.read1(PART):
        found += part
        if len(found) > LONGEST:
            raise TransientError(f"{label} sent an answer that is far too long. Try again later.")
    _refuse_slow(alarm, label)  # what was cut off may look like an end
    return found


def _refuse_slow(alarm: Alarm, label: str) -> None:
    if alarm.over:
        raise TransientError(f"{label} answers too slowly. Try again later.")


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return cast("Mapping[str, Any]", found) if isinstance(found, dict) else {}


def text(values: Mapping[str, Any], *path: str, limit: int = 200) -> str:
    """Return a text inside an answer, on one line and not too long; empty when there is none."""
    found: Any = values
    for name in path:
        found = cast("Any", found).get(name) if isinstance(found, dict) else None
    if not isinstance(found, str | int | float) or isinstance(found, bool):
        return ""
    return "".join(letter for letter in str(found) if letter.isprintable())[:limit]


def token_in(answer: Answer) -> dict[str, str | float]:
    """Return what belongs to a token in an answer; nothing when there is no access token in it.

    What is empty is left out, so that a vendor who sends an empty refresh token does not take the old one away.
    """
    parts = ("access_token", "refresh_token", "token_type", "expires_in")
    found: dict[str, str | float] = {
        name: value for name in parts if isinstance(value := answer.values.get(name), str | int | float) and value
    }
    return found if answer.ok and isinstance(found.get("access_token"), str) else {}


def refuse_markup(answer: Answer, label: str) -> None:
    """Refuse a good status with nothing readable in it: a captive portal, a proxy's page."""
    if answer.ok and not answer.values:
        raise PermanentError(f"{label} sent something that is no answer. Is a proxy or a log-in page in between?")

"""Asks each vendor who is logged in."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.core.errors import CredentialError
from webapp.core.fields import Attributes
from webapp.core.oauth.endpoints import place
from webapp.core.oauth.vendors import VENDORS
from webapp.core.oauth.web import ask, text
from webapp.core.tokens import Token


@dataclass(frozen=True, slots=True)
class Question:
    """Where a vendor says who is logged in, and where in its answer the names stand, the best first."""

    method: str
    address: str
    names: tuple[tuple[str, ...], ...]
    body: object = None


QUESTIONS = {
    "BOX": Question("GET", "https://api.box.com/2.0/users/me", (("login",), ("name",))),
    "DROPBOX": Question(
        "POST", "https://api.dropboxapi.com/2/users/get_current_account", (("email",), ("name", "display_name"))
    ),
    "GOOGLE_DRIVE": Question(
        "GET",
        "https://www.googleapis.com/drive/v3/about?fields=user",
        (("user", "emailAddress"), ("user", "displayName")),
    ),
    "GOOGLE_PHOTOS": Question("GET", "https://openidconnect.googleapis.com/v1/userinfo", (("email",), ("name",))),
    "ONEDRIVE": Question("GET", "{graph}/v1.0/me", (("userPrincipalName",), ("mail",), ("displayName",))),
    "PCLOUD": Question("GET", "https://{hostname}/userinfo", (("email",), ("userid",))),
    "YANDEX": Question(
        "GET", "https://login.yandex.ru/info?format=json", (("default_email",), ("login",), ("display_name",))
    ),
}
"""Sources: developer.box.com/reference/get-users-me, dropbox.com/developers/documentation/http, developers.google.com/
drive/api/reference/rest/v3/about, learn.microsoft.com/graph/api/user-get, docs.pcloud.com/methods/general/userinfo,
yandex.com/dev/id/doc/en/user-information."""


def bearer(provider_type: str, token: Token) -> str:
    """Return the header with which a token is sent; Yandex has a word of its own."""
    return f"{VENDORS[provider_type].auth} {token.access_token}"


def account_name(provider_type: str, token: Token, attributes: Attributes) -> str:
    """Return who is logged in; empty when the vendor does not say, which is no reason to refuse the token."""
    question = QUESTIONS[provider_type]
    try:
        answer = ask(
            question.method,
            place(question.address, attributes),
            body=question.body,
            authorization=bearer(provider_type, token),
        )
    except CredentialError:
        return ""
    if not answer.ok:
        return ""
    return next((found for names in question.names if (found := text(answer.values, *names))), "")

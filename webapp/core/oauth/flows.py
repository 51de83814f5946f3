"""The ways to log in at a vendor: by redirect, by pasting a code, by a device code. Nothing here is stored."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import parse_qs, urlencode, urlsplit

from webapp.core.errors import PermanentError
from webapp.core.fields import Attributes
from webapp.core.oauth.endpoints import PCLOUD_HOSTS, place
from webapp.core.oauth.refusals import refusal, spoken
from webapp.core.oauth.vendors import NO_ADDRESS, VENDORS, Access, Vendor
from webapp.core.oauth.web import Answer, ask, refuse_markup, text, token_in
from webapp.core.tokens import Token

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
LOCATIONS = {"1": PCLOUD_HOSTS[0], "2": PCLOUD_HOSTS[1]}
"""pCloud's `locationid`: https://docs.pcloud.com/methods/oauth_2.0/authorize.html"""

DEVICE_GRANT = {"ONEDRIVE": "urn:ietf:params:oauth:grant-type:device_code", "YANDEX": "device_code"}
DEVICE_NAME = "Backup Credentials"
SLOWER = 5
"""Seconds that a vendor's `slow_down` adds to the time between two questions, then and later (RFC 8628, 3.5)."""


class Way(StrEnum):
    """How the answer comes back."""

    REDIRECT = "redirect"
    """The vendor sends the browser back here."""
    PASTE = "paste"
    """The person copies a code, or the address that the browser ended at."""
    DEVICE = "device"
    """The person types a short code at the vendor, and this program asks until they have."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a log-in gave.

    Attributes:
        values: Fields of the credential to fill in; secrets among them.
        scopes: What the token may do.
    """

    values: Mapping[str, str] = field(repr=False)
    scopes: str = ""

    @property
    def token(self) -> Token:
        """The token itself."""
        return Token.from_json(self.values["token"])


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """A code to type at the vendor's page."""

    secret: str = field(repr=False)
    user_code: str = ""
    address: str = ""
    interval: int = 5


def access_of(vendor: Vendor, key: str) -> Access:
    """Return what was asked for; the usual one when there is no such choice."""
    return next((access for access in vendor.accesses if access.key == key), vendor.accesses[0])


def ways(vendor: Vendor) -> tuple[Way, ...]:
    """Return the ways that a vendor has."""
    return (Way.REDIRECT, *((Way.DEVICE,) if vendor.device else ()), Way.PASTE)


def paste_address(vendor: Vendor) -> str:
    """Return the redirect address of the paste flow; empty when it is left out and the vendor shows the code."""
    return "" if vendor.shown_code == NO_ADDRESS else vendor.shown_code or vendor.loopback


def authorization(
    provider_type: str, attributes: Attributes, *, access: str, state: str, redirect: str, verifier: str, device: str
) -> str:
    """Return the address at the vendor where the person logs in; no secret stands in it."""
    vendor = VENDORS[provider_type]
    asked = {"response_type": "code", "client_id": str(attributes.get("client_id", "")), "state": state}
    if redirect:
        asked["redirect_uri"] = redirect
    if scopes := access_of(vendor, access).scopes:
        asked["scope"] = scopes
    if vendor.pkce:
        asked |= {"code_challenge": challenge(verifier), "code_challenge_method": "S256"}
    if provider_type == "YANDEX":
        asked |= {"device_id": device, "device_name": DEVICE_NAME}
    return f"{place(vendor.authorize, attributes)}?{urlencode({**asked, **vendor.extra})}"


def new_verifier() -> str:
    """Return a PKCE verifier of 384 random bits (RFC 7636 section 4.1)."""
    return secrets.token_urlsafe(48)


def challenge(verifier: str) -> str:
    """Return what a verifier is compared with (RFC 7636 section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def client_form(attributes: Attributes) -> dict[str, str]:
    """Return the client as it is sent in a form; an app without a secret sends none."""
    named = {name: str(attributes.get(name, "")) for name in ("client_id", "client_secret")}
    return {name: value for name, value in named.items() if value}


def exchange(
    provider_type: str, attributes: Attributes, *, code: str, redirect: str, verifier: str, access: str
) -> Made:
    """Turn a code into a token, at once: Box's code lives for 30 seconds.

    Raises:
        PermanentError: The vendor refuses; the sentence says why.
        TransientError: It is out of reach.
    """
    vendor = VENDORS[provider_type]
    form = {"grant_type": "authorization_code", "code": code, **client_form(attributes)}
    form |= {"redirect_uri": redirect} if redirect else {}
    form |= {"code_verifier": verifier} if vendor.pkce else {}
    return _made(provider_type, ask("POST", place(vendor.token, attributes), form=form), attributes, access)


def start_device(provider_type: str, attributes: Attributes, *, access: str, device: str) -> DeviceCode:
    """Ask for a code that the person types at the vendor.

    Raises:
        CredentialError: The vendor refuses or is out of reach.
    """
    vendor = VENDORS[provider_type]
    form = {"client_id": str(attributes.get("client_id", ""))}
    if scopes := access_of(vendor, access).scopes:
        form["scope"] = scopes
    if provider_type == "YANDEX":
        form |= {"device_id": device, "device_name": DEVICE_NAME}
    answer = ask("POST", place(vendor.device, attributes), form=form)
    secret, typed = text(answer.values, "device_code", limit=4000), text(answer.values, "user_code")
    if not answer.ok or not secret or not typed:
        raise refusal(vendor, answer)
    where = text(answer.values, "verification_uri") or text(answer.values, "verification_url")
    interval = text(answer.values, "interval")
    seconds = int(interval) if interval.isdigit() else 5
    return DeviceCode(secret, typed, where if where.startswith("https://") else "", min(max(seconds, 1), 60))


def poll_device(provider_type: str, attributes: Attributes, *, secret: str, access: str) -> Made | int:
    """Ask whether the person has typed the code; while they have not, return by how much to ask less often, in seconds.

    Raises:
        PermanentError: They refused, or the time is over.
        TransientError: The vendor is out of reach.
    """
    vendor = VENDORS[provider_type]
    form = {"grant_type": DEVICE_GRANT[provider_type], "client_id": str(attributes.get("client_id", ""))}
    form |= {"device_code": secret} if provider_type == "ONEDRIVE" else {"code": secret, **client_form(attributes)}
    answer = ask("POST", place(vendor.token, attributes), form=form)
    if not answer.ok and answer.values.get("error") == "authorization_pending":
        return 0
    if not answer.ok and answer.values.get("error") == "slow_down":
        return SLOWER
    return _made(provider_type, answer, attributes, access)


def _made(provider_type: str, answer: Answer, attributes: Attributes, access: str) -> Made:
    vendor = VENDORS[provider_type]
    refuse_markup(answer, f"{vendor.label}'s log-in")
    found = token_in(answer)
    if not found:
        raise refusal(vendor, answer)
    token = Token.from_mapping(found, now=datetime.now(UTC))
    wanted = access_of(vendor, access)
    kept = {
        name: str(attributes[name]) for name in ("client_id", "client_secret", "region", "tenant") if name in attributes
    }
    values = {**kept, **wanted.values, "token": token.to_json()}
    if provider_type == "PCLOUD":
        values["hostname"] = place("{hostname}", attributes)
    return Made(values, text(answer.values, "scope", limit=1000) or wanted.scopes)


@dataclass(frozen=True, slots=True)
class Returned:
    """What the vendor sent along with the browser, or what a person pasted of it."""

    code: str = field(default="", repr=False)
    state: str = field(default="", repr=False)
    error: str = ""
    description: str = ""
    hostname: str = ""

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Returned:
        """Read the parameters of a redirect."""
        hostname = values.get("hostname", "") or LOCATIONS.get(values.get("locationid", ""), "")
        return cls(
            values.get("code", ""),
            values.get("state", ""),
            values.get("error", "")[:100],
            values.get("error_description", "")[:600],
            hostname if hostname in PCLOUD_HOSTS else "",
        )

    @classmethod
    def pasted(cls, given: str) -> Returned:
        """Read a pasted address, its query alone, or a bare code.

        Raises:
            PermanentError: It is neither.
        """
        given = "".join(given.split())
        query = _query(given) if "://" in given else given
        if "://" not in given and "code=" not in query and "error=" not in query:
            found = cls(code=given)
        else:
            found = cls.of({name: values[0] for name, values in parse_qs(query.lstrip("?")).items()})
        if not found.code and not found.error:
            raise PermanentError(
                "There is no code in this. Paste the code that the provider shows, or the whole address that the "
                "browser ended at.",
                field="pasted",
            )
        return found

    def refuse_error(self, vendor: Vendor) -> None:
        """Raise what the vendor said instead of a code."""
        if self.error or not self.code:
            raise spoken(vendor, self.error or "no code", self.description)


def _query(address: str) -> str:
    """Return what stands behind an address; nothing when it is none."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return parts.query or parts.fragment


def redirect_problem(provider_type: str, redirect: str) -> str:
    """Return why a vendor will not send a browser to this address; empty when it will."""
    parts = urlsplit(redirect)
    host, local = parts.hostname or "", (parts.hostname or "") in LOCAL
    if provider_type in {"PCLOUD", "YANDEX"}:
        return ""
    label = VENDORS[provider_type].label
    if parts.scheme != "https" and not local:
        return f"{label} sends browsers to addresses with https only, or to this very computer."
    if provider_type == "ONEDRIVE" and parts.scheme != "https" and host != "localhost":
        return "Microsoft takes http://localhost only, not 127.0.0.1: open this page under http://localhost."
    if provider_type.startswith("GOOGLE") and not local and (_is_address(host) or "." not in host or _private(host)):
        return "Google sends browsers to public names only, such as backup.example.com."
    return ""


def _is_address(host: str) -> bool:
    try:
        return bool(ip_address(host))
    except ValueError:
        return False


def _private(host: str) -> bool:
    return host.rsplit(".", 1)[-1] in {"local", "internal", "lan", "home", "localhost", "test", "arpa"}


def check_app(provider_type: str, attributes: Attributes, redirect: str) -> None:
    """Ask the vendor whether it knows the app, by a code that cannot be good: it looks at the client first.

    Raises:
        PermanentError: It does not know it, or it cannot be told.
        TransientError: It is out of reach.
    """
    vendor = VENDORS[provider_type]
    code = "check" + secrets.token_hex(12)
    try:
        exchange(
            provider_type,
            attributes,
            code=code,
            redirect=redirect,
            verifier=new_verifier(),
            access=vendor.accesses[0].key,
        )
    except PermanentError as error:
        if error.message.startswith("The code is not good any more"):
            return
        raise
    raise PermanentError(f"{vendor.label} gave a token for a code that does not exist. Do not trust this connection.")

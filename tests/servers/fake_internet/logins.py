"""The vendors' log-in pages: a person clicks through them in a browser and gets a code, as the documentation says.

What an account does is said by its name: `refuses` says no, `consent` lacks an administrator's word, `stateless` comes
back without its state (pCloud), `late` sends a code that is too old (Box), `eu…` lives in Europe (pCloud), the words of `HOSTILE` meet a token endpoint that
misbehaves, and `nolists` may not list drives.
"""

from __future__ import annotations

import html
import secrets
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

from servers.fake_internet.tokens import CLIENT, MICROSOFT, Grant, client_of, place_of
from servers.fake_internet.wire import Reply, Request

PAGES = {
    ("account.box.com", "/api/oauth2/authorize"): "box",
    ("www.dropbox.com", "/oauth2/authorize"): "dropbox",
    ("accounts.google.com", "/o/oauth2/v2/auth"): "google",
    ("my.pcloud.com", "/oauth2/authorize"): "pcloud",
    ("oauth.yandex.com", "/authorize"): "yandex",
}
TENANTS = ("common", "organizations", "consumers", "11111111-2222-3333-4444-555555555555")
"""Tenants that exist; an account that begins with `me` is a personal one, all others belong to the last."""

DEVICE_PAGES = {("microsoft.com", "/devicelogin"): "microsoft", ("oauth.yandex.com", "/device"): "yandex"}
HOSTS = {host for host, _ in (*PAGES, *DEVICE_PAGES)} | {*MICROSOFT}
BOX_SECONDS = 30
HAND_WRITTEN = "https://oauth.yandex.ru/verification_code"
REGISTERED = ("/oauth/callback", "http://localhost:53682/", "http://127.0.0.1:53682/", HAND_WRITTEN)
"""Ends of the redirect addresses that are registered with the one app."""


@dataclass
class Device:
    """A code that waits to be typed."""

    vendor: str
    place: str
    user_code: str
    secret: str
    account: str = ""
    refused: bool = False
    made: float = field(default_factory=time.monotonic)


class Logins:
    """Codes that were handed out and not used yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._codes: dict[str, Grant] = {}
        self._devices: dict[str, Device] = {}

    def page(self, request: Request) -> Reply | None:
        """Answer when this is one of the pages; nothing when it is not."""
        host = request.host.partition(":")[0]
        vendor = PAGES.get((host, request.path), "")
        if host in MICROSOFT and request.path.endswith("/oauth2/v2.0/authorize"):
            vendor = "microsoft"
        if vendor:
            return self._asked(vendor, request)
        if (host, request.path) in DEVICE_PAGES:
            return self._typed(request)
        return None

    def _asked(self, vendor: str, request: Request) -> Reply:
        query, account = request.query, request.form.get("account", "ada")
        if trouble := page_trouble(vendor, request):
            return trouble
        if request.method != "POST":
            return page(f"Sign in at {vendor}", FORM.format(target=html.escape(request.target), more=""))
        said = answer_trouble(request, account) or self._granted(vendor, account, request)
        return self._back(vendor, query.get("redirect_uri", ""), query, said)

    def _granted(self, vendor: str, account: str, request: Request) -> dict[str, str]:
        query = request.query
        code = f"code-{secrets.token_hex(12)}"
        grant = Grant(
            vendor,
            account,
            query.get("redirect_uri", ""),
            query.get("code_challenge", ""),
            query.get("scope", ""),
            query.get("device_id", ""),
            self._lasting(vendor, query),
            place_of(request) if vendor == "microsoft" else vendor,
        )
        with self._lock:
            self._codes[code] = grant
        if vendor != "pcloud":
            return {"code": code}
        europe = account.startswith("eu")
        return {
            "code": code,
            "locationid": "2" if europe else "1",
            "hostname": f"{'e' if europe else ''}api.pcloud.com",
        }

    @staticmethod
    def _lasting(vendor: str, query: dict[str, str]) -> bool:
        """Tell whether a refresh token was asked for in this vendor's way."""
        asked = {
            "dropbox": query.get("token_access_type") == "offline",
            "google": (query.get("access_type"), query.get("prompt")) == ("offline", "consent"),
            "microsoft": "offline_access" in query.get("scope", "").split(),
        }
        return asked.get(vendor, True)

    def _back(self, vendor: str, redirect: str, query: dict[str, str], values: dict[str, str]) -> Reply:
        """Send the browser back, or show the code to copy."""
        if not redirect or redirect == HAND_WRITTEN:
            shown = values.get("code", values.get("error", ""))
            return page("Your code", f'<p>Copy this: <code id="code">{html.escape(shown)}</code></p>')
        state = {} if query.get("state") is None or self._forgets(vendor, values) else {"state": query["state"]}
        return Reply(302, b"", headers={"Location": f"{redirect}?{urlencode({**values, **state})}"})

    def _forgets(self, vendor: str, values: dict[str, str]) -> bool:
        grant = self._codes.get(values.get("code", ""))
        return vendor == "pcloud" and grant is not None and "stateless" in grant.account

    def take(self, code: str, host: str) -> Grant | None:
        """Return what a code stands for, once; a region of pCloud does not know the other one's."""
        with self._lock:
            known = self._codes.get(code)
            if known and known.vendor == "pcloud" and known.account.startswith("eu") != host.startswith("eapi"):
                return None
            grant = self._codes.pop(code, None)
        passed = time.monotonic() - grant.made + (BOX_SECONDS if grant.account == "late" else 0) if grant else 0
        old = grant and grant.vendor == "box" and passed > BOX_SECONDS
        return None if old else grant

    def device(self, request: Request, vendor: str) -> Reply:
        """Hand out a code to type."""
        if client_of(request)[0] != CLIENT:
            return Reply(400, {"error": "invalid_client", "error_description": "AADSTS700016: no such application."})
        if trouble := tenant_trouble(request):
            return Reply(400, {"error": "invalid_request", "error_description": trouble})
        made = Device(vendor, place_of(request), secrets.token_hex(4).upper(), f"device-{secrets.token_hex(12)}")
        with self._lock:
            self._devices[made.secret] = made
        where = "https://microsoft.com/devicelogin" if vendor == "microsoft" else "https://oauth.yandex.com/device"
        name = "verification_uri" if vendor == "microsoft" else "verification_url"
        values = {"device_code": made.secret, "user_code": made.user_code, "expires_in": 600, "interval": 1}
        return Reply(200, {**values, name: where})

    def _typed(self, request: Request) -> Reply:
        if request.method != "POST":
            more = '<label>Code <input name="user_code"></label>'
            return page("Type the code", FORM.format(target=html.escape(request.target), more=more))
        typed = request.form.get("user_code", "").strip().upper()
        found = next((device for device in self._devices.values() if device.user_code == typed), None)
        if found is None:
            return page("Type the code", "<p>There is no such code.</p>", 400)
        found.refused = request.form.get("answer") != "allow"
        found.account = request.form.get("account", "ada")
        return page("Done", "<p>You may close this window.</p>")

    def polled(self, secret: str) -> Grant | Reply:
        """Return what was granted, or the answer while it was not."""
        device = self._devices.get(secret)
        if device is None:
            return Reply(400, {"error": "expired_token"})
        if device.refused:
            return Reply(400, {"error": "authorization_declined"})
        if not device.account:
            return Reply(400, {"error": "slow_down" if device.vendor == "yandex" else "authorization_pending"})
        with self._lock:
            self._devices.pop(secret, None)
        return Grant(device.vendor, device.account, "", "", "", "device", lasting=True, place=device.place)


def page_trouble(vendor: str, request: Request) -> Reply | None:
    """Return the page that a vendor shows instead of its log-in; nothing when all is fine."""
    redirect = request.query.get("redirect_uri", "")
    if trouble := tenant_trouble(request):
        return page("Sorry, we cannot sign you in", f"<p>{trouble}</p>", 400)
    if request.query.get("client_id") != CLIENT:
        return page("Unknown app", "<p>There is no app of this client ID.</p>", 400)
    if not redirect.endswith(REGISTERED) and not (not redirect and vendor in {"dropbox", "pcloud"}):
        return page("Wrong address", "<p>redirect_uri_mismatch</p>", 400)
    return None


def answer_trouble(request: Request, account: str) -> dict[str, str]:
    """Return with what the browser is sent back when there is no code; empty when there will be one."""
    if request.form.get("answer") != "allow" or account == "refuses":
        return {"error": "access_denied", "error_description": "Refused."}
    if account == "consent":
        said = "AADSTS65001: The user or administrator has not consented to use the application."
        return {"error": "invalid_grant", "error_description": said}
    trouble = tenant_trouble(request, account)
    return {"error": "invalid_request", "error_description": trouble} if trouble else {}


def tenant_trouble(request: Request, account: str = "") -> str:
    """Return what Microsoft says to a tenant that does not exist or that an account is not in; empty when it is fine."""
    if request.host.partition(":")[0] not in MICROSOFT:
        return ""
    tenant = request.path.split("/")[1]
    if tenant not in TENANTS:
        return "AADSTS90002: Tenant not found. Check to make sure you have the correct tenant ID."
    if account and tenant != "common" and account.startswith("me") != (tenant == "consumers"):
        return "AADSTS50020: The user account does not exist in this tenant."
    return ""


FORM = """<form method="post" action="{target}">{more}
<label>Account <input name="account" value="ada"></label>
<button name="answer" value="allow">Allow</button> <button name="answer" value="refuse">Refuse</button></form>"""


def page(title: str, body: str, status: int = 200) -> Reply:
    """Return a page for people."""
    text = f"<!doctype html><html lang=en><title>{title}</title><h1>{title}</h1>{body}"
    return Reply(status, text.encode(), "text/html; charset=utf-8")

"""The addresses where tokens are made, renewed and revoked, put together with the log-in pages."""

from __future__ import annotations

from servers.fake_internet.logins import Logins, tenant_trouble
from servers.fake_internet.tokens import CLIENT, CLIENT_SECRET, VENDORS, Grant, Tokens, client_of
from servers.fake_internet.wire import Reply, Request

TOKEN_PATHS = ("/api/oauth2/token", "/oauth2/token", "/token", "/oauth2/v2.0/token", "/oauth2_token")
DEVICE_PATHS = ("/oauth2/v2.0/devicecode", "/device/code")
REVOKE_PATHS = ("/oauth2/revoke", "/auth/token/revoke", "/revoke", "/revoke_token")


class Endpoints:
    """What posts to a vendor's log-in get."""

    def __init__(self, tokens: Tokens, logins: Logins) -> None:
        self._tokens, self._logins = tokens, logins

    def answer(self, request: Request) -> Reply | None:
        """Answer a post to one of the addresses; nothing when it is another."""
        vendor = VENDORS.get(request.host.partition(":")[0], "")
        if not vendor or request.method != "POST":
            return None
        if request.path.endswith(TOKEN_PATHS):
            return self._token(vendor, request)
        if request.path.endswith(DEVICE_PATHS):
            return self._logins.device(request, vendor)
        if request.path.endswith(REVOKE_PATHS):
            return self._revoked(vendor, request)
        return None

    def _token(self, vendor: str, request: Request) -> Reply:
        grant_type = request.form.get("grant_type", "")
        if trouble := tenant_trouble(request):
            return Reply(400, {"error": "invalid_request", "error_description": trouble})
        if grant_type == "authorization_code" or (vendor == "pcloud" and "code" in request.form):
            return self._exchanged(vendor, request)
        if grant_type.endswith("device_code"):
            return self._polled(request)
        return self._tokens.renewed_by(request)

    def _exchanged(self, vendor: str, request: Request) -> Reply:
        public = vendor in {"dropbox", "microsoft"}
        if client_of(request) not in {(CLIENT, CLIENT_SECRET), (CLIENT, "") if public else (CLIENT, CLIENT_SECRET)}:
            return no_client(vendor)
        grant = self._logins.take(request.form.get("code", ""), request.host)
        if grant is None or not self._tokens.fits(grant, request):
            return no_code(vendor)
        if grant.account.startswith("canary"):
            self._tokens.secrets += [request.form["code"], request.form.get("code_verifier", "")]
        return self._tokens.issued(grant)

    def _polled(self, request: Request) -> Reply:
        secret = request.form.get("device_code", request.form.get("code", ""))
        found = self._logins.polled(secret)
        if isinstance(found, Grant) and found.account.startswith("canary"):
            self._tokens.secrets.append(secret)
        return self._tokens.issued(found) if isinstance(found, Grant) else found

    def _revoked(self, vendor: str, request: Request) -> Reply:
        form = request.form
        token = form.get("token") or form.get("access_token") or request.bearer
        if vendor == "dropbox" and not token.startswith(
            "good"
        ):  # it is asked with an access token, which must be alive
            return Reply(401, {"error_summary": "expired_access_token/", "error": {".tag": "expired_access_token"}})
        return self._tokens.revoke(token, needs_device=vendor == "yandex")


def no_client(vendor: str) -> Reply:
    """Return what each vendor says to a client that it does not know."""
    if vendor == "microsoft":
        said = "AADSTS7000215: Invalid client secret provided."
        return Reply(401, {"error": "invalid_client", "error_description": said})
    if vendor == "pcloud":
        return Reply(200, {"result": 2000, "error": "Log in failed."})
    return Reply(401 if vendor == "google" else 400, {"error": "invalid_client", "error_description": "Not known."})


def no_code(vendor: str) -> Reply:
    """Return what each vendor says to a code that is not good."""
    if vendor == "pcloud":
        return Reply(200, {"result": 2012, "error": "Invalid 'code' provided."})
    if vendor == "yandex":
        return Reply(400, {"error": "bad_verification_code", "error_description": "Invalid code"})
    said = "AADSTS70000: The provided value for the 'code' parameter is not valid." if vendor == "microsoft" else "Bad"
    return Reply(400, {"error": "invalid_grant", "error_description": said})

"""The token endpoints: who may have and renew what, and how often.

What a token means stands in its own text, so that tests side by side need no setting-up. A refresh token is
`KIND-FAMILY-NUMBER`: of the kind `once` it works one time, as Box's, and gives the same pair again until the new pair
is used; `brief` too, and its access tokens live for ten minutes; `keep` works again and again; `mute` too, without
coming back in the answer, as Dropbox's and Google's; `blank` comes back empty; `gone` was revoked; `busy` meets a
fault; the words of `HOSTILE` meet something hostile. An access token that was handed out begins with `good-`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from servers.fake_internet.wire import Reply, Request

CLIENT, CLIENT_SECRET = "canary-client", "canary-client/secret+"
"""The only client that may renew."""

SERVICE_ACCOUNT = "robot@canary-project.iam.gserviceaccount.com"
LIMITED_ACCOUNT = "limited@canary-project.iam.gserviceaccount.com"
"""Has the same key and may not list."""

HOSTILE = {
    "html": Reply(200, b"<html><script>alert(1)</script></html>", "text/html"),
    "big": Reply(200, b'{"access_token":"' + b"x" * 10_000_000 + b'"}'),
    "drip": Reply(200, b'{"access_token":"' + b"x" * 500 + b'"}', "drip"),
    "dripbody": Reply(200, b'{"access_token":"' + b"x" * 500 + b'"}', "drip-body"),
    "cut": Reply(200, b'{"access_token":"' + b"x" * 500 + b'"}', "cut"),
    "stall": Reply(200, b'{"access_token":"' + b"x" * 500 + b'"}', "stall"),
    "list": Reply(200, b'["access_token"]'),
    "deep": Reply(200, b'{"access_token":' * 100_000),
    "odd": Reply(200, {"access_token": {"a": 1}, "expires_in": "soon"}),
    "none": Reply(200, {"access_token": None, "refresh_token": "new"}),
    "hang": Reply(200, b"", "hang"),
    "away": Reply(302, b"", headers={"Location": "https://stranger.example/token"}),
}
KINDS = {"box": "once", "yandex": "once", "dropbox": "mute", "google": "mute", "microsoft": "keep"}
"""How the refresh tokens of a vendor behave."""

LIVING = {"once", "brief", "keep", "mute", "blank"}
"""Kinds of refresh tokens that renew."""

ROTATING = {"once", "brief"}
BRIEF = 604
"""Seconds that an access token of the kind `brief` lives: a little more than what is handed out lasts at least."""

SECONDS = {"box": 3600, "yandex": 31_536_000, "dropbox": 14_400, "google": 3599, "microsoft": 3600}
MICROSOFT = {
    "login.microsoftonline.com": "graph.microsoft.com",
    "login.microsoftonline.us": "graph.microsoft.us",
    "login.microsoftonline.de": "graph.microsoft.de",
    "login.chinacloudapi.cn": "microsoftgraph.chinacloudapi.cn",
}
"""Microsoft's clouds: where one logs in, and where the files are. None of them knows the tokens of another."""

VENDORS = {
    **dict.fromkeys(MICROSOFT, "microsoft"),
    "app.box.com": "box",
    "api.box.com": "box",
    "api.dropboxapi.com": "dropbox",
    "oauth2.googleapis.com": "google",
    "oauth.yandex.com": "yandex",
    "api.pcloud.com": "pcloud",
    "eapi.pcloud.com": "pcloud",
}
"""Whose token endpoint a host has."""


@dataclass(frozen=True)
class Grant:
    """What a person allowed; `place` is the host and, at Microsoft, the tenant where they did."""

    vendor: str
    account: str
    redirect: str
    challenge: str
    scope: str
    device: str
    lasting: bool
    place: str
    made: float = field(default_factory=time.monotonic)


class Tokens:
    """The memory of all token endpoints."""

    def __init__(self, public: RSAPublicKey) -> None:
        self._public = public
        self._lock = threading.Lock()
        self._current: Counter[str] = Counter()
        self._used: Counter[str] = Counter()
        self._pairs: dict[str, dict[str, object]] = {}
        self._revoked: set[str] = set()
        self._accounts: dict[str, str] = {}
        self._lonely: set[str] = set()
        self._hosts: dict[str, str] = {}
        self.renewals: Counter[str] = Counter()
        self.secrets: list[str] = []
        """Codes, verifiers and tokens of accounts whose name begins with `canary`."""

    @property
    def generations(self) -> dict[str, int]:
        """How often the refresh tokens of each family were replaced."""
        return dict(self._current)

    def renewed_by(self, request: Request) -> Reply:
        """Renew a token, or take a service account's assertion."""
        form = request.form
        if "assertion" in form:
            return self.service_account(form["assertion"])
        if client_of(request) != (CLIENT, CLIENT_SECRET):
            return Reply(401, {"error": "invalid_client", "error_description": "The client is not known."})
        if form.get("grant_type") != "refresh_token":
            return Reply(400, {"error": "unsupported_grant_type"})
        refresh = form.get("refresh_token", "")
        host = request.host.partition(":")[0]
        if self._hosts.get(parts(refresh)[1], host) != host:
            said = "AADSTS70000: The refresh token was issued by another cloud."
            return Reply(400, {"error": "invalid_grant", "error_description": said})
        return self.renewed(refresh)

    def renewed(self, refresh: str) -> Reply:
        """Hand out a new access token; a `once` token is spent as soon as what it gave is used."""
        kind, family, number = parts(refresh)
        if kind == "busy":
            return Reply(503, {"error": "temporarily_unavailable"})
        if kind in HOSTILE:
            return HOSTILE[kind]
        with self._lock:
            current = self._current[family]
            if kind in ROTATING and number == current - 1 and self._used[family] < current and refresh in self._pairs:
                return Reply(200, self._pairs[refresh])
            spent = kind in ROTATING and number != current
            if kind not in LIVING or spent or family in self._revoked:
                return Reply(400, {"error": "invalid_grant", "error_description": "Refresh token has expired"})
            self.renewals[family] += 1
            self._current[family] += kind in ROTATING
            self._used[family] = max(self._used[family], number)
            seconds = BRIEF if kind == "brief" else 3600
            pair = self._pair(kind, family, f"good-{family}-{self.renewals[family]}", seconds)
            self._note(family, pair)
            self._pairs[refresh] = pair
            return Reply(200, pair)

    def _pair(self, kind: str, family: str, access: str, seconds: int) -> dict[str, object]:
        pair: dict[str, object] = {"access_token": access, "token_type": "bearer", "expires_in": seconds}
        if kind in {"mute", "blank"}:
            return pair if kind == "mute" else {**pair, "refresh_token": ""}
        return {**pair, "refresh_token": f"{kind}-{family}-{self._current[family]}"}

    def _note(self, family: str, pair: dict[str, object]) -> None:
        if family.startswith("canary"):
            self.secrets += [str(pair[name]) for name in ("access_token", "refresh_token") if pair.get(name)]

    def issued(self, grant: Grant) -> Reply:
        """Hand out the first token of a log-in."""
        if grant.account in HOSTILE:
            return HOSTILE[grant.account]
        family = f"{grant.account}.{secrets.token_hex(6)}"
        with self._lock:
            self._accounts[family] = grant.account
            if grant.vendor == "microsoft":
                self._hosts[family] = grant.place.partition("/")[0]
            if not grant.device:
                self._lonely.add(family)
        if grant.vendor == "pcloud":
            self._note(family, {"access_token": f"good-{family}-0"})
            return Reply(200, {"result": 0, "access_token": f"good-{family}-0", "token_type": "bearer", "userid": 7})
        kind = KINDS[grant.vendor]
        pair = self._pair(kind, family, f"good-{family}-0", SECONDS[grant.vendor])
        if grant.lasting:
            pair["refresh_token"] = f"{kind}-{family}-0"
        else:
            pair.pop("refresh_token", None)
        self._note(family, pair)
        return Reply(200, pair | ({"scope": grant.scope} if grant.scope else {}))

    def fits(self, grant: Grant | None, request: Request) -> bool:
        """Tell whether a code is exchanged by whom and as it was asked for (RFC 6749 4.1.3, RFC 7636 4.6)."""
        if grant is None or grant.place != place_of(request):
            return False
        if grant.redirect != request.form.get("redirect_uri", ""):
            return False
        verifier = hashlib.sha256(request.form.get("code_verifier", "").encode()).digest()
        return not grant.challenge or grant.challenge == base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()

    def strange(self, access: str, host: str) -> bool:
        """Tell whether an access token is none of this cloud of Microsoft."""
        login = self._hosts.get(parts(access)[1], "")
        return host in MICROSOFT.values() and login in MICROSOFT and MICROSOFT[login] != host

    def seen(self, access: str) -> None:
        """Note that an access token was used: the refresh token that it came from is spent."""
        word, family, _ = parts(access)
        if word == "good" and family in self._current:
            with self._lock:
                self._used[family] = self._current[family]

    def account(self, access: str) -> str:
        """Return whose token this is."""
        return self._accounts.get(parts(access)[1], "ada")

    def is_revoked(self, access: str) -> bool:
        """Tell whether a token was revoked."""
        return parts(access)[1] in self._revoked

    def revoke(self, token: str, *, needs_device: bool = False) -> Reply:
        """Revoke all tokens of a log-in."""
        family = parts(token)[1]
        if family not in self._accounts or (needs_device and family in self._lonely):
            return Reply(400, {"error": "invalid_request" if needs_device else "invalid_token"})
        with self._lock:
            self._revoked.add(family)
        return Reply(200, {"status": "ok"})

    def service_account(self, assertion: str) -> Reply:
        """Check who signed (developers.google.com/identity/protocols/oauth2/service-account)."""
        signed, _, signature = assertion.rpartition(".")
        claims = json.loads(unpadded(signed.partition(".")[2]))
        if claims.get("iss") not in {SERVICE_ACCOUNT, LIMITED_ACCOUNT}:
            return Reply(400, {"error": "invalid_grant", "error_description": "Invalid grant: account not found"})
        try:
            self._public.verify(unpadded(signature), signed.encode(), PKCS1v15(), SHA256())
        except InvalidSignature:
            return Reply(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
        access = "good-robot" if claims["iss"] == SERVICE_ACCOUNT else "denied-robot"
        return Reply(200, {"access_token": access, "token_type": "Bearer", "expires_in": 3600})


def parts(token: str) -> tuple[str, str, int]:
    """Return a token's kind, family and number."""
    kind, _, rest = token.partition("-")
    family, _, number = rest.rpartition("-")
    return kind, family, int(number) if number.isdigit() else -1


def place_of(request: Request) -> str:
    """Return where a log-in or a request for a token is: the vendor, at Microsoft the host and the tenant."""
    host = request.host.partition(":")[0]
    return f"{host}/{request.path.split('/')[1]}" if host in MICROSOFT else VENDORS.get(host, host)


def client_of(request: Request) -> tuple[str, str]:
    """Return the client's id and secret: from the header, or from the form."""
    scheme, _, packed = request.headers.get("authorization", "").partition(" ")
    if scheme == "Basic":
        client, _, secret = base64.b64decode(packed).decode().partition(":")
        return client, secret
    return request.form.get("client_id", ""), request.form.get("client_secret", "")


def unpadded(text: str) -> bytes:
    """Return what base64url without padding stands for."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

"""The token endpoints: who may renew what, and how often.

What a token means stands in its own text, so that tests side by side need no setting-up. A refresh token is
`KIND-FAMILY-NUMBER`: of the kind `once` it works one time, as Box's; of `keep` again and again; `gone` was revoked;
`busy` meets a fault. An access token that was handed out begins with `good-`.
"""

from __future__ import annotations

import base64
import json
import threading
from collections import Counter

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from servers.fake_internet.wire import Reply, Request

CLIENT, CLIENT_SECRET = "canary-client", "canary-client/secret+"
"""The only client that may renew."""

SERVICE_ACCOUNT = "robot@canary-project.iam.gserviceaccount.com"


class Tokens:
    """The memory of all token endpoints."""

    def __init__(self, public: RSAPublicKey) -> None:
        self._public = public
        self._lock = threading.Lock()
        self._current: Counter[str] = Counter()
        self.renewals: Counter[str] = Counter()

    def answer(self, request: Request) -> Reply:
        """Renew a token, or take a service account's assertion."""
        form = request.form
        if "assertion" in form:
            return self.service_account(form["assertion"])
        client, secret = client_of(request)
        if (client, secret) != (CLIENT, CLIENT_SECRET):
            return Reply(401, {"error": "invalid_client", "error_description": "The client is not known."})
        if form.get("grant_type") != "refresh_token":
            return Reply(400, {"error": "unsupported_grant_type"})
        return self.renewed(form.get("refresh_token", ""))

    def renewed(self, refresh: str) -> Reply:
        """Hand out a new access token; a `once` token is spent by this."""
        kind, _, rest = refresh.partition("-")
        family, _, number = rest.rpartition("-")
        if kind == "busy":
            return Reply(503, {"error": "temporarily_unavailable"})
        with self._lock:
            spent = kind == "once" and number != str(self._current[family])
            if kind not in {"once", "keep"} or spent:
                return Reply(400, {"error": "invalid_grant", "error_description": "Refresh token has expired"})
            self.renewals[family] += 1
            self._current[family] += kind == "once"
            new = f"{kind}-{family}-{self._current[family]}"
        access = f"good-{family}-{self.renewals[family]}"
        return Reply(200, {"access_token": access, "token_type": "bearer", "expires_in": 3600, "refresh_token": new})

    def service_account(self, assertion: str) -> Reply:
        """Check who signed (developers.google.com/identity/protocols/oauth2/service-account)."""
        signed, _, signature = assertion.rpartition(".")
        claims = json.loads(unpadded(signed.partition(".")[2]))
        if claims.get("iss") != SERVICE_ACCOUNT:
            return Reply(400, {"error": "invalid_grant", "error_description": "Invalid grant: account not found"})
        try:
            self._public.verify(unpadded(signature), signed.encode(), PKCS1v15(), SHA256())
        except InvalidSignature:
            return Reply(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
        return Reply(200, {"access_token": "good-robot", "token_type": "Bearer", "expires_in": 3600})


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

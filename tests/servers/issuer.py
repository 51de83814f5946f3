"""An OpenID Connect issuer: what an API server and a client ask of one, and no page to log in with."""

from __future__ import annotations

import base64
import json
import ssl
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from servers.authority import Authority

CLIENT = "cluster"
REFRESH = "refresh-of-the-person"


def packed(data: bytes) -> str:
    """Return bytes as a JWT has them."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """An issuer behind TLS.

    Attributes:
        address: Its address, which is also what tokens name as their issuer.
        renewed: How many tokens were given for the refresh token.
    """

    def __init__(self, authority: Authority) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.renewed = 0
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.reply(issuer.document(self.path))

            def do_POST(self) -> None:
                form = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.reply(issuer.token(form) if self.path == "/token" else None)

            def reply(self, found: dict[str, Any] | None) -> None:
                body = json.dumps(found or {"error": "invalid_request"}).encode()
                self.send_response(200 if found else 400)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name that the base class has
                """Stay quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(authority.certificate, authority.key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.address = f"https://127.0.0.1:{self.server.server_port}"

    def document(self, path: str) -> dict[str, Any] | None:
        """Return what is asked for: the discovery document or the keys."""
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.address,
                "jwks_uri": f"{self.address}/keys",
                "token_endpoint": f"{self.address}/token",
                "authorization_endpoint": f"{self.address}/none",
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        if path != "/keys":
            return None
        numbers = self._key.public_key().public_numbers()
        parts = {
            name: packed(value.to_bytes((value.bit_length() + 7) // 8))
            for name, value in (("n", numbers.n), ("e", numbers.e))
        }
        return {"keys": [{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1", **parts}]}

    def token(self, form: str) -> dict[str, Any] | None:
        """Renew a token."""
        if f"refresh_token={REFRESH}" not in form:
            return None
        self.renewed += 1
        return {"id_token": self.id_token(), "access_token": "unused", "token_type": "Bearer", "refresh_token": REFRESH}

    def id_token(self, subject: str = "engineer", *, lasts: float = 3600) -> str:
        """Return a signed token that lasts so many seconds; one below zero has ended."""
        now = int(time.time())
        claims = {"iss": self.address, "aud": CLIENT, "sub": subject, "iat": now, "exp": now + int(lasts)}
        signed = ".".join(packed(json.dumps(part).encode()) for part in ({"alg": "RS256", "kid": "1"}, claims))
        return f"{signed}.{packed(self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


@contextmanager
def issuing(authority: Authority) -> Generator[Issuer]:
    """Run an issuer."""
    made = Issuer(authority)
    threading.Thread(target=made.server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()

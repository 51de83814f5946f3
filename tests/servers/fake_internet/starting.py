"""Starts the fake internet and tells how to reach it."""

from __future__ import annotations

import json
import sys
import urllib.request
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import trustme
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from servers import parts
from servers.fake_internet import program
from servers.fake_internet.tokens import SERVICE_ACCOUNT
from servers.runs import Run, answers, free_port, listens, need


@dataclass(frozen=True)
class Internet:
    """A running fake internet.

    Attributes:
        proxy: Its address, for HTTPS_PROXY and HTTP_PROXY.
        ca_file: File with the certificate of the authority that all its hosts have.
        service_account: The key file of a service account that it knows.
        other_key: The same with a private key that does not belong to it.
    """

    proxy: str
    ca_file: Path
    service_account: str
    other_key: str

    @property
    def environment(self) -> dict[str, str]:
        """The variables that send a program there."""
        ca = str(self.ca_file)
        return {"HTTPS_PROXY": self.proxy, "HTTP_PROXY": self.proxy, "SSL_CERT_FILE": ca, "REQUESTS_CA_BUNDLE": ca}

    def ask(self, what: str) -> dict[str, int]:
        """Return what happened: `renewals` by family of tokens, or the `strangers` that were asked for."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": self.proxy}))
        with opener.open(f"http://fake.test/{what}", timeout=30) as said:
            return json.load(said)


def key_file(pem: str) -> str:
    """Return a service account's key file."""
    return json.dumps({
        "type": "service_account",
        "project_id": "canary-project",
        "private_key_id": "0123456789abcdef",
        "private_key": pem,
        "client_email": SERVICE_ACCOUNT,
        "client_id": "1",
        "token_uri": "https://oauth2.googleapis.com/token",
    })  # fmt: skip


def pem() -> str:
    """Return a new RSA private key."""
    key = generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def fake_internet(run: Run, place: Path) -> Internet:
    """Start the proxy, and a fake-gcs-server behind it."""
    authority, robot = trustme.CA(), pem()
    (place / "fake-ca.pem").write_bytes(authority.cert_pem.bytes())
    (place / "fake-ca.key").write_bytes(authority.private_key_pem.bytes())
    (place / "robot.key").write_text(robot)
    storage, port = free_port(), free_port()
    server = need("fake-gcs-server", found=parts.program("fake-gcs-server"))
    where = ["-scheme", "http", "-host", "127.0.0.1", "-port", storage, "-public-host", "storage.googleapis.com"]
    ready = partial(answers, f"http://127.0.0.1:{storage}/_internal/healthcheck")
    run.start([server, "-backend", "memory", *where], ready=ready, log=place / "gcs.log")
    for name in ("alpha", "beta", "denied"):
        made = httpx.post(f"http://127.0.0.1:{storage}/storage/v1/b", json={"name": name}, trust_env=False)
        made.raise_for_status()
    run.start([sys.executable, program.__file__, port, place, storage], ready=partial(listens, port), log=place / "log")
    return Internet(f"http://127.0.0.1:{port}", place / "fake-ca.pem", key_file(robot), key_file(pem()))

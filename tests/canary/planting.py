"""Values for every secret field of every provider, with a canary in each."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from canary.canaries import Canaries
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_ssh_private_key,
)

from webapp.core.fields import Field, Kind
from webapp.core.providers import PROVIDERS
from webapp.core.providers.base import Provider

FAR = "2099-01-01T00:00:00Z"
NOBODY = "9"
"""A port that nothing listens on: these protocols have no reply that could say something back."""


SETS: dict[str, tuple[tuple[str, ...], ...]] = {
    "S3": (("secret_access_key", "session_token"),),
    "GOOGLE_DRIVE": (("client_secret", "token"), ("service_account_credentials",)),
    "AZUREBLOB": (("key",), ("sas_url",), ("client_secret",)),
    "OPENSTACK_SWIFT": (("key",), ("auth_token",), ("application_credential_secret",)),
    "SFTP": (("pass",), ("key_pem", "key_file_pass")),
    "WEBDAV": (("pass",), ("bearer_token",)),
}
"""Secret fields that are given together; by default all of a provider's."""


@dataclass(frozen=True)
class Planted:
    """Values of one credential, with canaries in its secret fields."""

    provider: Provider
    values: dict[str, str]
    fields: tuple[str, ...]


def planted(canaries: Canaries, way: str, echo: str) -> Iterator[Planted]:
    """Give values for each set of secret fields of each provider that can be made; all point to the echoing server."""
    for provider in PROVIDERS.values():
        secret = tuple(field.key for field in provider.fields if field.secret)
        for keys in SETS.get(provider.type, (secret,)):
            plain = plain_values(provider.type, keys, echo)
            made = {key: secret_value(canaries, provider, provider.field(key), way) for key in keys}
            if "key_file_pass" in made:
                made["key_pem"] = protected(canaries, made["key_pem"], made["key_file_pass"], way)
            yield Planted(provider, plain | made, keys)


def secret_value(canaries: Canaries, provider: Provider, field: Field, way: str) -> str:
    """Return a value with a canary for a secret field, in the shape that the field wants."""
    label = f"{provider.type} {field.key}, {way}"
    shape = SHAPES.get((provider.type, field.key)) or SHAPES.get(("", field.key))
    if shape:
        return shape(canaries, label)
    assert field.kind in {Kind.SECRET, Kind.LONG_SECRET}, f"no canary for {label}: give it a shape here"
    return canaries.mint(label)


def token(canaries: Canaries, label: str) -> str:
    """Return an OAuth token that is good for long."""
    made = {"access_token": canaries.mint(label), "refresh_token": canaries.mint(f"{label}, refresh token")}
    return json.dumps({**made, "token_type": "Bearer", "expiry": FAR})


def azure_key(canaries: Canaries, label: str) -> str:
    """Return base64 of a canary, a canary itself."""
    return canaries.mint(label, base64.b64encode(canaries.mint(f"{label}, decoded").encode()).decode())


def sas_url(canaries: Canaries, label: str) -> str:
    """Return the address of a container with a canary for its signature."""
    signature = quote(canaries.mint(label), safe="")
    return f"https://acc.blob.core.windows.net/box?sv=2020-01-01&sp=rl&sig={signature}"


def service_account(canaries: Canaries, label: str) -> str:
    """Return a service account's key file whose private key is a canary and no key."""
    pem = f"-----BEGIN PRIVATE KEY-----\n{canaries.mint(label)}\n-----END PRIVATE KEY-----\n"
    return json.dumps({
        "type": "service_account", "project_id": "p", "private_key_id": "k", "private_key": pem,
        "client_email": "robot@p.iam.gserviceaccount.com", "token_uri": "https://oauth2.googleapis.com/token",
    })  # fmt: skip


def private_key(canaries: Canaries, label: str) -> str:
    """Return a private key; its lines are searched for one by one."""
    made = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    return canaries.mint(label, made.decode())


def protected(canaries: Canaries, key: str, passphrase: str, way: str) -> str:
    """Return a private key under its passphrase, which is no less a secret."""
    under = PrivateFormat.OpenSSH.encryption_builder().kdf_rounds(1).build(passphrase.encode())
    made = load_ssh_private_key(key.encode(), None).private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, under)
    return canaries.mint(f"a key under a passphrase, {way}", made.decode())


SHAPES: dict[tuple[str, str], Callable[[Canaries, str], str]] = {
    ("", "token"): token,
    ("", "service_account_credentials"): service_account,
    ("", "key_pem"): private_key,
    ("", "2fa"): lambda _canaries, _label: "123456",  # too short to tell from any other digits
    ("AZUREBLOB", "key"): azure_key,
    ("AZUREBLOB", "sas_url"): sas_url,
    ("HTTP", "headers"): lambda canaries, label: f"X-Key,{canaries.mint(label)}",
}
"""Secrets that must have a shape, by provider (empty for any) and field."""


def plain_values(provider_type: str, keys: tuple[str, ...], echo: str) -> dict[str, str]:
    """Return what else must be given; addresses are those of the echoing server, or of nobody."""
    oauth = {"client_id": "client.id"}
    swift = {
        "key": {"user": "u", "auth": f"{echo}/v3", "tenant": "t"},
        "auth_token": {"storage_url": f"{echo}/v1/AUTH_x"},
        "application_credential_secret": {"application_credential_id": "i", "auth": f"{echo}/v3"},
    }
    azure = {
        "key": {"account": "acc", "endpoint": f"{echo}/acc"},
        "sas_url": {},
        "client_secret": {"account": "acc", "tenant": "00000000-0000-0000-0000-000000000001", "client_id": "c"},
    }
    plain: dict[str, dict[str, str]] = {
        "S3": {"provider": "Other", "access_key_id": "id", "endpoint": echo, "region": "us-east-1"},
        "B2": {"account": "0012345678901234567890123"},
        "FTP": {"host": "127.0.0.1", "port": NOBODY, "user": "u", "encryption": "EXPLICIT"},
        "GOOGLE_DRIVE": oauth if "token" in keys else {},
        "HTTP": {"url": f"{echo}/"},
        "MEGA": {"user": "you@example.com"},
        "AZUREBLOB": azure.get(keys[0], {}),
        "ONEDRIVE": {**oauth, "drive_id": "d"},
        "OPENSTACK_SWIFT": swift.get(keys[0], {}),
        "SFTP": {"host": "127.0.0.1", "port": NOBODY, "user": "u", "skip_host_key_check": True},
        "WEBDAV": {"url": f"{echo}/", "vendor": "OTHER", **({"user": "u"} if keys[0] == "pass" else {})},
        **dict.fromkeys(("BOX", "DROPBOX", "GOOGLE_PHOTOS", "PCLOUD", "YANDEX"), oauth),
    }
    return plain.get(provider_type, {})

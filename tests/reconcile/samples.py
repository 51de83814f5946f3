"""Resources as the API server gives them, for the tests of what is computed from them."""

from __future__ import annotations

import base64
from typing import Any

from credential_operator.wanted.spec import Spec
from credential_operator.wanted.values import Place, Read, Resolver

PLACE = Place("db", "nightly")
KEY = b"k" * 32
REFERRED = {"secretKeyRef": {"name": "s3-keys", "key": "secret"}}
S3 = {"accessKeyId": "AKIA", "secretAccessKey": REFERRED, "endpoint": "https://s3.example.com", "region": "eu-west-1"}


def spec(provider: dict[str, Any] | None = None, **more: Any) -> Spec:
    return Spec({"provider": {"s3": S3} if provider is None else provider, **more})


def resource(name: str = "nightly", version: int = 10, **more: Any) -> dict[str, Any]:
    meta = {
        "name": name,
        "namespace": "db",
        "uid": f"uid-{name}",
        "generation": 1,
        "resourceVersion": str(version),
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }
    raw = {"provider": {"s3": S3}, "secrets": [{"name": f"{name}-rclone", "format": "rclone"}]}
    return {"metadata": {**meta, **more.pop("metadata", {})}, "spec": {**raw, **more.pop("spec", {})}, **more}


def read(version: str = "1", **values: str) -> Read:
    return Read(version, {key: base64.b64encode(text.encode()).decode() for key, text in values.items()})


class NoSeal:
    def open(self, namespace: str, name: str, field: str, sealed: str) -> str:
        return f"{namespace}/{name}/{field}/{sealed}"


def resolver(**reads: Read | None) -> Resolver:
    return Resolver(PLACE, {name.replace("_", "-"): found for name, found in reads.items()}, NoSeal())

"""Resources that are right, one for each provider, and ways to make them wrong."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from credential_operator.names import API_VERSION, KIND

Spec = dict[str, Any]

SEALED = "-----BEGIN AGE ENCRYPTED FILE-----\nYWdlLWVuY3J5cHRpb24ub3JnL3YxCg==\n-----END AGE ENCRYPTED FILE-----\n"


def ref(key: str, name: str = "keys") -> dict[str, Any]:
    """Return a reference to a key of a Secret."""
    return {"secretKeyRef": {"name": name, "key": key}}


BLOCKS: Mapping[str, dict[str, Any]] = {
    "s3": {"accessKeyId": "AKIA", "secretAccessKey": ref("secret"), "endpoint": "https://s3.example.com"},
    "b2": {"account": "0014f3", "key": ref("key")},
    "box": {"token": ref("token")},
    "dropbox": {"token": {"sealed": SEALED}, "clientId": "app", "clientSecret": ref("client")},
    "ftp": {"host": "nas.example.com", "user": "backup", "pass": ref("password")},
    "googleCloudStorage": {"serviceAccountCredentials": ref("key.json")},
    "googleDrive": {"serviceAccountCredentials": ref("key.json"), "impersonate": "a@example.com"},
    "googlePhotos": {"token": ref("token")},
    "http": {"url": "https://files.example.com/public"},
    "mega": {"user": "a@example.com", "pass": ref("password")},
    "azureblob": {"account": "backups", "key": ref("key")},
    "onedrive": {"token": ref("token"), "driveId": "b!12"},
    "openstackSwift": {"user": "backup", "key": ref("key"), "auth": "https://keystone.example.com/v3"},
    "pcloud": {"token": ref("token"), "hostname": "eapi.pcloud.com"},
    "sftp": {"host": "192.0.2.7", "user": "backup", "keyPem": ref("id_ed25519", "ssh")},
    "webdav": {"url": "https://cloud.example.com/dav", "user": "backup", "pass": ref("password")},
    "yandex": {"token": ref("token")},
}
"""The smallest block of each provider that a resource may have."""

OPTIONS: Mapping[str, Any] = {"repository": "backups/db", "bucket": "backups", "template": "{{ account }}"}
"""A value for every option that some format needs."""


def spec(member: str, **changes: Any) -> Spec:
    """Return the smallest specification of a provider with changes of its block; None leaves a member out."""
    block = {**copy.deepcopy(BLOCKS[member]), **changes}
    return {"provider": {member: {key: value for key, value in block.items() if value is not None}}}


def resource(given: Spec, name: str = "nightly") -> dict[str, Any]:
    """Return a whole resource."""
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": name}, "spec": given}

"""LokiStack of the Loki operator."""

from __future__ import annotations

from webapp.core.fields import Attributes
from webapp.core.formats.accounts import azure_with_key, google_key, s3, swift_version
from webapp.core.formats.base import Format, KeyNote, Names, Source, UnsupportedFormatError
from webapp.core.formats.kubernetes.objstore import SWIFT_KEYS
from webapp.core.formats.options import BUCKET

ENVIRONMENTS = {
    "core.windows.net": "AzureGlobal",
    "core.usgovcloudapi.net": "AzureUSGovernment",
    "core.chinacloudapi.cn": "AzureChinaCloud",
}
"""Azure's clouds as Loki names them."""


def _s3(source: Source, options: Attributes) -> dict[str, str]:
    account = s3(source)
    if account.token:
        raise UnsupportedFormatError("LokiStack reads no session token. Use a key pair that lasts.", field="format")
    return {
        "bucketnames": str(options["bucket"]),
        "endpoint": account.url,
        "access_key_id": account.key_id,
        "access_key_secret": account.secret,
        "region": account.region,
        "forcepathstyle": "true" if account.in_path else "false",
    }


def _azure(source: Source, options: Attributes) -> dict[str, str]:
    account = azure_with_key(source, "LokiStack")
    if account.suffix not in ENVIRONMENTS:
        raise UnsupportedFormatError("LokiStack knows Azure's own clouds only, and not this endpoint.", field="format")
    return {
        "environment": ENVIRONMENTS[account.suffix],
        "container": str(options["bucket"]),
        "account_name": account.name,
        "account_key": account.key,
    }


def _google(source: Source, options: Attributes) -> dict[str, str]:
    return {"bucketname": str(options["bucket"]), "key.json": google_key(source)}


LOGIN = ("auth_url", "username", "user_domain_name", "user_id", "password", "project_id", "project_name")
PLACE = ("project_domain_name", "region_name")


def _swift(source: Source, options: Attributes) -> dict[str, str]:
    if swift_version(source) != "3" or source.text("application_credential_secret"):
        raise UnsupportedFormatError("LokiStack logs in to Swift with user and password of version 3 only.")
    named = {key: source.text(SWIFT_KEYS[key]) for key in (*LOGIN, *PLACE)}
    return {**named, "container_name": str(options["bucket"])}


def _usage(names: Names) -> str:
    return (
        f"kind: LokiStack\nspec:\n  storage:\n    secret: {{name: {names.secret}, type: s3}}   # or azure, gcs, swift\n"
    )


LOKISTACK = Format(
    "lokistack",
    "LokiStack",
    "the Loki operator",
    "The storage Secret of a LokiStack.",
    {"S3": _s3, "AZUREBLOB": _azure, "GOOGLE_CLOUD_STORAGE": _google, "OPENSTACK_SWIFT": _swift},
    (
        KeyNote("bucketnames, endpoint, access_key_id, access_key_secret, region, forcepathstyle", "S3"),
        KeyNote("environment, container, account_name, account_key", "Azure"),
        KeyNote("bucketname, key.json", "Google"),
        KeyNote("auth_url, username, …, container_name", "Swift"),
    ),
    _usage,
    options=(BUCKET,),
    refusals={"": "The Loki operator cannot reach {label}. Store an S3 credential of the same storage, if it has one."},
    source="grafana/loki: operator/docs/lokistack/object_storage.md",
)

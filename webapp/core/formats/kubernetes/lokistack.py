"""LokiStack of the Loki operator."""

from __future__ import annotations

from dataclasses import replace

from webapp.core.fields import Attributes, Field
from webapp.core.formats.accounts import azure_with_key, google_key, s3, swift_version
from webapp.core.formats.base import Format, KeyNote, Names, Source, UnsupportedFormatError
from webapp.core.formats.options import BUCKET

AWS_REGION = "us-east-1"
"""Where AWS keeps what names no region; the operator demands one, in the address as well."""

DOMAIN_ID = Field(
    "domain_id",
    "Domain ID",
    "For Swift: the ID of the domain of user and project. Keystone's first domain has the ID default.",
    default="default",
)

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
    region = account.region or ("" if account.endpoint else AWS_REGION)
    return {
        "bucketnames": str(options["bucket"]),
        "endpoint": replace(account, region=region).url,
        "access_key_id": account.key_id,
        "access_key_secret": account.secret,
        "region": region,
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


SWIFT_FIELDS = {
    "auth_url": "auth",
    "username": "user",
    "user_domain_name": "domain",
    "user_id": "user_id",
    "password": "key",
    "domain_name": "domain",
    "project_id": "tenant_id",
    "project_name": "tenant",
    "project_domain_name": "tenant_domain",
    "region": "region",
}
"""Key → field. The operator demands the first six of them and both domain IDs (secrets.go, `extractSwiftConfigSecret`)."""


def _swift(source: Source, options: Attributes) -> dict[str, str]:
    if swift_version(source) != "3" or source.text("application_credential_secret"):
        raise UnsupportedFormatError("LokiStack logs in to Swift with user and password of version 3 only.")
    if not all(source.text(field) for field in ("user", "user_id", "domain")):
        raise UnsupportedFormatError(
            "The Loki operator demands the user's name and ID and the domain's name. Enter all three.", field="format"
        )
    domain = str(options["domain_id"])
    named = {key: source.text(field) for key, field in SWIFT_FIELDS.items()}
    return {**named, "user_domain_id": domain, "domain_id": domain, "container_name": str(options["bucket"])}


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
        KeyNote("auth_url, username, user_id, …, container_name, region", "Swift"),
    ),
    _usage,
    options=(BUCKET, DOMAIN_ID),
    refusals={"": "The Loki operator cannot reach {label}. Store an S3 credential of the same storage, if it has one."},
    source="grafana/loki: operator/docs/lokistack/object_storage.md, operator/internal/handlers/internal/storage/secrets.go",
)

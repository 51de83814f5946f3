"""Percona's operators for MySQL and MongoDB."""

from __future__ import annotations

from webapp.core.fields import Attributes
from webapp.core.formats.accounts import aws_environment, azure_with_key
from webapp.core.formats.base import Format, KeyNote, Names, Source, UnsupportedFormatError


def _s3(source: Source, options: Attributes) -> dict[str, str]:  # noqa: ARG001  every carrier takes options
    values = aws_environment(source)
    if values.pop("AWS_SESSION_TOKEN"):
        raise UnsupportedFormatError("Percona's operators read no session token. Use a key pair that lasts.")
    return values


def _azure(source: Source, options: Attributes) -> dict[str, str]:  # noqa: ARG001  every carrier takes options
    account = azure_with_key(source, "Percona's operator")
    return {"AZURE_STORAGE_ACCOUNT_NAME": account.name, "AZURE_STORAGE_ACCOUNT_KEY": account.key}


def _usage(names: Names) -> str:
    return (
        "spec:\n  backup:\n    storages:\n      main:\n        type: s3   # or azure\n"
        f"        s3: {{bucket: BUCKET, credentialsSecret: {names.secret}, endpointUrl: ADDRESS, region: REGION}}\n"
    )


PERCONA = Format(
    "percona",
    "Percona (MySQL, MongoDB)",
    "Percona's operators",
    "The Secret of a backup storage. For PostgreSQL use pgbackrest.",
    {"S3": _s3, "AZUREBLOB": _azure},
    (
        KeyNote("AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY", "the key pair of S3"),
        KeyNote("AZURE_STORAGE_ACCOUNT_NAME, AZURE_STORAGE_ACCOUNT_KEY", "the account of Azure"),
    ),
    _usage,
    refusals={
        "": "Percona's operators cannot reach {label}. Store an S3 credential of the same storage, if it has one."
    },
    source="docs.percona.com: backups-storage",
)

"""Bitpoke's MySQL operator, which uses rclone inside."""

from __future__ import annotations

from webapp.core.fields import Attributes
from webapp.core.formats.accounts import google_key, google_project, s3
from webapp.core.formats.base import Format, KeyNote, Names, Source, UnsupportedFormatError


def _s3(source: Source, options: Attributes) -> dict[str, str]:  # noqa: ARG001  every carrier takes options
    account = s3(source)
    if account.token:
        raise UnsupportedFormatError("Bitpoke's operator reads no session token. Use a key pair that lasts.")
    return {
        "AWS_ACCESS_KEY_ID": account.key_id,
        "AWS_SECRET_ACCESS_KEY": account.secret,
        "AWS_REGION": account.region,
        "S3_PROVIDER": account.vendor,
        "S3_ENDPOINT": account.endpoint,
    }


def _google(source: Source, options: Attributes) -> dict[str, str]:  # noqa: ARG001  every carrier takes options
    return {"GCS_SERVICE_ACCOUNT_JSON_KEY": google_key(source), "GCS_PROJECT_ID": google_project(source)}


def _usage(names: Names) -> str:
    return f"kind: MysqlCluster\nspec:\n  backupSecretName: {names.secret}\n  backupURL: s3://BUCKET/FOLDER\n"


BITPOKE = Format(
    "bitpoke",
    "Bitpoke MySQL",
    "Bitpoke's MySQL operator",
    "The backup Secret of a MysqlCluster.",
    {"S3": _s3, "GOOGLE_CLOUD_STORAGE": _google},
    (
        KeyNote("AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION", "the key pair of S3 and its region"),
        KeyNote("S3_PROVIDER, S3_ENDPOINT", "the vendor as rclone names it, and the address"),
        KeyNote("GCS_SERVICE_ACCOUNT_JSON_KEY, GCS_PROJECT_ID", "the key file of Google"),
    ),
    _usage,
    refusals={
        "": "Bitpoke's operator cannot reach {label}. Store an S3 credential of the same storage, if it has one."
    },
    source="bitpoke/mysql-operator: docs/backups.md",
)

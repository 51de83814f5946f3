"""Zalando's Postgres operator: the environment of Spilo and WAL-G."""

from __future__ import annotations

from webapp.core.fields import Attributes
from webapp.core.formats.accounts import aws_environment, azure_with_key, google_key, s3
from webapp.core.formats.base import Format, KeyNote, Names, Rendered, Source, encoded
from webapp.core.formats.options import BUCKET, FOLDER, PREFIX
from webapp.core.formats.tools.restic import GOOGLE_FILE


def _place(options: Attributes) -> str:
    """Return the bucket with the folder behind it; Spilo adds cluster and version."""
    return f"{options['bucket']}/{str(options.get('prefix', '')).strip('/')}".rstrip("/")


def _s3(source: Source, options: Attributes) -> dict[str, str]:
    account = s3(source)
    return {
        **aws_environment(source),
        "AWS_ENDPOINT": account.url if account.endpoint else "",
        "AWS_REGION": account.region,
        "AWS_S3_FORCE_PATH_STYLE": "true" if account.in_path else "",
        "WALG_S3_PREFIX": f"s3://{_place(options)}",
        "USE_WALG_BACKUP": "true",
        "USE_WALG_RESTORE": "true",
    }


def _azure(source: Source, options: Attributes) -> dict[str, str]:
    account = azure_with_key(source, "WAL-G")
    return {
        "AZURE_STORAGE_ACCOUNT": account.name,
        "AZURE_STORAGE_ACCESS_KEY": account.key,
        "WALG_AZ_PREFIX": f"azure://{_place(options)}",
    }


def _google(source: Source, options: Attributes) -> Rendered:
    values = {
        "GOOGLE_APPLICATION_CREDENTIALS": f"{str(options['folder']).rstrip('/')}/{GOOGLE_FILE}",
        "WALG_GS_PREFIX": f"gs://{_place(options)}",
        GOOGLE_FILE: google_key(source),
    }
    return Rendered(encoded(values), files={GOOGLE_FILE: "GOOGLE_APPLICATION_CREDENTIALS"})


def _usage(names: Names) -> str:
    return f"# configuration of the operator\npod_environment_secret: {names.secret}\n"


ZALANDO = Format(
    "zalando",
    "Zalando Postgres (Spilo, WAL-G)",
    "Spilo and WAL-G",
    "The environment of the database's pods.",
    {"S3": _s3, "AZUREBLOB": _azure, "GOOGLE_CLOUD_STORAGE": _google},
    (
        KeyNote("AWS_…, WALG_S3_PREFIX", "key pair, address and place of S3"),
        KeyNote("AZURE_STORAGE_ACCOUNT, AZURE_STORAGE_ACCESS_KEY, WALG_AZ_PREFIX", "the same for Azure"),
        KeyNote(f"GOOGLE_APPLICATION_CREDENTIALS, WALG_GS_PREFIX, {GOOGLE_FILE}", "the same for Google"),
    ),
    _usage,
    options=(BUCKET, PREFIX, FOLDER),
    refusals={"": "WAL-G is not set up here for {label}. Store an S3 credential of the same storage, if it has one."},
    source="zalando/postgres-operator: docs/administrator.md; wal-g: docs/STORAGES.md",
)

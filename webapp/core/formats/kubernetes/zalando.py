"""Zalando's Postgres operator: the environment of Spilo and WAL-G."""

from __future__ import annotations

from webapp.core.fields import Attributes
from webapp.core.formats.accounts import aws_environment, azure_with_key, google_key, s3
from webapp.core.formats.base import Format, KeyNote, Names, Rendered, Source, UnsupportedFormatError, encoded
from webapp.core.formats.options import BUCKET, FOLDER, PREFIX
from webapp.core.formats.tools.restic import GOOGLE_FILE

WAL_G = {"USE_WALG_BACKUP": "true", "USE_WALG_RESTORE": "true"}
"""Without them Spilo takes WAL-E."""


def _place(options: Attributes) -> str:
    """Return the bucket with the folder behind it.

    As `WAL_S3_BUCKET` and `WAL_GS_BUCKET` Spilo adds `/spilo/CLUSTER/wal/VERSION` to it. A `WALG_…_PREFIX` it takes as it
    is: clusters that have one in common would mix their logs (zalando/spilo: configure_spilo.py,
    `write_wale_environment`).
    """
    return f"{options['bucket']}/{str(options.get('prefix', '')).strip('/')}".rstrip("/")


def _s3(source: Source, options: Attributes) -> dict[str, str]:
    account = s3(source)
    return {
        **aws_environment(source),
        "AWS_ENDPOINT": account.url if account.endpoint else "",
        "AWS_REGION": account.region,
        "AWS_S3_FORCE_PATH_STYLE": "true" if account.in_path else "",
        "WAL_S3_BUCKET": _place(options),
        **WAL_G,
    }


def _azure(source: Source, options: Attributes) -> dict[str, str]:
    account = azure_with_key(source, "WAL-G")
    if not options.get("prefix"):
        raise UnsupportedFormatError(
            "Spilo adds no cluster to a place at Azure, and two clusters in one place destroy each other's backups. Name "
            "the cluster in the prefix, and make one Secret for each.",
            field="prefix",
        )
    return {
        "AZURE_STORAGE_ACCOUNT": account.name,
        "AZURE_STORAGE_ACCESS_KEY": account.key,
        "WALG_AZ_PREFIX": f"azure://{_place(options)}",
        **WAL_G,
    }


def _google(source: Source, options: Attributes) -> Rendered:
    values = {
        "GOOGLE_APPLICATION_CREDENTIALS": f"{str(options['folder']).rstrip('/')}/{GOOGLE_FILE}",
        "WAL_GS_BUCKET": _place(options),
        **WAL_G,
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
        KeyNote("AWS_…, WAL_S3_BUCKET", "key pair, address and place of S3; Spilo adds cluster and version"),
        KeyNote(f"GOOGLE_APPLICATION_CREDENTIALS, WAL_GS_BUCKET, {GOOGLE_FILE}", "the same for Google"),
        KeyNote(
            "AZURE_STORAGE_ACCOUNT, AZURE_STORAGE_ACCESS_KEY, WALG_AZ_PREFIX",
            "the same for Azure, where Spilo adds nothing: one Secret for each cluster",
        ),
        KeyNote("USE_WALG_BACKUP, USE_WALG_RESTORE", "`true`: WAL-G does the work"),
    ),
    _usage,
    options=(BUCKET, PREFIX, FOLDER),
    refusals={"": "WAL-G is not set up here for {label}. Store an S3 credential of the same storage, if it has one."},
    source="zalando/postgres-operator: docs/administrator.md; zalando/spilo: postgres-appliance/scripts/configure_spilo.py",
)

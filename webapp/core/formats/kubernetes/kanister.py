"""Kanister and Veeam Kasten: the only ones that care for a Secret's type."""

from __future__ import annotations

from webapp.core.fields import Attributes
from webapp.core.formats.accounts import AZURE_CLOUDS, azure_with_key, google_key, google_project, s3
from webapp.core.formats.base import Format, KeyNote, Names, Rendered, Source, encoded


def _aws(source: Source, options: Attributes) -> Rendered:  # noqa: ARG001  every carrier takes options
    account = s3(source)
    values = {
        "aws_access_key_id": account.key_id,
        "aws_secret_access_key": account.secret,
        "aws_session_token": account.token,
    }
    return Rendered(encoded(values), "secrets.kanister.io/aws")


def _google(source: Source, options: Attributes) -> Rendered:  # noqa: ARG001  every carrier takes options
    values = {"gcp_project_id": google_project(source), "gcp_service_key": google_key(source)}
    return Rendered(encoded(values), "secrets.kanister.io/gcp")


def _azure(source: Source, options: Attributes) -> Rendered:  # noqa: ARG001  every carrier takes options
    account = azure_with_key(source, "Kanister")
    values = {
        "azure_storage_account_id": account.name,
        "azure_storage_key": account.key,
        "azure_storage_environment": AZURE_CLOUDS.get(account.suffix, ""),
    }
    return Rendered(encoded(values), "secrets.kanister.io/azure")


def _usage(names: Names) -> str:
    return (
        "kind: Profile\nspec:\n  locationSpec:\n    credential:\n"
        "      secretType: AwsAccessKey   # or GcpServiceAccountKey, AzStorageAccount\n"
        f"      secret: {{apiVersion: v1, kind: Secret, name: {names.secret}, namespace: kasten-io}}\n"
    )


KANISTER = Format(
    "kanister",
    "Kanister and Veeam Kasten",
    "Kanister",
    "A Secret of Kanister's own type for a Profile.",
    {"S3": _aws, "GOOGLE_CLOUD_STORAGE": _google, "AZUREBLOB": _azure},
    (
        KeyNote("aws_access_key_id, aws_secret_access_key, aws_session_token", "type secrets.kanister.io/aws"),
        KeyNote("gcp_project_id, gcp_service_key", "type secrets.kanister.io/gcp"),
        KeyNote(
            "azure_storage_account_id, azure_storage_key, azure_storage_environment", "type secrets.kanister.io/azure"
        ),
    ),
    _usage,
    refusals={"": "Kanister cannot reach {label}. Store an S3 credential of the same storage, if it has one."},
    source="kanisterio/kanister: pkg/secrets",
)

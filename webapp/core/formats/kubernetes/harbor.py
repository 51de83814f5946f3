"""Harbor's chart: where the registry keeps its images."""

from __future__ import annotations

from webapp.core.fields import Attributes
from webapp.core.formats.accounts import azure_with_key, google_key, s3
from webapp.core.formats.base import Format, KeyNote, Names, Source, UnsupportedFormatError


def _s3(source: Source, options: Attributes) -> dict[str, str]:  # noqa: ARG001  every carrier takes options
    account = s3(source)
    if account.token:
        raise UnsupportedFormatError("Harbor's chart reads no session token. Use a key pair that lasts.")
    return {"REGISTRY_STORAGE_S3_ACCESSKEY": account.key_id, "REGISTRY_STORAGE_S3_SECRETKEY": account.secret}


def _azure(source: Source, options: Attributes) -> dict[str, str]:  # noqa: ARG001  every carrier takes options
    return {"REGISTRY_STORAGE_AZURE_ACCOUNTKEY": azure_with_key(source, "Harbor").key}


def _google(source: Source, options: Attributes) -> dict[str, str]:  # noqa: ARG001  every carrier takes options
    return {"GCS_KEY_DATA": google_key(source)}


def _swift(source: Source, options: Attributes) -> dict[str, str]:  # noqa: ARG001  every carrier takes options
    return {"REGISTRY_STORAGE_SWIFT_PASSWORD": source.text("key")}


def _usage(names: Names) -> str:
    return (
        "persistence:\n  imageChartStorage:\n    type: s3   # or azure, gcs, swift\n"
        f"    s3: {{bucket: BUCKET, region: REGION, regionendpoint: ADDRESS, existingSecret: {names.secret}}}\n"
    )


HARBOR = Format(
    "harbor",
    "Harbor",
    "Harbor's chart",
    "The existing Secret of the registry's storage.",
    {"S3": _s3, "AZUREBLOB": _azure, "GOOGLE_CLOUD_STORAGE": _google, "OPENSTACK_SWIFT": _swift},
    (
        KeyNote("REGISTRY_STORAGE_S3_ACCESSKEY, REGISTRY_STORAGE_S3_SECRETKEY", "S3"),
        KeyNote("REGISTRY_STORAGE_AZURE_ACCOUNTKEY", "Azure"),
        KeyNote("GCS_KEY_DATA", "Google"),
        KeyNote("REGISTRY_STORAGE_SWIFT_PASSWORD", "Swift"),
    ),
    _usage,
    refusals={"": "Harbor cannot keep images at {label}. Store an S3 credential of the same storage, if it has one."},
    source="goharbor/harbor-helm: values.yaml",
)

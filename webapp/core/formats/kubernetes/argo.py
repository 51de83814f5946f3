"""Argo Workflows' artifact repositories."""

from __future__ import annotations

from webapp.core.fields import Attributes
from webapp.core.formats.accounts import azure_with_key, google_key, s3
from webapp.core.formats.base import Format, KeyNote, Names, Source

CA_KEY = "ca.crt"


def _s3(source: Source, options: Attributes) -> dict[str, str]:  # noqa: ARG001  every carrier takes options
    account = s3(source)
    return {
        "accessKey": account.key_id,
        "secretKey": account.secret,
        "sessionToken": account.token,
        CA_KEY: account.ca,
    }


def _azure(source: Source, options: Attributes) -> dict[str, str]:  # noqa: ARG001  every carrier takes options
    return {"accountKey": azure_with_key(source, "Argo Workflows").key}


def _google(source: Source, options: Attributes) -> dict[str, str]:  # noqa: ARG001  every carrier takes options
    return {"serviceAccountKey": google_key(source)}


def _usage(names: Names) -> str:
    return (
        "s3:\n  bucket: BUCKET\n  endpoint: HOST:PORT\n"
        f"  accessKeySecret: {{name: {names.secret}, key: accessKey}}\n"
        f"  secretKeySecret: {{name: {names.secret}, key: secretKey}}\n"
        f"# gcs: {{serviceAccountKeySecret: {{name: {names.secret}, key: serviceAccountKey}}}}\n"
        f"# azure: {{accountKeySecret: {{name: {names.secret}, key: accountKey}}}}\n"
    )


ARGO = Format(
    "argo-artifacts",
    "Argo Workflows artifacts",
    "Argo Workflows",
    "Keys that an artifact repository refers to.",
    {"S3": _s3, "AZUREBLOB": _azure, "GOOGLE_CLOUD_STORAGE": _google},
    (
        KeyNote("accessKey, secretKey, sessionToken", "the key pair of S3"),
        KeyNote("accountKey", "the key of an Azure account"),
        KeyNote("serviceAccountKey", "the key file of Google"),
        KeyNote(CA_KEY, "the CA certificate, when there is one, for caSecret"),
    ),
    _usage,
    refusals={"": "Argo Workflows cannot reach {label}. Store an S3 credential of the same storage, if it has one."},
    source="argoproj/argo-workflows: pkg/apis/workflow/v1alpha1/workflow_types.go",
)

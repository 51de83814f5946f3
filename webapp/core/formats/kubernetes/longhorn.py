"""Longhorn's backup targets."""

from __future__ import annotations

from webapp.core.fields import Attributes
from webapp.core.formats.accounts import aws_environment, azure, azure_with_key, s3
from webapp.core.formats.base import Format, KeyNote, Names, Source, UnsupportedFormatError


def _s3(source: Source, options: Attributes) -> dict[str, str]:  # noqa: ARG001  every carrier takes options
    account, keys = s3(source), aws_environment(source)
    if keys.pop("AWS_SESSION_TOKEN"):
        raise UnsupportedFormatError("Longhorn reads no session token. Use a key pair that lasts.", field="format")
    hosted = bool(account.endpoint) and not account.in_path
    return {
        **keys,
        "AWS_ENDPOINTS": account.url if account.endpoint else "",
        "AWS_CERT": account.ca,
        "VIRTUAL_HOSTED_STYLE": "true" if hosted else "",
    }


def _azure(source: Source, options: Attributes) -> dict[str, str]:  # noqa: ARG001  every carrier takes options
    account = azure_with_key(source, "Longhorn")
    return {
        "AZBLOB_ACCOUNT_NAME": account.name,
        "AZBLOB_ACCOUNT_KEY": account.key,
        "AZBLOB_ENDPOINT": azure(source).endpoint,
        "AZBLOB_CERT": source.text("ca_certificate"),
    }


def _usage(names: Names) -> str:
    return (
        "kind: BackupTarget\nmetadata: {name: default, namespace: longhorn-system}\nspec:\n"
        f"  backupTargetURL: s3://BUCKET@REGION/   # or azblob://CONTAINER@core.windows.net/\n"
        f"  credentialSecret: {names.secret}\n"
    )


LONGHORN = Format(
    "longhorn",
    "Longhorn",
    "Longhorn",
    "The Secret of a backup target, in the namespace longhorn-system.",
    {"S3": _s3, "AZUREBLOB": _azure},
    (
        KeyNote("AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY", "the key pair"),
        KeyNote("AWS_ENDPOINTS", "the address, when it is not AWS"),
        KeyNote("AWS_CERT", "the CA certificate, when there is one"),
        KeyNote("VIRTUAL_HOSTED_STYLE", "`true` when the bucket stands in the host name"),
        KeyNote("AZBLOB_ACCOUNT_NAME, AZBLOB_ACCOUNT_KEY, AZBLOB_ENDPOINT, AZBLOB_CERT", "the same for Azure"),
    ),
    _usage,
    refusals={
        "": "Longhorn has no backup target for {label}. Store an S3 credential of the same storage, if it has one.",
        "GOOGLE_CLOUD_STORAGE": "Longhorn reaches Google by S3 only: make HMAC keys at Google and store them as an S3 "
        "credential with the endpoint https://storage.googleapis.com.",
    },
    source="longhorn/longhorn-manager: types/types.go",
)

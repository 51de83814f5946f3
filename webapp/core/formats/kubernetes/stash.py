"""Stash and KubeStash: restic's variables under names of their own."""

from __future__ import annotations

from webapp.core.fields import Attributes
from webapp.core.formats.accounts import aws_environment, azure_with_key, google_key, google_project, swift_environment
from webapp.core.formats.base import Carrier, Format, KeyNote, Names, Source, UnsupportedFormatError
from webapp.core.formats.options import REPOSITORY, REPOSITORY_PASSWORD
from webapp.core.formats.tools.restic import rest_backend


def _s3(source: Source) -> dict[str, str]:
    values = aws_environment(source)
    if values.pop("AWS_SESSION_TOKEN"):
        raise UnsupportedFormatError("Stash reads no session token. Use a key pair that lasts.", field="format")
    return {**values, "CA_CERT_DATA": source.text("ca_certificate")}


def _azure(source: Source) -> dict[str, str]:
    account = azure_with_key(source, "Stash")
    return {"AZURE_ACCOUNT_NAME": account.name, "AZURE_ACCOUNT_KEY": account.key}


def _google(source: Source) -> dict[str, str]:
    return {"GOOGLE_PROJECT_ID": google_project(source), "GOOGLE_SERVICE_ACCOUNT_JSON_KEY": google_key(source)}


def _b2(source: Source) -> dict[str, str]:
    return {"B2_ACCOUNT_ID": source.text("account"), "B2_ACCOUNT_KEY": source.text("key")}


def _rest(source: Source) -> dict[str, str]:
    made = rest_backend(source, "")
    del made["RESTIC_REPOSITORY"]
    return {**made, "CA_CERT_DATA": source.text("ca_certificate")}


STORAGES = {
    "S3": _s3,
    "AZUREBLOB": _azure,
    "GOOGLE_CLOUD_STORAGE": _google,
    "B2": _b2,
    "OPENSTACK_SWIFT": swift_environment,
    "HTTP": _rest,
}


def _for_stash(provider: str) -> Carrier:
    def carrier(source: Source, options: Attributes) -> dict[str, str]:
        return {**STORAGES[provider](source), "RESTIC_PASSWORD": str(options["password"])}

    return carrier


def _for_kubestash(provider: str) -> Carrier:
    def carrier(source: Source, options: Attributes) -> dict[str, str]:  # noqa: ARG001  every carrier takes options
        return STORAGES[provider](source)

    return carrier


def _stash_usage(names: Names) -> str:
    return (
        "kind: Repository\nspec:\n  backend:\n    s3: {endpoint: ADDRESS, bucket: BUCKET, prefix: FOLDER}\n"
        f"    storageSecretName: {names.secret}\n"
    )


def _kubestash_usage(names: Names) -> str:
    return (
        "kind: BackupStorage\nspec:\n  storage:\n    provider: s3   # or gcs, azure\n"
        f"    s3: {{endpoint: ADDRESS, bucket: BUCKET, prefix: FOLDER, secretName: {names.secret}}}\n"
        "# the repository's password stands in a Secret of its own with the key RESTIC_PASSWORD\n"
    )


REFUSED = {"": "Stash cannot reach {label}. VolSync (volsync-restic) can."}
KEYS = (
    KeyNote("AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, CA_CERT_DATA", "the key pair of S3, and its CA certificate"),
    KeyNote("GOOGLE_PROJECT_ID, GOOGLE_SERVICE_ACCOUNT_JSON_KEY", "the key file of Google itself"),
    KeyNote("AZURE_ACCOUNT_NAME, AZURE_ACCOUNT_KEY", "the account of Azure"),
)
STASH = Format(
    "stash",
    "Stash",
    "Stash",
    "The storage Secret of a Repository, with the repository's password.",
    {provider: _for_stash(provider) for provider in STORAGES},
    (KeyNote("RESTIC_PASSWORD", "the repository's password"), *KEYS),
    _stash_usage,
    options=(REPOSITORY, REPOSITORY_PASSWORD),
    kept_by="repository",
    refusals=REFUSED,
    source="stash.run/docs: guides/backends",
)
KUBESTASH = Format(
    "kubestash",
    "KubeStash",
    "KubeStash",
    "The storage Secret of a BackupStorage.",
    {provider: _for_kubestash(provider) for provider in ("S3", "AZUREBLOB", "GOOGLE_CLOUD_STORAGE")},
    KEYS,
    _kubestash_usage,
    refusals={"": "KubeStash cannot reach {label}. VolSync (volsync-restic) can."},
    source="kubestash/apimachinery: pkg/blob/blob.go",
)

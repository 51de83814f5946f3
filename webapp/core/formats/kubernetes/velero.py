"""Velero's plugins for AWS, Google and Azure: one file named `cloud`."""

from __future__ import annotations

from webapp.core.fields import Attributes
from webapp.core.formats.accounts import AZURE_CLOUDS, AzureAccount, azure, google_key
from webapp.core.formats.base import Format, KeyNote, Names, Rendered, Source, UnsupportedFormatError
from webapp.core.formats.general.clouds import credentials_file
from webapp.core.formats.options import BUCKET, PROFILE, optional
from webapp.core.formats.textfiles import dotenv_line

CLOUD = "cloud"


def _aws(source: Source, options: Attributes) -> Rendered:
    text = credentials_file(source, str(options["profile"]))
    return Rendered({CLOUD: text.encode()}, files={CLOUD: "AWS_SHARED_CREDENTIALS_FILE"})


def _google(source: Source, options: Attributes) -> Rendered:  # noqa: ARG001  every carrier takes options
    return Rendered({CLOUD: google_key(source).encode()}, files={CLOUD: "GOOGLE_APPLICATION_CREDENTIALS"})


def azure_variables(account: AzureAccount) -> dict[str, str]:
    """Return what the plugin reads from its file.

    Raises:
        UnsupportedFormatError: The credential is a SAS.
    """
    if account.sas:
        raise UnsupportedFormatError(
            "Velero's plugin for Azure reads an account key or a service principal, not a SAS.", field="format"
        )
    return {
        "AZURE_TENANT_ID": account.tenant,
        "AZURE_CLIENT_ID": account.client_id,
        "AZURE_CLIENT_SECRET": account.client_secret,
        "AZURE_STORAGE_ACCOUNT_ACCESS_KEY": account.key,
        "AZURE_CLOUD_NAME": AZURE_CLOUDS.get(account.suffix, ""),
    }


def _azure(source: Source, options: Attributes) -> Rendered:  # noqa: ARG001  every carrier takes options
    values = azure_variables(azure(source))
    text = "".join(dotenv_line(name, value) for name, value in values.items() if value)
    return Rendered({CLOUD: text.encode()}, files={CLOUD: "AZURE_CREDENTIALS_FILE"})


def _usage(names: Names) -> str:
    bucket = names.option("bucket") or "BUCKET"
    return (
        "kind: BackupStorageLocation\nspec:\n  provider: aws   # or gcp, azure\n"
        f"  credential: {{name: {names.secret}, key: {CLOUD}}}\n  objectStorage: {{bucket: {bucket}}}\n"
        f'  config: {{profile: {names.option("profile")}, s3Url: ADDRESS, s3ForcePathStyle: "true", region: REGION}}\n'
        "  # azure: config: {storageAccount: NAME, storageAccountKeyEnvVar: AZURE_STORAGE_ACCOUNT_ACCESS_KEY}\n"
    )


VELERO = Format(
    "velero",
    "Velero",
    "Velero",
    "The file of a BackupStorageLocation; region and address stand in the location, not in the Secret.",
    {"S3": _aws, "GOOGLE_CLOUD_STORAGE": _google, "AZUREBLOB": _azure},
    (KeyNote(CLOUD, "AWS: a credentials file; Google: the key file; Azure: lines of NAME='value'"),),
    _usage,
    options=(PROFILE, optional(BUCKET)),
    refusals={"": "Velero has no plugin for {label}. Store an S3 credential of the same storage, if it has one."},
    source="velero-plugin-for-aws, -gcp and -microsoft-azure: README.md",
)

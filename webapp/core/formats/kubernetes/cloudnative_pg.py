"""CloudNativePG with barman-cloud."""

from __future__ import annotations

from webapp.core.fields import Attributes
from webapp.core.formats.accounts import azure, connection_string, google_key, s3
from webapp.core.formats.base import Format, KeyNote, Names, Source

CA_KEY = "ca.crt"


def _s3(source: Source, options: Attributes) -> dict[str, str]:  # noqa: ARG001  every carrier takes options
    account = s3(source)
    return {
        "ACCESS_KEY_ID": account.key_id,
        "ACCESS_SECRET_KEY": account.secret,
        "ACCESS_SESSION_TOKEN": account.token,
        "ACCESS_REGION": account.region,
        CA_KEY: account.ca,
    }


def _azure(source: Source, options: Attributes) -> dict[str, str]:  # noqa: ARG001  every carrier takes options
    account = azure(source)
    return {
        "AZURE_CONNECTION_STRING": connection_string(account),
        "AZURE_STORAGE_ACCOUNT": account.name,
        "AZURE_STORAGE_KEY": account.key,
        "AZURE_STORAGE_SAS_TOKEN": account.sas,
    }


def _google(source: Source, options: Attributes) -> dict[str, str]:  # noqa: ARG001  every carrier takes options
    return {"gcsCredentials": google_key(source)}


def _usage(names: Names) -> str:
    return (
        "spec:\n  backup:\n    barmanObjectStore:\n      destinationPath: s3://BUCKET/FOLDER\n"
        "      endpointURL: ADDRESS\n      s3Credentials:\n"
        f"        accessKeyId: {{name: {names.secret}, key: ACCESS_KEY_ID}}\n"
        f"        secretAccessKey: {{name: {names.secret}, key: ACCESS_SECRET_KEY}}\n"
        f"      # azureCredentials: {{connectionString: {{name: {names.secret}, key: AZURE_CONNECTION_STRING}}}}\n"
        f"      # googleCredentials: {{applicationCredentials: {{name: {names.secret}, key: gcsCredentials}}}}\n"
        f"      # endpointCA: {{name: {names.secret}, key: {CA_KEY}}}\n"
        'metadata: {labels: {cnpg.io/reload: "true"}}   # on the Secret: reload when it changes\n'
    )


CLOUDNATIVE_PG = Format(
    "cloudnative-pg",
    "CloudNativePG",
    "CloudNativePG",
    "Keys that a Cluster's or an ObjectStore's credentials refer to.",
    {"S3": _s3, "AZUREBLOB": _azure, "GOOGLE_CLOUD_STORAGE": _google},
    (
        KeyNote("ACCESS_KEY_ID, ACCESS_SECRET_KEY, ACCESS_SESSION_TOKEN, ACCESS_REGION", "the key pair of S3"),
        KeyNote("AZURE_CONNECTION_STRING", "all of an Azure account in one text"),
        KeyNote("AZURE_STORAGE_ACCOUNT, AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN", "the same in parts"),
        KeyNote("gcsCredentials", "the key file of Google"),
        KeyNote(CA_KEY, "the CA certificate, when there is one, for endpointCA"),
    ),
    _usage,
    refusals={"": "CloudNativePG cannot reach {label}. Store an S3 credential of the same storage, if it has one."},
    source="cloudnative-pg/barman-cloud: pkg/api/config.go",
)

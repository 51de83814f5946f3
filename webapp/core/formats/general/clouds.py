"""Files and texts that the clouds' own libraries read."""

from __future__ import annotations

import configparser
import io
import re

from webapp.core.fields import Attributes, Field
from webapp.core.formats.accounts import S3Account, azure, connection_string, google_key, s3, swift_version
from webapp.core.formats.base import Format, KeyNote, Names, Rendered, Source, UnsupportedFormatError
from webapp.core.formats.options import PROFILE
from webapp.core.formats.textfiles import yaml_text

CLOUD = Field("cloud", "Cloud", "The name of the cloud in the file.", default="backup", rules=PROFILE.rules)


CHANGED = re.compile(r"""\s.*|.*\s|.*[ \t][#;].*|(["']).*\1|["']""", re.DOTALL)
"""What AWS's libraries do not read back from a file, whatever is put around it: blanks at the ends are cut off, as is
what looks like a comment, and quotes at both ends are taken away (aws-sdk-go-v2: config/internal/ini/strings.go)."""


def _refuse_changed(account: S3Account) -> None:
    for label, value in (("key", account.key_id), ("secret key", account.secret)):
        if CHANGED.fullmatch(value):
            raise UnsupportedFormatError(
                f"AWS's libraries read another {label} from a file than this one: they cut off blanks at its ends and "
                "what comes after a blank with # or ;, and take quotes at both ends away. Make another key pair.",
                field="format",
            )


def credentials_file(source: Source, profile: str) -> str:
    """Return AWS's shared credentials file with one profile.

    Raises:
        UnsupportedFormatError: A value would not be read back from such a file.
    """
    account = s3(source)
    _refuse_changed(account)
    values = {
        "aws_access_key_id": account.key_id,
        "aws_secret_access_key": account.secret,
        "aws_session_token": account.token,
    }
    written = configparser.RawConfigParser()
    written[profile] = {key: value for key, value in values.items() if value}
    text = io.StringIO()
    written.write(text)
    return text.getvalue()


def _aws(source: Source, options: Attributes) -> Rendered:
    text = credentials_file(source, str(options["profile"]))
    return Rendered({"credentials": text.encode()}, files={"credentials": "AWS_SHARED_CREDENTIALS_FILE"})


def _aws_usage(names: Names) -> str:
    return (
        f"AWS_SHARED_CREDENTIALS_FILE=credentials AWS_PROFILE={names.option('profile')} "
        "aws s3 ls --endpoint-url ADDRESS\n"
    )


AWS_CREDENTIALS = Format(
    "aws-credentials",
    "AWS shared credentials file",
    "AWS's command line and libraries",
    "A credentials file with one profile.",
    {"S3": _aws},
    (KeyNote("credentials", "one section with aws_access_key_id, aws_secret_access_key and aws_session_token"),),
    _aws_usage,
    options=(PROFILE,),
    refusals={"": "{label} is not reached with AWS keys. Store an S3 credential of the same storage, if it has one."},
    source="docs.aws.amazon.com/sdkref/latest/guide/file-format.html",
)


def _google(source: Source, options: Attributes) -> Rendered:  # noqa: ARG001  every carrier takes options
    return Rendered({"key.json": google_key(source).encode()}, files={"key.json": "GOOGLE_APPLICATION_CREDENTIALS"})


GOOGLE_JSON = Format(
    "google-json",
    "Google service account key",
    "Google's libraries",
    "The key file of a service account.",
    {"GOOGLE_CLOUD_STORAGE": _google, "GOOGLE_DRIVE": _google},
    (KeyNote("key.json", "the key file on one line"),),
    lambda names: f"GOOGLE_APPLICATION_CREDENTIALS=key.json …   # Secret {names.secret}\n",
    refusals={"": "{label} has no service account key."},
    source="cloud.google.com/docs/authentication/application-default-credentials",
)


def _azure(source: Source, options: Attributes) -> dict[str, str]:  # noqa: ARG001  every carrier takes options
    return {"AZURE_STORAGE_CONNECTION_STRING": connection_string(azure(source))}


AZURE_CONNECTION_STRING = Format(
    "azure-connection-string",
    "Azure connection string",
    "Azure's command line and libraries",
    "One text with account, key and address.",
    {"AZUREBLOB": _azure},
    (KeyNote("AZURE_STORAGE_CONNECTION_STRING", "account, key or SAS, and where the account is"),),
    lambda names: f"az storage container list\n\n# in a pod\nenvFrom:\n- secretRef: {{name: {names.secret}}}\n",
    refusals={"": "{label} is no Azure account."},
    source="learn.microsoft.com/azure/storage/common/storage-configure-connection-string",
)

AUTH_KEYS = {
    "auth_url": "auth",
    "username": "user",
    "user_id": "user_id",
    "password": "key",
    "project_name": "tenant",
    "project_id": "tenant_id",
    "user_domain_name": "domain",
    "project_domain_name": "tenant_domain",
    "application_credential_id": "application_credential_id",
    "application_credential_name": "application_credential_name",
    "application_credential_secret": "application_credential_secret",
    "token": "auth_token",
}
"""Key in clouds.yaml → field (openstacksdk, user/config/configuration)."""


def _auth_type(source: Source) -> str:
    if source.text("application_credential_secret"):
        return "v3applicationcredential"
    return "token" if source.text("auth_token") else "password"


def _clouds(source: Source, options: Attributes) -> Rendered:
    if swift_version(source) == "1":
        raise UnsupportedFormatError(
            "clouds.yaml knows no log-in of version 1. Use the formats rclone or restic.", field="format"
        )
    cloud = {
        "auth_type": _auth_type(source),
        "auth": {key: source.text(field) for key, field in AUTH_KEYS.items() if source.text(field)},
        "region_name": source.text("region"),
        "interface": source.text("endpoint_type") or "public",
        "object_store_endpoint_override": source.text("storage_url"),
        "identity_api_version": swift_version(source),
    }
    shown = {key: value for key, value in cloud.items() if value}
    text = yaml_text({"clouds": {str(options["cloud"]): shown}})
    return Rendered({"clouds.yaml": text.encode()}, files={"clouds.yaml": "OS_CLIENT_CONFIG_FILE"})


OPENSTACK_CLOUDS = Format(
    "openstack-clouds",
    "OpenStack clouds.yaml",
    "OpenStack's command line and libraries",
    "clouds.yaml with one cloud.",
    {"OPENSTACK_SWIFT": _clouds},
    (KeyNote("clouds.yaml", "one cloud with its log-in"),),
    lambda names: f"OS_CLIENT_CONFIG_FILE=clouds.yaml openstack --os-cloud {names.option('cloud')} container list\n",
    options=(CLOUD,),
    refusals={"": "{label} is no OpenStack cloud."},
    source="docs.openstack.org/openstacksdk: user/config/configuration",
)

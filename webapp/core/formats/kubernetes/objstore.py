"""Thanos and everything else that reads objstore's configuration.

Mimir keeps its blocks with the same library, but names the values otherwise (`blocks_storage`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from webapp.core.fields import Attributes
from webapp.core.formats.accounts import AzureAccount, azure, google_key, s3, swift_version
from webapp.core.formats.base import Format, KeyNote, Names, Rendered, Source, UnsupportedFormatError, encoded
from webapp.core.formats.options import BUCKET, FILE_NAME, FOLDER, PREFIX
from webapp.core.formats.textfiles import yaml_text
from webapp.core.formats.tools.rclone import CA_KEY

FILE = replace(FILE_NAME, default="objstore.yml")


def _made(options: Attributes, kind: str, config: Mapping[str, object]) -> Rendered:
    values = {"type": kind, "config": config, "prefix": str(options.get("prefix", ""))}
    name = str(options["file"])
    return Rendered({name: yaml_text(values).encode()}, files={name: ""})


def _s3(source: Source, options: Attributes) -> Rendered:
    account, ca = s3(source), f"{str(options['folder']).rstrip('/')}/{CA_KEY}"
    config = {
        "bucket": options["bucket"],
        "endpoint": account.host,
        "region": account.region,
        "access_key": account.key_id,
        "secret_key": account.secret,
        "session_token": account.token,
        "insecure": account.plain,
        "bucket_lookup_type": "path" if account.in_path else "virtual-hosted" if account.endpoint else "auto",
        "http_config": {"tls_config": {"ca_file": ca}} if account.ca else None,
    }
    made = _made(options, "S3", config)
    return replace(made, data={**made.data, **encoded({CA_KEY: account.ca})}, files={**made.files, CA_KEY: ""})


def _azure(source: Source, options: Attributes) -> Rendered:
    return _made(options, "AZURE", _azure_config(azure(source), str(options["bucket"])))


def _azure_config(account: AzureAccount, container: str) -> dict[str, object]:
    if account.sas or (account.endpoint and not account.suffix):
        raise UnsupportedFormatError(
            "objstore finds Azure by the account's name and reads a key or a service principal, no SAS.", field="format"
        )
    return {
        "storage_account": account.name,
        "storage_account_key": account.key,
        "az_tenant_id": account.tenant,
        "client_id": account.client_id,
        "client_secret": account.client_secret,
        "container": container,
        "endpoint": f"blob.{account.suffix}",
    }


def _google(source: Source, options: Attributes) -> Rendered:
    return _made(options, "GCS", {"bucket": options["bucket"], "service_account": google_key(source)})


SWIFT_KEYS = {
    "auth_url": "auth",
    "username": "user",
    "user_id": "user_id",
    "password": "key",
    "user_domain_name": "domain",
    "domain_name": "domain",
    "project_id": "tenant_id",
    "project_name": "tenant",
    "project_domain_name": "tenant_domain",
    "region_name": "region",
    "application_credential_id": "application_credential_id",
    "application_credential_name": "application_credential_name",
    "application_credential_secret": "application_credential_secret",
}
"""Key in objstore's configuration → field. Its client reads the user's domain from `domain_name` (providers/swift)."""


def _swift(source: Source, options: Attributes) -> Rendered:
    version = {"auth_version": int(swift_version(source))}
    values = {key: source.text(field) for key, field in SWIFT_KEYS.items()}
    return _made(options, "SWIFT", {**version, **values, "container_name": options["bucket"]})


def _usage(names: Names) -> str:
    return (
        "kind: Prometheus\nspec:\n  thanos:\n    objectStorageConfig:\n"
        f"      {{name: {names.secret}, key: {names.option('file')}}}\n"
    )


OBJSTORE = Format(
    "objstore",
    "Thanos (objstore)",
    "Thanos",
    "objstore's configuration in YAML.",
    {"S3": _s3, "AZUREBLOB": _azure, "GOOGLE_CLOUD_STORAGE": _google, "OPENSTACK_SWIFT": _swift},
    (
        KeyNote("objstore.yml", "type, config and prefix; the file's name can be chosen"),
        KeyNote(
            CA_KEY, "the CA certificate of S3, when there is one, to be mounted at the folder: objstore reads a file"
        ),
    ),
    _usage,
    options=(BUCKET, PREFIX, FILE, FOLDER),
    refusals={"": "objstore cannot reach {label}. Store an S3 credential of the same storage, if it has one."},
    source="thanos-io/objstore: README.md",
)

"""What the object storages' credentials hold, in the words that most tools share."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import SplitResult, urlsplit

from webapp.core.formats.base import Source, UnsupportedFormatError

AZURE_SUFFIX = "core.windows.net"
"""The end of public Azure's host names."""

AZURE_CLOUDS = {
    AZURE_SUFFIX: "AzurePublicCloud",
    "core.usgovcloudapi.net": "AzureUSGovernmentCloud",
    "core.chinacloudapi.cn": "AzureChinaCloud",
}
"""Azure's clouds by the end of their host names (velero-plugin-for-microsoft-azure, README)."""


HOSTED = frozenset(
    {
        "AWS", "Alibaba", "Cubbit", "DigitalOcean", "Dreamhost", "GCS", "Hetzner", "HuaweiOBS", "ImpossibleCloud",
        "Intercolo", "Leviia", "Linode", "LyveCloud", "Netease", "OVHcloud", "Petabox", "Rabata", "RackCorp", "Scaleway",
        "Selectel", "Servercore", "Storj", "Synology", "TencentCOS", "US3", "Wasabi", "Zata",
    }
)  # fmt: skip
"""Vendors that want the bucket in the host name; some of them refuse it in the path (rclone: backend/s3/provider/*.yaml,
those without the quirk `force_path_style: true`)."""


@dataclass(frozen=True, slots=True)
class S3Account:
    """A key pair of S3 and where it is good for."""

    key_id: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    region: str
    endpoint: str
    vendor: str
    path_style: str
    ca: str

    @property
    def url(self) -> str:
        """The service's address; the regional one of AWS when none is named."""
        host = f"s3.{self.region}.amazonaws.com" if self.region else "s3.amazonaws.com"
        return self.endpoint.rstrip("/") or f"https://{host}"

    @property
    def host(self) -> str:
        """Host and port without the scheme."""
        return urlsplit(self.url).netloc

    @property
    def plain(self) -> bool:
        """Whether the service is spoken to without TLS."""
        return urlsplit(self.url).scheme == "http"

    @property
    def in_path(self) -> bool:
        """Whether the bucket stands in the path of the address: as chosen, else as the vendor wants it."""
        return self.path_style == "true" or (self.path_style != "false" and self.vendor not in HOSTED)


def s3(source: Source) -> S3Account:
    """Return what an S3 credential holds."""
    return S3Account(
        source.text("access_key_id"),
        source.text("secret_access_key"),
        "".join(source.text("session_token").split()),
        source.text("region"),
        source.text("endpoint"),
        source.text("provider"),
        source.text("force_path_style"),
        source.text("ca_certificate"),
    )


def aws_environment(source: Source) -> dict[str, str]:
    """Return the variables that every AWS SDK reads."""
    account = s3(source)
    return {
        "AWS_ACCESS_KEY_ID": account.key_id,
        "AWS_SECRET_ACCESS_KEY": account.secret,
        "AWS_SESSION_TOKEN": account.token,
    }


@dataclass(frozen=True, slots=True)
class AzureAccount:
    """An Azure storage account with a key, a SAS or a service principal; what is not used is empty."""

    name: str
    key: str = field(repr=False)
    sas: str = field(repr=False)
    container: str
    endpoint: str
    tenant: str
    client_id: str
    client_secret: str = field(repr=False)

    @property
    def suffix(self) -> str:
        """The end of the host name, such as `core.windows.net`; empty when the endpoint is built in another way."""
        if not self.endpoint:
            return AZURE_SUFFIX
        found = re.fullmatch(re.escape(self.name) + r"\.blob\.(.+)", urlsplit(self.endpoint).hostname or "")
        return found[1] if found and urlsplit(self.endpoint).scheme == "https" else ""

    @property
    def url(self) -> str:
        """The address of the account's blobs."""
        return self.endpoint.rstrip("/") or f"https://{self.name}.blob.{AZURE_SUFFIX}"


def azure(source: Source) -> AzureAccount:
    """Return what an Azure credential holds; a SAS URL is taken apart."""
    url = urlsplit(source.text("sas_url"))
    name = source.text("account") or _account_in(url)
    endpoint = source.text("endpoint") or _endpoint_in(url, name)
    return AzureAccount(
        name,
        source.text("key"),
        url.query,
        _container_in(url, name),
        endpoint,
        source.text("tenant"),
        source.text("client_id"),
        source.text("client_secret"),
    )


def _account_in(url: SplitResult) -> str:
    """The account is the first part of the host, or of the path at an emulator's address."""
    host = url.hostname or ""
    if ".blob." in host:
        return host.split(".", 1)[0]
    return url.path.strip("/").split("/", 1)[0]


def _endpoint_in(url: SplitResult, name: str) -> str:
    if not url.netloc or url.hostname == f"{name}.blob.{AZURE_SUFFIX}":
        return ""
    in_path = ".blob." not in (url.hostname or "")
    return f"{url.scheme}://{url.netloc}" + (f"/{name}" if in_path else "")


def _container_in(url: SplitResult, name: str) -> str:
    parts = [part for part in url.path.split("/") if part]
    return next(iter(parts[1:] if parts[:1] == [name] else parts), "")


def azure_with_key(source: Source, tool: str) -> AzureAccount:
    """Return an Azure account that has a key.

    Raises:
        UnsupportedFormatError: It has a SAS or a service principal, which this tool does not read.
    """
    account = azure(source)
    if not account.key:
        raise UnsupportedFormatError(
            f"{tool} reads an account key only. Store the account's name and key as another credential.", field="format"
        )
    return account


def connection_string(account: AzureAccount) -> str:
    """Return the connection string that Azure's own libraries read.

    Raises:
        UnsupportedFormatError: It is a service principal, which a connection string cannot hold.
    """
    if account.client_secret:
        raise UnsupportedFormatError(
            "A connection string cannot hold a service principal. Use an account key or a SAS URL.", field="format"
        )
    name = f"AccountName={account.name};" if account.name else ""
    secret = f"AccountKey={account.key}" if account.key else f"SharedAccessSignature={account.sas}"
    protocol = urlsplit(account.url).scheme
    if account.suffix:
        place = f"EndpointSuffix={account.suffix}" if account.key else f"BlobEndpoint={account.url}"
        return f"DefaultEndpointsProtocol={protocol};{name}{secret};{place}"
    return f"DefaultEndpointsProtocol={protocol};{name}{secret};BlobEndpoint={account.url}"


def google_key(source: Source) -> str:
    """Return a service account's key file as one line of JSON.

    Raises:
        UnsupportedFormatError: The credential has a token instead.
    """
    key = source.text("service_account_credentials")
    if not key:
        raise UnsupportedFormatError(
            "This credential has a token. This format needs the key file of a service account.", field="format"
        )
    return key


def google_project(source: Source) -> str:
    """Return the project of a service account's key."""
    return str(cast("dict[str, object]", json.loads(google_key(source)))["project_id"])


def swift_version(source: Source) -> str:
    """Return the version of Swift's log-in: as chosen, else as the address ends."""
    chosen = source.text("auth_version")
    found = re.search(r"/v(\d)(?:\.\d)?/?$", source.text("auth"))
    return chosen if chosen not in {"", "0"} else (found[1] if found else "3")


def swift_environment(source: Source) -> dict[str, str]:
    """Return the variables of OpenStack's own tools; those of version 1 are named otherwise."""
    if swift_version(source) == "1":
        return {"ST_AUTH": source.text("auth"), "ST_USER": source.text("user"), "ST_KEY": source.text("key")}
    return {variable: source.text(key) for variable, key in SWIFT_VARIABLES.items() if source.text(key)}


SWIFT_VARIABLES = {
    "OS_AUTH_URL": "auth",
    "OS_REGION_NAME": "region",
    "OS_USERNAME": "user",
    "OS_USER_ID": "user_id",
    "OS_PASSWORD": "key",
    "OS_PROJECT_NAME": "tenant",
    "OS_TENANT_NAME": "tenant",
    "OS_TENANT_ID": "tenant_id",
    "OS_USER_DOMAIN_NAME": "domain",
    "OS_PROJECT_DOMAIN_NAME": "tenant_domain",
    "OS_STORAGE_URL": "storage_url",
    "OS_AUTH_TOKEN": "auth_token",
    "OS_APPLICATION_CREDENTIAL_ID": "application_credential_id",
    "OS_APPLICATION_CREDENTIAL_NAME": "application_credential_name",
    "OS_APPLICATION_CREDENTIAL_SECRET": "application_credential_secret",
}
"""Variable → field (restic, doc/030_preparing_a_new_repo.rst; python-swiftclient)."""

"""Microsoft Azure Blob Storage."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import SplitResult, urlsplit

from webapp.core.fields import Attributes, Field, Kind, Level, OneOf, Problem, RcloneOption, Rule, Value
from webapp.core.providers.base import Provider, Reply
from webapp.core.providers.common import CA_CERTIFICATE, is_base64, verify_target
from webapp.core.verification.states import State

PORTAL = "https://portal.azure.com/#browse/Microsoft.Storage%2FStorageAccounts"
PRINCIPAL = "Service principal"


def _parts(url: Value) -> SplitResult:
    """Return the parts of an address; empty ones when it is none."""
    try:
        return urlsplit(str(url))
    except ValueError:
        return urlsplit("")


FIELDS = (
    Field(
        "account",
        "Account Name",
        "The storage account's name.",
        link=PORTAL,
        redacted=False,
        guards_secrets=True,
        rules=(
            Rule(
                lambda value: bool(re.fullmatch(r"[A-Za-z0-9.-]+", str(value))),
                "An account name has letters and digits only; it is not an address.",
                pattern=r"^[A-Za-z0-9.-]*$",
            ),
        ),
        rclone=RcloneOption("account"),
    ),
    Field(
        "key",
        "Account Key",
        "One of the two keys of the storage account, in base64.",
        Kind.SECRET,
        long_help="In the portal: **Storage account > Security + networking > Access keys**.",
        link=PORTAL,
        rules=(Rule(is_base64, "An account key is base64; it ends with == as a rule. Copy all of it."),),
        rclone=RcloneOption("key"),
    ),
    Field(
        "sas_url",
        "SAS URL",
        "Instead of a key: a shared access signature with its address.",
        Kind.SECRET,
        long_help="The container that a SAS is for is put under *Container to verify*: outside of it nothing is asked.",
        placeholder="https://account.blob.core.windows.net/container?sv=…",
        limit=4096,
        rules=(
            Rule(
                lambda value: _parts(value).scheme in {"http", "https"} and "sig=" in str(value),
                "A SAS URL begins with https:// and has a signature (sig=) in it. Copy the whole address.",
            ),
        ),
        rclone=RcloneOption("sas_url"),
    ),
    Field(
        "endpoint",
        "Endpoint",
        "The address of another cloud or an emulator. Leave empty for public Azure.",
        Kind.URL,
        placeholder="https://account.blob.core.usgovcloudapi.net",
        guards_secrets=True,
        rclone=RcloneOption("endpoint"),
    ),
    verify_target("Container"),
    Field(
        "tenant",
        "Tenant ID",
        "Instead of a key: the directory of a service principal.",
        group=PRINCIPAL,
        guards_secrets=True,
        rclone=RcloneOption("tenant"),
    ),
    Field("client_id", "Client ID", "The application's ID.", group=PRINCIPAL, rclone=RcloneOption("client_id")),
    Field(
        "client_secret",
        "Client Secret",
        "A secret of the application; its value, not its ID.",
        Kind.SECRET,
        group=PRINCIPAL,
        rclone=RcloneOption("client_secret"),
    ),
    CA_CERTIFICATE,
)

REPLIES = (
    # learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes
    Reply(
        r"KeyBasedAuthenticationNotPermitted",
        State.INVALID,
        "This storage account takes no account keys. Use a service principal, or allow them under its Configuration.",
        "key",
    ),
    Reply(
        r"AccountIsDisabled",
        State.INVALID,
        "The storage account is disabled. Its subscription in the portal says why.",
        "account",
    ),
    Reply(
        r"not authorized to perform this operation\.|operation using this (network|source IP)",
        State.INVALID,
        "Azure lets nobody in from this address. Look at the account's Networking, and at the addresses that a SAS allows.",
    ),
    Reply(
        r"AuthenticationFailed|AuthorizationFailure|Server failed to authenticate",
        State.INVALID,
        "Azure rejected this SAS. It has ended, was revoked, or is for another container.",
        "sas_url",
        when="sas_url",
    ),
    Reply(
        r"AuthenticationFailed|AuthorizationFailure|InvalidAuthenticationInfo|Server failed to authenticate",
        State.INVALID,
        "Azure rejected this key, or the account name is not the one it belongs to.",
        "key",
    ),
    Reply(
        r"AADSTS90002\d?\b", State.INVALID, "Microsoft Entra ID knows no such tenant. Check the tenant ID.", "tenant"
    ),
    Reply(
        r"AADSTS700016\b",
        State.INVALID,
        "There is no application with this client ID in the tenant. Check both.",
        "client_id",
    ),
    Reply(
        r"AADSTS7000222\b",
        State.INVALID,
        "The client secret has ended. Make a new one for the application.",
        "client_secret",
    ),
    Reply(
        r"ClientSecretCredential|AADSTS|invalid_client",
        State.INVALID,
        "Azure rejected the service principal. Check tenant, client ID and client secret.",
        "client_secret",
    ),
    Reply(r"illegal base64", State.MISCONFIGURED, "The account key is not base64. Copy all of it.", "key"),
    Reply(
        r"AuthorizationPermissionMismatch|AuthorizationResourceTypeMismatch|AuthorizationServiceMismatch",
        State.VALID_LIMITED,
        "Azure accepted this credential, but it may not list in this container. Allow listing to have it looked into.",
        "verify_target",
        when="verify_target",
    ),
    Reply(
        r"AuthorizationPermissionMismatch|AuthorizationResourceTypeMismatch|AuthorizationServiceMismatch",
        State.VALID_LIMITED,
        "Azure accepted this credential, but it may not list here. Name its container under Container to verify.",
        "verify_target",
    ),
    Reply(r"ContainerNotFound", State.MISCONFIGURED, "There is no such container in this account.", "verify_target"),
    Reply(r"ResourceNotFound", State.MISCONFIGURED, "There is no such account at this endpoint.", "account"),
    Reply(r"InvalidQueryParameterValue", State.MISCONFIGURED, "The endpoint does not name the account.", "endpoint"),
)


def _checks(attributes: Attributes) -> Iterable[Problem]:
    account = str(attributes.get("account", ""))
    if account and "endpoint" not in attributes and not re.fullmatch(r"[a-z0-9]{3,24}", account):
        message = "Accounts of public Azure have 3 to 24 small letters and digits. Is it complete?"
        yield Problem("account", message, Level.WARNING)
    if _is_container_sas(str(attributes.get("sas_url", ""))) and "verify_target" not in attributes:
        yield Problem("sas_url", "This SAS is for one container, and its address names none. Copy the whole address.")


def _is_container_sas(url: str) -> bool:
    return "sr=c" in _parts(url).query.split("&")


def _with_container(raw: Mapping[str, object]) -> Mapping[str, object]:
    """Take the container to verify from a SAS of one container.

    Elsewhere rclone would answer from the address alone, without asking Azure (rclone, backend/azureblob: a container
    SAS lists its own container at the root).
    """
    url = str(raw.get("sas_url") or "").strip()
    container = _parts(url).path.strip("/").rpartition("/")[2] if _is_container_sas(url) else ""
    return {**raw, "verify_target": container} if container and not raw.get("verify_target") else raw


AZUREBLOB = Provider(
    "AZUREBLOB",
    "Microsoft Azure Blob Storage",
    "Object storage of Microsoft Azure.",
    "brand-azure",
    FIELDS,
    "azureblob",
    bucket_word="Container",
    target="verify_target",
    one_of=(
        OneOf(
            (("account", "key"), ("sas_url",), ("account", "tenant", "client_id", "client_secret")),
            "Enter an account name and its key, or a SAS URL, or an account name and a service principal; only one way.",
            "key",
            exclusive=True,
        ),
    ),
    checks=(_checks,),
    expand=_with_container,
    replies=REPLIES,
    hint=("account",),
    link=PORTAL,
)

"""OpenStack Swift."""

from __future__ import annotations

from collections.abc import Iterable

from webapp.core.fields import Attributes, Choice, Field, Kind, OneOf, Problem, RcloneOption
from webapp.core.providers.base import Provider, Reply
from webapp.core.providers.common import ADVANCED, CA_CERTIFICATE, shown_for, verify_target
from webapp.core.verification.states import State

APPLICATION = "Application credential"
V3 = shown_for("auth_version", "0", "3")
V2_V3 = shown_for("auth_version", "0", "2", "3")


def _field(key: str, label: str, help_text: str, **more: object) -> Field:
    """All keys are rclone's own option names."""
    return Field(key, label, help_text, rclone=RcloneOption(key), **more)  # type: ignore[arg-type]  Field's own parts


FIELDS = (
    _field("user", "User Name", "OS_USERNAME of the OpenStack credentials file.", guards_secrets=True),
    _field("key", "API Key or Password", "OS_PASSWORD of the OpenStack credentials file.", kind=Kind.SECRET),
    _field(
        "auth",
        "Authentication URL",
        "OS_AUTH_URL: the address where the log-in happens.",
        kind=Kind.URL,
        placeholder="https://auth.example.com/v3",
        guards_secrets=True,
        choices=(
            Choice("https://auth.api.rackspacecloud.com/v1.0", "Rackspace US"),
            Choice("https://lon.auth.api.rackspacecloud.com/v1.0", "Rackspace UK"),
            Choice("https://identity.api.rackspacecloud.com/v2.0", "Rackspace v2"),
            Choice("https://auth.storage.memset.com/v1.0", "Memset Memstore UK"),
            Choice("https://auth.storage.memset.com/v2.0", "Memset Memstore UK v2"),
            Choice("https://auth.cloud.ovh.net/v3", "OVH"),
            Choice("https://authenticate.ain.net", "Blomp Cloud Storage"),
        ),
    ),
    _field(
        "auth_version",
        "AuthVersion",
        "Set this when the address does not end with the version.",
        kind=Kind.CHOICE,
        default="0",
        choices=(Choice("0", "By the address"), Choice("1", "v1"), Choice("2", "v2"), Choice("3", "v3 (Keystone)")),
    ),
    _field("tenant", "Tenant Name", "OS_PROJECT_NAME: the project's name (v2 and v3).", shown_when=V2_V3),
    _field("domain", "User Domain", "OS_USER_DOMAIN_NAME (v3).", placeholder="Default", shown_when=V3),
    verify_target("Container"),
    _field("tenant_id", "Tenant ID", "OS_PROJECT_ID: instead of the tenant's name.", group=ADVANCED, shown_when=V2_V3),
    _field("user_id", "User ID", "OS_USER_ID: instead of the user's name (v3).", group=ADVANCED, shown_when=V3),
    _field("tenant_domain", "Tenant Domain", "OS_PROJECT_DOMAIN_NAME (v3).", group=ADVANCED, shown_when=V3),
    _field(
        "auth_token",
        "Auth Token",
        "A ready-made token from elsewhere; it ends within hours.",
        kind=Kind.SECRET,
        limit=8192,
        group=ADVANCED,
    ),
    _field(
        "application_credential_id",
        "Application Credential ID",
        "Its identifier (v3).",
        group=APPLICATION,
        shown_when=V3,
    ),
    _field(
        "application_credential_name",
        "Application Credential Name",
        "Its name, with the user's name, instead of its ID.",
        group=APPLICATION,
        shown_when=V3,
    ),
    _field(
        "application_credential_secret",
        "Application Credential Secret",
        "Its secret; shown once, when it is made.",
        kind=Kind.SECRET,
        group=APPLICATION,
        shown_when=V3,
    ),
    _field("region", "Region Name", "OS_REGION_NAME, where there are several.", group="Endpoint", guards_secrets=True),
    _field(
        "storage_url",
        "Storage URL",
        "OS_STORAGE_URL: used instead of the address that the log-in names.",
        kind=Kind.URL,
        group="Endpoint",
        guards_secrets=True,
    ),
    _field(
        "endpoint_type",
        "Endpoint Type",
        "Which address of the catalogue is used.",
        kind=Kind.CHOICE,
        choices=(
            Choice("", "Public"),
            Choice("public", "Public"),
            Choice("internal", "Internal"),
            Choice("admin", "Admin"),
        ),
        group="Endpoint",
    ),
    CA_CERTIFICATE,
)

REPLIES = (
    Reply(
        r"Authorization Failed|Bad Request.*auth",
        State.INVALID,
        "The service rejected this application credential. Check its ID and secret, and that it has not ended.",
        "application_credential_secret",
        when="application_credential_secret",
    ),
    Reply(
        r"Authorization Failed|Bad Request.*auth",
        State.INVALID,
        "The service rejected this log-in. Check user, password, and for v3 the domains and the project.",
        "key",
    ),
    Reply(
        r"Can't find AuthVersion",
        State.MISCONFIGURED,
        "The address does not say which version it speaks. Choose it under AuthVersion.",
        "auth_version",
    ),
    Reply(
        r"didn't have storage url",
        State.MISCONFIGURED,
        "The log-in worked, but no storage in this region belongs to it. Check the region, then the tenant.",
        "region",
        when="region",
    ),
    Reply(
        r"didn't have storage url",
        State.MISCONFIGURED,
        "The log-in worked, but no storage belongs to it. Check tenant and region.",
        "tenant",
    ),
    Reply(r"Container Not Found", State.MISCONFIGURED, "There is no such container.", "verify_target"),
)


def _checks(attributes: Attributes) -> Iterable[Problem]:
    """Keystone finds a user by name only within a domain."""
    named = {"user", "key", "auth"} <= attributes.keys() and attributes.get("auth_version") == "3"
    if named and not attributes.keys() & {"domain", "user_id", "application_credential_secret"}:
        yield Problem("domain", "Enter the user's domain, such as Default, or the user ID under Advanced.")
    if attributes.get("auth_version") == "2" and not attributes.keys() & {"tenant", "tenant_id", "auth_token"}:
        yield Problem("tenant", "Enter the tenant's name or its ID.")


OPENSTACK_SWIFT = Provider(
    "OPENSTACK_SWIFT",
    "OpenStack Swift",
    "Object storage of OpenStack clouds.",
    "openstack",
    FIELDS,
    "swift",
    bucket_word="Container",
    target="verify_target",
    one_of=(
        OneOf(
            (
                ("user", "key", "auth"),
                ("user_id", "key", "auth"),
                ("auth_token", "storage_url"),
                ("auth_token", "auth"),
                ("application_credential_id", "application_credential_secret", "auth"),
                ("application_credential_name", "application_credential_secret", "user", "auth"),
            ),
            "Enter user, password and authentication URL, or an application credential, or a token and its storage URL.",
            "user",
        ),
    ),
    checks=(_checks,),
    replies=REPLIES,
    hint=("user", "tenant", "auth"),
)

"""What the pairing with a TrueNAS asks for, as data. Labels and keys are TrueNAS's own where it has them."""

from __future__ import annotations

from collections.abc import Iterable

from webapp.core.errors import PermanentError
from webapp.core.fields import Attributes, Field, FieldSet, Kind, OneOf, Problem
from webapp.core.ssh.fields import CIPHER, KEYPAIR_OF, MORE, timeout_field, username_field
from webapp.core.ssh.truenas.address import parse
from webapp.core.ssh.truenas.transport import fingerprint

UNENCRYPTED = "allow_http"


def _with_scheme(text: str) -> str:
    """Return an address with its scheme; https is meant when none was typed."""
    text = text.strip()
    return text if "://" in text or not text else f"https://{text}"


def _encryption(attributes: Attributes) -> Iterable[Problem]:
    """Refuse what would send the password unencrypted, unless the person said so; an API key never goes that way."""
    try:
        address = parse(str(attributes.get("url", "")))
    except PermanentError as error:
        yield Problem("url", error.message)
        return
    if address.encrypted:
        return
    if attributes.get("api_key"):
        yield Problem("url", "An API key is never sent over http: the remote would revoke it. Use https://.")
    elif not attributes.get(UNENCRYPTED):
        yield Problem(
            "url",
            "Over http everyone on the way can read the password. Use https://, or allow it under More Options.",
        )


TRUENAS = FieldSet(
    "A TrueNAS",
    (
        Field(
            "url",
            "TrueNAS URL",
            "The address of its web interface, with its scheme; IPv6 in square brackets.",
            Kind.URL,
            placeholder="https://10.231.3.76",
            required=True,
            normalize=_with_scheme,
        ),
        Field(
            "admin_username",
            "Admin Username",
            "Who logs in at that web interface: root, truenas_admin or another full administrator.",
            default="root",
        ),
        Field("password", "Admin Password", "Used once for this set-up and never stored.", Kind.SECRET),
        Field(
            "api_key",
            "API Key",
            "In the place of the password. Used once and never stored, and never sent over http.",
            Kind.SECRET,
        ),
        Field(
            "otp_token",
            "One-Time Password (if necessary)",
            "The current code, when the account has two-factor authentication.",
            Kind.SECRET,
        ),
        username_field(),
        Field(
            "sudo",
            "Enable passwordless sudo for zfs commands",
            "Lets a user other than root run zfs, as replication needs it.",
            Kind.BOOLEAN,
        ),
        Field(
            KEYPAIR_OF,
            "Private Key",
            "The keypair that logs in; its public half is added to those of the user.",
            Kind.KEYPAIR,
            required=True,
        ),
        Field(
            "certificate",
            "Certificate Fingerprint",
            "Only when the certificate cannot be verified: the SHA-256 fingerprint of the one to trust.",
            group=MORE,
            placeholder="AB:CD:EF:…",
            normalize=fingerprint,
        ),
        Field(
            UNENCRYPTED,
            "Allow http",
            "Sends the password unencrypted. Only in a network where nobody can listen.",
            Kind.BOOLEAN,
            group=MORE,
        ),
        Field(
            "home",
            "Folder for a new home directory",
            "Only when the user has no home directory yet: where one is made.",
            placeholder="/mnt/tank/home",
            group=MORE,
        ),
        CIPHER,
        timeout_field(),
    ),
    one_of=(
        OneOf(
            (("password",), ("api_key",)),
            "Enter the admin password or an API key, not both.",
            "password",
            exclusive=True,
        ),
    ),
    checks=(_encryption,),
)

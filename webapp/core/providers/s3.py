"""Amazon S3 and everything that speaks its protocol."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from webapp.core.fields import Attributes, Choice, Field, Kind, Level, Problem, RcloneOption, Rule
from webapp.core.providers import s3_vendors
from webapp.core.providers.base import Provider, Reply
from webapp.core.providers.common import (
    ADVANCED,
    CA_CERTIFICATE,
    NO_BLANKS,
    NO_PATH,
    verify_target,
    with_scheme,
)
from webapp.core.verification.states import State

PARTS = range(1, 10_001)
SCALEWAY_PARTS = 1000
"""Parts of a multipart upload that Scaleway takes, as TrueNAS sets it."""

AWS_KEY = re.compile(r"(AKIA|ASIA)[A-Z0-9]{16}")
OTHER_SIGNATURE = "other-v2-signature"
"""The region that makes rclone leave the region out and sign with version 2."""

FIELDS = (
    Field(
        "provider",
        "Vendor",
        "Who runs the storage. It decides endpoints, regions and small differences of the protocol.",
        Kind.CHOICE,
        default="AWS",
        choices=s3_vendors.choices("provider"),
        guards_secrets=True,
        rclone=RcloneOption("provider"),
    ),
    Field(
        "access_key_id",
        "Access Key ID",
        "The identifier of the key pair.",
        long_help="AWS: **My account > Security Credentials > Access Keys**. Make a key for backups alone.",
        link="https://console.aws.amazon.com/iam/home#/security_credentials",
        required=True,
        redacted=True,
        guards_secrets=True,
        rules=(NO_BLANKS,),
        rclone=RcloneOption("access_key_id"),
    ),
    Field(
        "secret_access_key",
        "Secret Access Key",
        "The secret half of the key pair; vendors show it once, when it is made.",
        Kind.SECRET,
        long_help="If it is lost, make a new key pair. It may hold `/`, `+`, `=` and `-`.",
        link="https://console.aws.amazon.com/iam/home#/security_credentials",
        required=True,
        rules=(NO_BLANKS,),
        rclone=RcloneOption("secret_access_key"),
    ),
    Field(
        "endpoint",
        "Endpoint URL",
        "The address of the service. Leave empty for AWS.",
        Kind.URL,
        long_help="Without a bucket in it. Vendors name it in their documentation on S3; suggestions depend on the vendor.",
        placeholder="https://s3.example.com",
        choices=s3_vendors.choices("endpoint"),
        guards_secrets=True,
        rules=(NO_PATH,),
        normalize=with_scheme,
        rclone=RcloneOption("endpoint"),
    ),
    Field(
        "region",
        "Region",
        "Where the buckets are. Leave empty when the vendor has no regions.",
        Kind.SUGGESTION,
        long_help="For AWS an empty region means us-east-1. For Cloudflare R2 it is `auto`.",
        placeholder="eu-central-1",
        choices=s3_vendors.choices("region"),
        guards_secrets=True,
        rules=(
            Rule(
                lambda value: bool(re.fullmatch(r"[A-Za-z0-9_-]*", str(value))),
                "A region has letters, digits and hyphens only, such as eu-central-1.",
                pattern=r"^[A-Za-z0-9_-]*$",
            ),
        ),
        rclone=RcloneOption("region"),
    ),
    verify_target("Bucket"),
    Field(
        "session_token",
        "Session Token",
        "Only for temporary keys, whose access key ID begins with ASIA.",
        Kind.LONG_SECRET,
        group=ADVANCED,
        rclone=RcloneOption("session_token", lambda value: "".join(str(value).split())),
    ),
    Field(
        "force_path_style",
        "Addressing",
        "Whether the bucket stands in the path or in the host name.",
        Kind.CHOICE,
        choices=(
            Choice("", "As the vendor wants it"),
            Choice("true", "In the path (https://host/bucket)"),
            Choice("false", "In the host name (https://bucket.host)"),
        ),
        group=ADVANCED,
        rclone=RcloneOption("force_path_style"),
    ),
    Field(
        "max_upload_parts",
        "Maximum Upload Parts",
        "Most parts of a multipart upload. Lower it for a service that does not take 10,000.",
        Kind.INTEGER,
        default=10_000,
        group=ADVANCED,
        rules=(Rule(lambda value: int(value) in PARTS, "This is a number from 1 to 10000."),),
        rclone=RcloneOption("max_upload_parts"),
    ),
    Field(
        "skip_region",
        "Disable Endpoint Region",
        "Send no region. For old services of your own that do not know regions.",
        Kind.BOOLEAN,
        group=ADVANCED,
    ),
    Field(
        "signatures_v2",
        "Use Signature Version 2",
        "Sign with the old version 2. For old services of your own only.",
        Kind.BOOLEAN,
        group=ADVANCED,
        rclone=RcloneOption("v2_auth", lambda value: "true" if value else ""),
    ),
    Field(
        "sign_accept_encoding",
        "Sign Accept-Encoding",
        "Turn this off when a proxy between here and the service rewrites that header.",
        Kind.CHOICE,
        choices=(Choice("", "As the vendor wants it"), Choice("true", "Sign it"), Choice("false", "Leave it out")),
        group=ADVANCED,
        rclone=RcloneOption("sign_accept_encoding"),
    ),
    CA_CERTIFICATE,
)

REPLIES = (
    Reply(
        r"InvalidAccessKeyId",
        State.INVALID,
        "The service does not know this access key ID. Check it, and that it belongs to this vendor and endpoint.",
        "access_key_id",
    ),
    Reply(
        r"SignatureDoesNotMatch",
        State.INVALID,
        "The secret access key does not belong to this access key ID. Enter it again, or make a new key pair.",
        "secret_access_key",
    ),
    Reply(
        r"InvalidToken|ExpiredToken|InvalidSecurity",
        State.INVALID,
        "The session token is wrong or has ended. Temporary keys need a new one.",
        "session_token",
    ),
    Reply(
        r"AuthorizationHeaderMalformed|PermanentRedirect|IllegalLocationConstraint|301 Moved|InvalidRegion",
        State.MISCONFIGURED,
        "The region is wrong for this key or bucket. Choose the region in which the bucket was made.",
        "region",
    ),
    Reply(
        r"NoSuchBucket",
        State.MISCONFIGURED,
        "There is no such bucket at this service. Check its name.",
        "verify_target",
    ),
    Reply(
        r"RequestTimeTooSkewed",
        State.MISCONFIGURED,
        "The clock of this machine is wrong by more than the service allows. Set it and try again.",
    ),
    Reply(
        r"AccountProblem|NotSignedUp",
        State.INVALID,
        "The vendor has closed or not yet opened this account. Log in at the vendor to see why.",
    ),
)


def _checks(attributes: Attributes) -> Iterable[Problem]:
    vendor = attributes.get("provider", "AWS")
    if vendor != "AWS" and "endpoint" not in attributes:
        yield Problem("endpoint", "Enter the endpoint URL: only AWS has one that is found by the region.")
    key = str(attributes.get("access_key_id", ""))
    if vendor == "AWS" and "endpoint" not in attributes and key and not AWS_KEY.fullmatch(key):
        yield Problem(
            "access_key_id", "AWS keys have 20 characters and begin with AKIA or ASIA. Is it complete?", Level.WARNING
        )
    if key.startswith("ASIA") and vendor == "AWS" and "session_token" not in attributes:
        yield Problem("session_token", "A temporary key (ASIA…) works only with its session token.", Level.WARNING)


def _options(attributes: Attributes) -> Mapping[str, str]:
    """Derive what TrueNAS derives when a task runs, so that a check tests what a task will do."""
    options: dict[str, str] = {}
    if attributes.get("skip_region"):
        options["region"] = OTHER_SIGNATURE if attributes.get("signatures_v2") else ""
    host = urlsplit(str(attributes.get("endpoint", ""))).hostname or ""
    if host.endswith(".scw.cloud") and attributes.get("max_upload_parts", PARTS[-1]) == PARTS[-1]:
        options["max_upload_parts"] = str(SCALEWAY_PARTS)
    return options


S3 = Provider(
    "S3",
    "Amazon S3",
    "Amazon S3 and every service that speaks its protocol: Wasabi, MinIO, Cloudflare R2, Ceph and others.",
    "brand-aws",
    FIELDS,
    "s3",
    bucket_word="Bucket",
    target="verify_target",
    checks=(_checks,),
    options=_options,
    write_options={"no_check_bucket": "true"},
    replies=REPLIES,
    hint=("access_key_id", "endpoint", "region"),
    link="https://console.aws.amazon.com/iam/home#/security_credentials",
)

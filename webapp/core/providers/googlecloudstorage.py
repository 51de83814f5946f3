"""Google Cloud Storage with a service account."""

from __future__ import annotations

import json
from collections.abc import Mapping

from webapp.core.fields import Attributes, Field, Kind, RcloneOption
from webapp.core.providers.base import Provider, Reply
from webapp.core.providers.common import (
    ADVANCED,
    GOOGLE_PROJECT,
    service_account,
    service_account_summary,
    verify_target,
)
from webapp.core.verification.states import State

PAGE = "https://console.cloud.google.com/iam-admin/serviceaccounts"
KEY = "service_account_credentials"

FIELDS = (
    Field(
        KEY,
        "Service Account Key",
        "The JSON key file of a service account. Choose the file or paste what it holds.",
        Kind.FILE_SECRET,
        long_help="In Google's console: **IAM > Service accounts > Keys > Add key > JSON**.",
        link=PAGE,
        required=True,
        normalize=service_account,
        rclone=RcloneOption(KEY),
    ),
    verify_target("Bucket"),
    Field(
        "bucket_policy_only",
        "Uniform bucket access",
        "Set this when the bucket has uniform bucket-level access, which new buckets have.",
        Kind.BOOLEAN,
        group=ADVANCED,
        rclone=RcloneOption("bucket_policy_only"),
    ),
)

REPLIES = (
    *GOOGLE_PROJECT,
    Reply(
        r"invalid_grant|Invalid JWT|account not found|cannot fetch token",
        State.INVALID,
        "Google rejected this key: it was deleted or belongs to another account. Make a new key for it.",
        KEY,
    ),
    Reply(
        r"private key should be a PEM|error processing credentials",
        State.MISCONFIGURED,
        "The key file is damaged.",
        KEY,
    ),
    Reply(r"Error 401|authError", State.INVALID, "Google rejected this key.", KEY),
)


def _options(attributes: Attributes) -> Mapping[str, str]:
    """Listing buckets needs the project; its ID is accepted where rclone says number."""
    key = attributes.get(KEY)
    return {"project_number": str(json.loads(str(key))["project_id"])} if key else {}


GOOGLE_CLOUD_STORAGE = Provider(
    "GOOGLE_CLOUD_STORAGE",
    "Google Cloud Storage",
    "Object storage of Google Cloud.",
    "googlecloudstorage",
    FIELDS,
    "google cloud storage",
    bucket_word="Bucket",
    target="verify_target",
    options=_options,
    replies=REPLIES,
    summarize=service_account_summary(KEY),
    link=PAGE,
)

"""What a provider's own words mean: texts as vendors print them, against what a person is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from servers.kinds import rclone

from webapp.core.providers import PROVIDERS
from webapp.core.validation import check
from webapp.core.verification.replies import classify
from webapp.core.verification.states import State
from webapp.core.verification.verifier import Verifier

S3 = "operation error S3: ListBuckets, https response error StatusCode: 403, RequestID: 1, HostID: , api error "
AZURE = "GET https://acc.blob.core.windows.net/\nRESPONSE 403: 403 {said}\nERROR CODE: {code}\n"
NETWORK = AZURE.format(code="AuthorizationFailure", said="This request is not authorized to perform this operation.")
NO_KEYS = AZURE.format(
    code="KeyBasedAuthenticationNotPermitted", said="Key based authentication is not permitted on this storage account."
)
MISMATCH = AZURE.format(
    code="AuthorizationPermissionMismatch",
    said="This request is not authorized to perform this operation using this permission.",
)
DISABLED = AZURE.format(code="AccountIsDisabled", said="The account being accessed is disabled.")
NO_API = "googleapi: Error 403: {api} has not been used in project 12 before or it is disabled. accessNotConfigured"
BILLING = (
    "googleapi: Error 403: The billing account for the owning project is disabled in state absent, accountDisabled"
)
NO_BUCKETS = "googleapi: Error 403: a@b.iam does not have storage.buckets.list access to the project., forbidden"


@pytest.mark.parametrize(
    ("provider", "given", "text", "state", "field", "said"),
    [
        ("S3", "", S3 + "AccessDenied: Access Denied", State.VALID_LIMITED, "verify_target", "was accepted"),
        ("S3", "", S3 + "UserSuspended", State.INVALID, "verify_target", "one bucket only?"),
        ("S3", "", S3 + "Forbidden: Forbidden", State.INVALID, "verify_target", "one bucket only?"),
        ("AZUREBLOB", "key", NO_KEYS, State.INVALID, "key", "takes no account keys"),
        ("AZUREBLOB", "key", DISABLED, State.INVALID, "account", "is disabled"),
        ("AZUREBLOB", "key", NETWORK, State.INVALID, "", "Networking"),
        ("AZUREBLOB", "key", MISMATCH, State.VALID_LIMITED, "verify_target", "Name its container"),
        ("AZUREBLOB", "verify_target", MISMATCH, State.VALID_LIMITED, "verify_target", "in this container"),
        ("B2", "verify_target", "unauthorized (401 unauthorized)", State.VALID_LIMITED, "verify_target", "this bucket"),
        ("GOOGLE_CLOUD_STORAGE", "", NO_BUCKETS, State.VALID_LIMITED, "verify_target", "was accepted"),
        ("GOOGLE_CLOUD_STORAGE", "", BILLING, State.INVALID, "", "billing"),
        ("GOOGLE_CLOUD_STORAGE", "", NO_API, State.MISCONFIGURED, "", "API is not enabled"),
        ("GOOGLE_DRIVE", "token", NO_API, State.MISCONFIGURED, "", "API is not enabled"),
        ("GOOGLE_PHOTOS", "token", NO_API, State.MISCONFIGURED, "", "API is not enabled"),
        ("DROPBOX", "token", "missing_scope/..", State.INVALID, "token", "Tick the permissions"),
        ("WEBDAV", "bearer_token", "401 Unauthorized", State.INVALID, "bearer_token", "bearer token"),
        ("FTP", "", "500 AUTH not understood", State.MISCONFIGURED, "encryption", "does not offer explicit TLS"),
        ("FTP", "", "421 Too many connections", State.UNREACHABLE, "", "too many connections"),
        (
            "SFTP",
            "key_pem",
            "unable to authenticate, attempted methods [none]",
            State.INVALID,
            "user",
            "no such log-in",
        ),
        (
            "SFTP",
            "key_pem",
            "ssh: key is not password protected",
            State.MISCONFIGURED,
            "key_file_pass",
            "no passphrase",
        ),
        ("MEGA", "", "500 Internal Server Error", State.UNREACHABLE, "", "fault of its own"),
    ],
)
def test_a_refusal_is_told_for_what_it_is(
    provider: str, given: str, text: str, state: State, field: str, said: str
) -> None:
    found = classify(PROVIDERS[provider], text, {given: "x"} if given else {})
    assert (found.state, found.field) == (state, field), found
    assert said in found.message


@pytest.mark.server
def test_a_share_that_may_only_be_read_is_not_said_to_be_no_share(verifier: Verifier, tmp_path: Path) -> None:
    with rclone.serving("webdav", tmp_path, "--read-only") as port:
        checked = check(PROVIDERS["WEBDAV"], {"url": f"http://127.0.0.1:{port}", "vendor": "OTHER"})
        result = verifier.verify(checked.provider, checked.attributes, write=True)
    said = "Reading works, writing does not. The provider refuses it: its own words stand below."
    assert (result.state, result.message, result.field) == (State.INVALID, said, ""), result
    assert "404" in result.detail

"""How each provider's verification was proven, case by case: by which test, against what.

A test holds every name here against the tests themselves, so that nothing in the table is a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from webapp.core.providers import PROVIDERS


class Case(StrEnum):
    """What may happen; the value is the table's heading."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EXPIRED = "ended"
    DENIED = "no permission"
    UNREACHABLE = "unreachable"
    PLACE = "wrong region or drive"
    RENEWED = "renewed by a check"


REAL = "core/verification/servers/test_real_servers.py::"
FAKE = "core/verification/servers/test_clouds.py::"
NO_END = "not possible: its keys and passwords have no end"
NO_PLACE = "not possible: it has neither"
NO_RENEWAL = "not possible: there is nothing to renew"
NO_RIGHTS = "not possible: no server here tells it apart from a rejected key"
NOT_YET = "not proven"
GONE = "not possible: the service is gone"

OAUTH: Mapping[Case, str] = {
    Case.ACCEPTED: f"{FAKE}test_accepted",
    Case.REJECTED: f"{FAKE}test_an_unknown_token_is_invalid_at_its_field",
    Case.EXPIRED: f"{FAKE}test_one_that_was_revoked_says_to_log_in_again",
    Case.DENIED: f"{FAKE}test_denied",
    Case.UNREACHABLE: f"{FAKE}test_out_of_reach",
    Case.PLACE: NO_PLACE,
    Case.RENEWED: f"{FAKE}test_an_ended_token_is_renewed_and_handed_back",
}
PLAIN: Mapping[Case, str] = {
    Case.EXPIRED: NO_END,
    Case.DENIED: NOT_YET,
    Case.UNREACHABLE: NOT_YET,
    Case.PLACE: NO_PLACE,
    Case.RENEWED: NO_RENEWAL,
}

PROOFS: Mapping[str, Mapping[Case, str]] = {
    "S3": {
        **PLAIN,
        Case.ACCEPTED: f"{REAL}test_right",
        Case.REJECTED: f"{REAL}test_wrong_secret_and_wrong_id",
        Case.DENIED: f"{REAL}test_a_good_key_that_may_not_list_all_buckets_is_limited_and_told_what_to_do",
        Case.UNREACHABLE: f"{REAL}test_nothing_there",
        Case.PLACE: f"{REAL}test_missing_bucket",
    },
    "B2": {
        **PLAIN,
        Case.ACCEPTED: f"{FAKE}test_right_wrong_and_missing",
        Case.REJECTED: f"{FAKE}test_right_wrong_and_missing",
        Case.UNREACHABLE: f"{FAKE}test_out_of_reach",
        Case.PLACE: f"{FAKE}test_right_wrong_and_missing",
    },
    "BOX": OAUTH,
    "DROPBOX": OAUTH,
    "FTP": {**PLAIN, Case.ACCEPTED: f"{REAL}test_right_and_wrong", Case.REJECTED: f"{REAL}test_right_and_wrong"},
    "GOOGLE_CLOUD_STORAGE": {
        **PLAIN,
        Case.ACCEPTED: f"{FAKE}test_right_wrong_and_unknown",
        Case.REJECTED: f"{FAKE}test_right_wrong_and_unknown",
        Case.DENIED: f"{FAKE}test_buckets",
        Case.UNREACHABLE: f"{FAKE}test_out_of_reach",
        Case.PLACE: f"{FAKE}test_buckets",
    },
    "GOOGLE_DRIVE": {**OAUTH, Case.PLACE: NOT_YET},
    "GOOGLE_PHOTOS": OAUTH,
    "HTTP": {
        **PLAIN,
        Case.ACCEPTED: f"{REAL}test_open_closed_denied_missing",
        Case.REJECTED: f"{REAL}test_open_closed_denied_missing",
        Case.DENIED: f"{REAL}test_open_closed_denied_missing",
    },
    "HUBIC": dict.fromkeys(Case, GONE),
    "MEGA": {
        **PLAIN,
        Case.ACCEPTED: f"{FAKE}test_right_then_wrong_password_of_the_same_user",
        Case.REJECTED: f"{FAKE}test_right_then_wrong_password_of_the_same_user",
        Case.DENIED: NO_RIGHTS,
        Case.UNREACHABLE: f"{FAKE}test_out_of_reach",
    },
    "AZUREBLOB": {
        **PLAIN,
        Case.ACCEPTED: f"{REAL}test_account_key",
        Case.REJECTED: f"{REAL}test_wrong_key_and_unknown_account",
        Case.EXPIRED: NOT_YET,
        Case.DENIED: f"{REAL}test_container_signature",
    },
    "ONEDRIVE": {**OAUTH, Case.PLACE: f"{FAKE}test_a_drive_that_is_not_there"},
    "OPENSTACK_SWIFT": {
        **PLAIN,
        Case.ACCEPTED: f"{REAL}test_keystone",
        Case.REJECTED: f"{REAL}test_keystone",
        Case.DENIED: f"{REAL}test_a_user_of_one_container",
        Case.PLACE: NOT_YET,
    },
    "PCLOUD": {
        **OAUTH,
        Case.PLACE: f"{FAKE}test_the_other_region_of_pcloud",
        Case.RENEWED: f"{FAKE}test_an_ended_token_is_renewed_and_handed_back",
    },
    "SFTP": {**PLAIN, Case.ACCEPTED: f"{REAL}test_password_and_key", Case.REJECTED: f"{REAL}test_wrong_ones"},
    "WEBDAV": {
        **PLAIN,
        Case.ACCEPTED: f"{REAL}test_webdav",
        Case.REJECTED: f"{REAL}test_wrong_password_and_a_forbidden_folder",
        Case.DENIED: f"{REAL}test_wrong_password_and_a_forbidden_folder",
    },
    "YANDEX": OAUTH,
}
"""By provider and case: the file and name of a test under `tests`, or why there is none."""


def table() -> str:
    """Return the table as Markdown."""
    head = f"| Provider | {' | '.join(Case)} |\n|{' --- |' * (len(Case) + 1)}"
    rows = (
        f"| {PROVIDERS[key].label} | {' | '.join(_cell(cases[case]) for case in Case)} |"
        for key, cases in PROOFS.items()
    )
    return "\n".join((head, *rows))


def _cell(proof: str) -> str:
    """Say against what: a real server, the fake internet, or why not."""
    kind = "real server" if proof.startswith(REAL) else "fake internet" if proof.startswith(FAKE) else ""
    return f"{kind}: `{proof.rpartition('::')[2]}`" if kind else proof

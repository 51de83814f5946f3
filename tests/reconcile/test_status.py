"""The status: what it says, that it is written only for a difference, and when an event is due."""

from __future__ import annotations

from typing import Any

from credential_operator.controller.status import (
    PENDING,
    Findings,
    Verdict,
    compute,
    condition,
    difference,
    transition,
    verdict_of,
)
from credential_operator.reasons import MEANING, Reason, Trouble, reasons_table
from webapp.core.verification.states import State

OUT = {"name": "out", "format": "rclone", "hash": "h", "resourceVersion": "5"}
LOST = Trouble(Reason.SOURCE_NOT_FOUND, "There is no Secret.")


def status(
    old: dict[str, Any], trouble: Trouble | None = None, verdict: Verdict | None = PENDING, **more: Any
) -> dict[str, Any]:
    given: dict[str, Any] = {"secrets": [OUT], "sources": [], "provider": "S3"} | more
    return compute(old, 1, Findings(trouble=trouble, verdict=verdict, **given))


def test_a_synced_resource_is_ready_and_its_verification_runs() -> None:
    new = status({})
    assert [(item["type"], item["status"]) for item in new["conditions"]] == [
        ("Ready", "True"),
        ("SecretsSynced", "True"),
        ("Verified", "Unknown"),
    ]
    assert condition(new, "Ready")["observedGeneration"] == new["observedGeneration"] == 1


def test_what_did_not_change_is_not_written() -> None:
    old = status({})
    assert difference(old, status(old)) == {}
    assert difference(old, status(old, verdict=None)) == {}


def test_only_what_changed_is_written_and_a_time_moves_with_its_status_alone() -> None:
    old = status({})
    for item in old["conditions"]:
        item["lastTransitionTime"] = "2020-01-01T00:00:00Z"
    new = status(old, verdict=verdict_of(State.VALID, "Fine."))
    assert set(difference(old, new)) == {"conditions"}
    assert condition(new, "Ready")["lastTransitionTime"] == "2020-01-01T00:00:00Z"
    assert condition(new, "Verified")["lastTransitionTime"] > "2026"


def test_a_trouble_is_in_ready_and_the_verdict_stays() -> None:
    old = status({}, verdict=verdict_of(State.VALID, "Fine."))
    new = status(old, LOST, verdict=None)
    assert condition(new, "Ready")["reason"] == "SourceNotFound"
    assert condition(new, "SecretsSynced")["status"] == "False"
    assert condition(new, "Verified")["status"] == "True"


def test_secrets_may_be_right_in_spite_of_a_trouble() -> None:
    new = status({}, Trouble(Reason.PERMISSION_MISSING, "Not allowed."), synced=True)
    assert condition(new, "Ready")["reason"] == "PermissionMissing"
    assert condition(new, "SecretsSynced")["status"] == "True"


def test_an_event_is_said_once_on_the_way_down_and_once_on_the_way_up() -> None:
    fine = status({})
    assert transition({}, fine) is None
    lost = status(fine, LOST)
    assert transition(fine, lost) == ("Warning", "SourceNotFound", "There is no Secret.")
    assert transition(lost, status(lost, LOST)) is None
    assert (transition(lost, status(lost)) or ("",))[0] == "Normal"


def test_a_rejected_credential_is_an_event() -> None:
    fine = status({})
    rejected = status(fine, verdict=verdict_of(State.INVALID, "Wrong key."))
    assert transition(fine, rejected) == ("Warning", "CredentialRejected", "Wrong key.")
    assert transition(rejected, status(rejected, verdict=verdict_of(State.INVALID, "Wrong key."))) is None
    assert transition(rejected, status(rejected, verdict=verdict_of(State.VALID, "Fine."))) is not None


def test_every_state_has_a_verdict_and_every_reason_a_line() -> None:
    assert all(verdict_of(state, "x").reason in Reason for state in State)
    assert set(MEANING) == set(Reason)
    assert reasons_table().count("\n") == len(Reason) + 2

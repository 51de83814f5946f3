"""Computes the status of a resource, and what of it has to be written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from credential_operator.reasons import CONDITIONS, Reason, Trouble
from webapp.core.verification.states import GOOD, State

OF_STATE: Mapping[State, Reason] = {
    State.VALID: Reason.ACCEPTED,
    State.VALID_LIMITED: Reason.LIMITED,
    State.REACHABLE: Reason.REACHABLE,
    State.INVALID: Reason.REJECTED,
    State.UNREACHABLE: Reason.UNREACHABLE,
    State.MISCONFIGURED: Reason.MISCONFIGURED,
    State.UNSUPPORTED: Reason.UNSUPPORTED,
    State.CANCELLED: Reason.PENDING,
}
LONGEST = 1024
"""Characters of a message; the API server allows far more, a terminal does not."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of the credential.

    Attributes:
        status: True, False or Unknown.
        reason: For programs.
        message: A sentence for people.
    """

    status: str
    reason: Reason
    message: str


PENDING = Verdict("Unknown", Reason.PENDING, "The verification is under way.")
OFF = Verdict("Unknown", Reason.OFF, "Verification is turned off.")


def verdict_of(state: State, message: str) -> Verdict:
    """Return what the outcome of a verification says as a condition."""
    known = "Unknown" if state is State.CANCELLED else "True" if state in GOOD else "False"
    return Verdict(known, OF_STATE[state], message)


def timestamp(when: datetime | None = None) -> str:
    """Return a time as the API server has it."""
    return (when or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant(text: str) -> datetime | None:
    """Return such a time; nothing for what is none."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def moment(text: str) -> float:
    """Return such a time in seconds since 1970; 0 for what is none."""
    found = instant(text)
    return found.timestamp() if found else 0.0


@dataclass(frozen=True, slots=True)
class Findings:
    """What a look at a resource found, as far as its status tells it.

    Attributes:
        provider: Label of the provider.
        secrets: The outputs as they stand.
        sources: The Secrets that were read, with their versions.
        trouble: Why it is not ready; nothing when it is.
        verdict: What is known of the credential; nothing to leave what stands.
        last: The last verification; nothing to leave what stands.
        synced: Whether the Secrets are right in spite of the trouble.
    """

    provider: str
    secrets: Sequence[Mapping[str, str]]
    sources: Sequence[Mapping[str, str]]
    trouble: Trouble | None = None
    verdict: Verdict | None = None
    last: Mapping[str, str] | None = None
    synced: bool = False


def compute(old: Mapping[str, Any], generation: int, found: Findings, *, asked: int = 0) -> dict[str, Any]:
    """Return the whole status as it should be.

    Args:
        old: The status that stands.
        generation: The generation that was seen.
        found: What was found.
        asked: How many outputs the resource asks for.
    """
    last = found.last or old.get("lastVerification")
    return {
        "observedGeneration": generation,
        "conditions": _conditions(old, generation, found),
        "provider": found.provider,
        "synced": f"{len(found.secrets)}/{max(asked, len(found.secrets))}",
        "secrets": [dict(item) for item in found.secrets],
        "sources": [dict(item) for item in found.sources],
        **({"lastVerification": dict(last)} if last else {}),
    }


def _conditions(old: Mapping[str, Any], generation: int, found: Findings) -> list[dict[str, Any]]:
    """Return all conditions; those of which nothing was found stay as they are."""
    trouble, verdict = found.trouble, found.verdict
    ready = ("True", Reason.SYNCED, synced_sentence(len(found.secrets)))
    failed = ("False", trouble.reason, trouble.message) if trouble else ready
    wanted = {
        "Ready": failed,
        "SecretsSynced": ready if found.synced else failed,
        "Verified": (verdict.status, verdict.reason, verdict.message) if verdict else None,
    }
    before = {item["type"]: item for item in old.get("conditions") or ()}
    return [_condition(name, wanted[name], before.get(name), generation) for name in CONDITIONS]


def synced_sentence(count: int) -> str:
    """Return what Ready says of the outputs."""
    return "The Secret is as it should be." if count == 1 else f"{count} Secrets are as they should be."


def _condition(
    name: str, wanted: tuple[str, Reason, str] | None, before: Mapping[str, Any] | None, generation: int
) -> dict[str, Any]:
    if wanted is None:
        wanted = (before["status"], before["reason"], before["message"]) if before else ("Unknown", *_PENDING)
    status, reason, message = wanted
    since = before["lastTransitionTime"] if before and before["status"] == status else timestamp()
    return {
        "type": name,
        "status": status,
        "reason": str(reason),
        "message": message[:LONGEST],
        "lastTransitionTime": since,
        "observedGeneration": generation,
    }


_PENDING = (Reason.PENDING, "There was nothing to verify yet.")


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members that have to be written, empty when nothing has; what is gone becomes null."""
    changed = {key: value for key, value in new.items() if old.get(key) != value}
    return changed | dict.fromkeys(old.keys() - new.keys())


def condition(status: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a condition of a status; empty when it has none of that name."""
    return next((item for item in status.get("conditions") or () if item.get("type") == name), {})


def transition(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """Return type, reason and message of the event that a change of status deserves; nothing when it deserves none.

    A success from the start is no news. A trouble is, once; and its end is.
    """
    before, after = condition(old, "Ready"), condition(new, "Ready")
    if (before.get("status"), before.get("reason")) == (after["status"], after["reason"]):
        return _verified_transition(old, new)
    if after["status"] == "False":
        return "Warning", after["reason"], after["message"]
    if before.get("status") == "False":
        return "Normal", after["reason"], after["message"]
    return _verified_transition(old, new)


def _verified_transition(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, str, str] | None:
    before, after = condition(old, "Verified"), condition(new, "Verified")
    if after["status"] == "False" and (before.get("status"), before.get("reason")) != ("False", after["reason"]):
        return "Warning", after["reason"], after["message"]
    if after["status"] == "True" and before.get("status") == "False":
        return "Normal", after["reason"], after["message"]
    return None


def versions(status: Mapping[str, Any], part: str) -> dict[str, str]:
    """Return the versions that a status names under `sources` or `secrets`."""
    return {item["name"]: item.get("resourceVersion", "") for item in status.get(part) or ()}

"""Credentials and checks as JSON has them: the same in the API and on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from webapp.core.errors import CredentialError
    from webapp.core.fields import Problem, Value
    from webapp.core.service import User
    from webapp.core.store import Credential
    from webapp.core.store.credentials import Verification
    from webapp.core.store.logins import Logins
    from webapp.core.verification.states import Result


def one_line(text: str) -> str:
    """Return a text as one line without control characters, which could move a terminal's cursor."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def moment(when: datetime | None) -> str | None:
    """Return a time as JSON has it, in UTC."""
    return when.astimezone(UTC).isoformat(timespec="seconds") if when else None


def hint(credential: Credential) -> str:
    """Return what tells this account from another one; never a secret."""
    from webapp.core.providers import PROVIDERS  # noqa: PLC0415  the help text needs no providers

    found = PROVIDERS.get(credential.provider)
    keys = found.hint if found else ()
    return one_line(" · ".join(str(credential.attributes[key]) for key in keys if key in credential.attributes))


def summary(credential: Credential) -> dict[str, Any]:
    """Return a credential without its values, for JSON."""
    return {
        "id": credential.id,
        "name": credential.name,
        "provider": credential.provider,
        "hint": hint(credential),
        "version": credential.version,
        "created": moment(credential.created),
        "changed": moment(credential.changed),
        "changed_by": credential.changed_by,
        "verification": verification(credential),
        "damaged": credential.damaged,
    }


def summaries(found: Sequence[Credential], logins: Logins) -> list[dict[str, Any]]:
    """Return credentials without their values and with who is logged in, for JSON."""
    needing, accounts = logins.needing(), logins.accounts(one.id for one in found)
    return [{**summary(one), "account": accounts.get(one.id, ""), "needs_login": one.id in needing} for one in found]


def verification(credential: Credential) -> dict[str, Any] | None:
    """Return the last verification of a credential, for JSON."""
    last = credential.verification
    if last is None:
        return None
    return {
        "state": last.state,
        "message": last.message,
        "field": last.field,
        "detail": last.detail,
        "seconds": last.seconds,
        "at": moment(last.at),
        "state_since": moment(last.state_since),
    }


def outcome(result: Result | Verification) -> dict[str, Any]:
    """Return the answer of a check, for JSON."""
    return {
        "state": result.state,
        "message": result.message,
        "field": result.field,
        "detail": result.detail,
        "seconds": round(result.seconds, 4),
    }


def attributes(credential: Credential, *, reveal: bool) -> dict[str, Value]:
    """Return the values; secrets only when they were asked for."""
    from webapp.core.providers import provider  # noqa: PLC0415  the help text needs no providers
    from webapp.core.redaction import safe_attributes  # noqa: PLC0415

    return (
        dict(credential.attributes) if reveal else safe_attributes(provider(credential.provider), credential.attributes)
    )


def described(credential: Credential, *, reveal: bool) -> dict[str, Any]:
    """Return a credential with its values, for JSON."""
    return {**summary(credential), "attributes": attributes(credential, reveal=reveal)}


def user(found: User) -> dict[str, str]:
    """Return what would break without something; a keypair's user has its id and what deleting does to it, too."""
    return {key: getattr(found, key) for key in ("kind", "id", "name", "effect") if hasattr(found, key)}


def found_errors(error: CredentialError) -> list[tuple[str, str]]:
    """Return field and sentence of every finding that an error carries."""
    problems: Sequence[Problem] = getattr(error, "problems", ())
    found = [(one_line(problem.field)[:80], problem.message) for problem in problems if problem.level == "error"]
    return found or [(error.field, error.message)]

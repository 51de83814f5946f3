"""What vendors say when they refuse, as sentences that say what to do, each with the vendor's own code."""

from __future__ import annotations

import re
from dataclasses import dataclass

from webapp.core.errors import CredentialError, PermanentError, TransientError
from webapp.core.oauth.vendors import Vendor
from webapp.core.oauth.web import Answer, text

CODE = re.compile(r"AADSTS\d{4,8}|[A-Za-z][A-Za-z0-9_.-]{2,60}")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A sentence for errors that match; `later` when the same may work another time."""

    pattern: str
    message: str
    field: str = ""
    later: bool = False


REFUSALS = (
    Refusal(r"AADSTS7000222", "The client secret has ended. Make a new one at the app's page.", "client_secret"),
    Refusal(r"AADSTS7000218", "This app needs its client secret. Enter it.", "client_secret"),
    Refusal(
        r"AADSTS700082|AADSTS700084|AADSTS70043|AADSTS50173",
        "The log-in has ended. Log in at the provider again.",
        "token",
    ),
    Refusal(r"AADSTS50011|redirect_uri|invalid redirect", "The redirect address is not registered. Register it as it stands here."),
    Refusal(r"AADSTS90002|AADSTS900023", "There is no such tenant. Check the tenant ID.", "tenant"),
    Refusal(
        r"AADSTS700016",
        "There is no app with this client ID in this tenant. Check client ID and tenant ID.",
        "client_id",
    ),
    Refusal(
        r"AADSTS(50020|50194|9002346|500200)",
        "The app is not open to this account. Check tenant ID and the app's supported account types.",
        "tenant",
    ),
    Refusal(
        r"AADSTS(65001|65004|90094|900971)|admin_policy_enforced|org_internal|consent_required",
        "The app has not been allowed to do this. Somebody who administers the organisation may have to allow it.",
    ),
    Refusal(r"AADSTS53\d+", "The organisation's rules do not allow this log-in from here.", "token"),
    Refusal(
        r"AADSTS7000215|invalid_client|unauthorized_client|\b2000\b|app_not_found|invalid client",
        "The provider does not know this client. Check client ID and secret.",
        "client_id",
    ),
    Refusal(r"access_denied|authorization_declined", "The log-in was refused at the provider."),
    Refusal(r"expired_token|code_expired|AADSTS70020", "The time for this log-in is over. Begin again."),
    Refusal(r"invalid_scope|AADSTS70011|AADSTS650\d+", "The app may not ask for these rights. Tick them at the app's page."),
    Refusal(
        r"invalid_grant|bad_verification_code|AADSTS(70000|70008|54005|9002313)|\b2012\b",
        "The code is not good any more, or was made for another log-in. Begin again.",
    ),
    Refusal(
        r"rate.?limit|too_many|slow_down|temporarily_unavailable|AADSTS90033",
        "The provider asks to wait. Try again in a few minutes.",
        later=True,
    ),
)  # fmt: skip
"""The first that matches is meant."""


def refusal(vendor: Vendor, answer: Answer) -> CredentialError:
    """Return the sentence for an answer that is no token."""
    if answer.busy:
        return TransientError(f"{vendor.label}'s log-in has a fault or asks to wait. Try again later.")
    result = text(answer.values, "result")
    if result.strip("0"):  # pCloud's own numbers; the text beside them is for people
        return spoken(vendor, result, text(answer.values, "error"))
    return spoken(vendor, text(answer.values, "error"), description(answer))


def description(answer: Answer) -> str:
    """Return what stands beside an error's name."""
    values = answer.values
    return text(values, "error_description", limit=600) or text(values, "message", limit=600)


def spoken(vendor: Vendor, error: str, more: str = "") -> CredentialError:
    """Return the sentence for an error's name and description; of the description only a code is repeated."""
    both = f"{error} {more}"
    code = next(iter(re.findall(r"AADSTS\d{4,8}", both)), "") or _clean(error)
    found = next((known for known in REFUSALS if re.search(known.pattern, both, re.IGNORECASE)), None)
    sentence = found.message if found else f"{vendor.label} did not let this log-in pass. Begin again."
    said = f" ({vendor.label} says {code})" if code else ""
    kind = TransientError if found and found.later else PermanentError
    return kind(f"{sentence[:-1]}{said}." if said else sentence, field=found.field if found else "")


def _clean(error: str) -> str:
    return error if CODE.fullmatch(error) else (f"error {error}" if error.isdigit() else "")

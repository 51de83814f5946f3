"""Why a resource is in the state that it is in: the reasons of its conditions, as data.

The table in the documentation is written from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from webapp.core.errors import CredentialError


class Reason(StrEnum):
    """A reason of a condition."""

    SYNCED = "Synced"
    PROVIDER_INVALID = "ProviderInvalid"
    SOURCE_NOT_FOUND = "SourceNotFound"
    SOURCE_KEY_NOT_FOUND = "SourceKeyNotFound"
    SOURCE_UNDECODABLE = "SourceUndecodable"
    VALUE_INVALID = "ValueInvalid"
    SEALED_UNREADABLE = "SealedUnreadable"
    SEALED_FOR_ANOTHER = "SealedForAnother"
    NOT_PUBLISHED = "NotPublished"
    FORMAT_UNSUPPORTED = "FormatUnsupported"
    OPTION_INVALID = "OptionInvalid"
    OUTPUT_IS_SOURCE = "OutputIsSource"
    TARGET_CONFLICT = "TargetConflict"
    TOKEN_ENDED = "TokenEnded"
    VERIFYING = "Verifying"
    NOT_VERIFIED = "NotVerified"
    PERMISSION_MISSING = "PermissionMissing"
    STORE_UNAVAILABLE = "StoreUnavailable"
    API_ERROR = "APIError"
    ACCEPTED = "CredentialAccepted"
    LIMITED = "CredentialLimited"
    REACHABLE = "AddressReachable"
    REJECTED = "CredentialRejected"
    UNREACHABLE = "ProviderUnreachable"
    MISCONFIGURED = "CredentialMisconfigured"
    UNSUPPORTED = "ProviderUnsupported"
    PENDING = "VerificationPending"
    OFF = "VerificationOff"


MEANING: dict[Reason, tuple[str, str]] = {
    Reason.SYNCED: ("Every Secret is as it should be.", ""),
    Reason.PROVIDER_INVALID: ("The resource names a provider that this version cannot serve.", "Correct the resource."),
    Reason.SOURCE_NOT_FOUND: (
        "A Secret that the resource refers to is not there.",
        "Make it; it is noticed within two seconds.",
    ),
    Reason.SOURCE_KEY_NOT_FOUND: ("The Secret is there and lacks the key.", "Add the key, or name another one."),
    Reason.SOURCE_UNDECODABLE: ("The value under the key is no text in UTF-8.", "Write the value again."),
    Reason.VALUE_INVALID: (
        "A value breaks a rule of its field, or values do not go together.",
        "The message names the field.",
    ),
    Reason.SEALED_UNREADABLE: (
        "A sealed value cannot be opened with the keys of this server.",
        "Seal it anew: `backup-credentials seal`.",
    ),
    Reason.SEALED_FOR_ANOTHER: (
        "A sealed value was made for another namespace, resource or field.",
        "Seal the value for this place.",
    ),
    Reason.NOT_PUBLISHED: (
        "There is no credential of that name that was published to this namespace.",
        "Publish it in the web app.",
    ),
    Reason.FORMAT_UNSUPPORTED: (
        "A format cannot carry this provider. Nothing is written.",
        "The message names a format that works.",
    ),
    Reason.OPTION_INVALID: ("An option of an output cannot work.", "The message names the option."),
    Reason.OUTPUT_IS_SOURCE: (
        "An output has the name of a Secret that is also read. Nothing is written.",
        "Give the output another name.",
    ),
    Reason.TARGET_CONFLICT: (
        "A Secret of the output's name is there and is not this resource's.",
        "Choose another name, or annotate that Secret for adoption.",
    ),
    Reason.TOKEN_ENDED: (
        "The OAuth token has ended and could not be renewed.",
        "Log in at the provider again and put the new token into the Secret.",
    ),
    Reason.VERIFYING: ("The Secrets wait for a verification (`gate`).", "Wait."),
    Reason.NOT_VERIFIED: (
        "The changed credential does not verify; the last good Secrets stay (`gate`).",
        "Correct the credential.",
    ),
    Reason.PERMISSION_MISSING: (
        "The operator may not do what is needed; the message names verb and resource.",
        "Correct its role: `backup-credentials operator --check`.",
    ),
    Reason.STORE_UNAVAILABLE: (
        "The encrypted store cannot be used, or its seed is missing.",
        "See the log of the operator.",
    ),
    Reason.API_ERROR: (
        "The API server refuses a Secret: a quota or an admission rule forbids it, or others change it all the time.",
        "The message says which; it is tried again by itself.",
    ),
    Reason.ACCEPTED: ("The provider accepted the credential.", ""),
    Reason.LIMITED: ("The key was accepted and may not list.", "Name a bucket under `verification.target`."),
    Reason.REACHABLE: ("The address answers; nothing there asks for a credential.", ""),
    Reason.REJECTED: ("The provider rejected the credential.", "Correct the key."),
    Reason.UNREACHABLE: ("The provider does not answer.", "Check address and network policy."),
    Reason.MISCONFIGURED: ("The values cannot work together.", "The message says which."),
    Reason.UNSUPPORTED: ("The provider is gone.", "Use another one."),
    Reason.PENDING: ("A verification is due or runs.", "Wait."),
    Reason.OFF: ("No verification: an interval of 0 turns it off.", ""),
}
"""For every reason: what it means, and what to do."""

CONDITIONS = ("Ready", "SecretsSynced", "Verified")
"""The conditions, in the order of the status."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a resource is not ready.

    Attributes:
        reason: For programs.
        message: A sentence for people; never with a value.
        retry: Whether waiting alone may help; otherwise something has to change first.
    """

    reason: Reason
    message: str
    retry: bool = False


class TroubleError(CredentialError):
    """Ends the work on a resource with its trouble."""

    def __init__(self, reason: Reason, message: str, *, retry: bool = False) -> None:
        super().__init__(message)
        self.trouble = Trouble(reason, message, retry)


def reasons_table() -> str:
    """Return the reasons as a table of Markdown."""
    head = "| Reason | Meaning | What to do |\n| --- | --- | --- |\n"
    return head + "".join(f"| `{reason}` | {meaning} | {action} |\n" for reason, (meaning, action) in MEANING.items())


def told_together(problems: Sequence[TroubleError]) -> TroubleError:
    """Return the first of several troubles with the sentences of all that have its reason."""
    reason = problems[0].trouble.reason
    alike = [found.trouble for found in problems if found.trouble.reason is reason]
    return TroubleError(reason, " ".join(found.message for found in alike), retry=any(found.retry for found in alike))

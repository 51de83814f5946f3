"""What a provider is: its fields, how rclone is told about it, how it is checked and what its replies mean."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from webapp.core.fields import Attributes, CrossCheck, Field, OneOf, Value, with_defaults
from webapp.core.verification.states import State


class Support(StrEnum):
    """How far a provider can be used."""

    SUPPORTED = "supported"
    LIMITED = "limited"
    """Works with restrictions that `Provider.note` names."""
    UNSUPPORTED = "unsupported"
    """Kept and imported, but not offered for new credentials."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a text in a provider's error reply means for a person.

    Attributes:
        pattern: A regular expression searched in rclone's error text, case-insensitively.
        state: The verification state it stands for.
        message: A whole sentence that says what to do.
        field: Key of the field the hint belongs to, or empty.
        when: Key of a field that the credential must have; empty for any credential.
    """

    pattern: str
    state: State
    message: str
    field: str = ""
    when: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """The cheapest request that proves a credential (reference table: `help/verification.md`).

    Attributes:
        method: `list` (one directory listing), `about` (quota) or `none` (the provider is gone).
        path: What is listed when no target is named.
        success: The state that a positive answer stands for.
        message: The sentence of a positive answer.
    """

    method: str = "list"
    path: str = ""
    success: State = State.VALID
    message: str = "The provider accepted this credential."


@dataclass(frozen=True, slots=True)
class Provider:
    """One kind of cloud credential, declared once.

    Attributes:
        type: Name in stored records, import and export, as TrueNAS has it (`S3`, `B2`, `GOOGLE_DRIVE`).
        label: Name on the page.
        summary: One sentence on what it is for.
        icon: File name without suffix in `static/vendor/icons`.
        fields: In the order of the form.
        rclone_type: rclone's backend, or empty when rclone has none.
        bucket_word: `Bucket` or `Container` for bucket based providers, else empty.
        target: Key of the field that names the bucket (and folder) to verify, or empty.
        one_of: Sets of fields of which one must be complete.
        checks: Checks over several fields.
        options: Further rclone options derived from the values (region quirks, project number); they win over the
            fields' own mapping. An empty text removes an option.
        write_options: Options for the write check alone, such as leaving out the request that makes a bucket.
        probe: How it is verified.
        replies: What this provider's own error texts mean; tried before the general ones.
        hint: Keys whose values tell accounts apart in a list (user, account, access key id); never secrets.
        expand: Spreads a pasted text over several fields before anything is checked, such as a block of rclone.conf in
            the token field. Raises `CredentialError` with the field it belongs to.
        summarize: What a long secret holds, without its secret parts (project, client e-mail); shown as a preview.
        support: How far it works, and `note` says why.
        link: The vendor's page where keys are made.
    """

    type: str
    label: str
    summary: str
    icon: str
    fields: tuple[Field, ...]
    rclone_type: str
    bucket_word: str = ""
    target: str = ""
    one_of: tuple[OneOf, ...] = ()
    checks: tuple[CrossCheck, ...] = ()
    options: Callable[[Attributes], Mapping[str, str]] | None = None
    write_options: Mapping[str, str] = dataclasses.field(default_factory=dict[str, str])
    probe: Probe = Probe()
    replies: tuple[Reply, ...] = ()
    hint: tuple[str, ...] = ()
    expand: Callable[[Mapping[str, object]], Mapping[str, object]] | None = None
    summarize: Callable[[Attributes], Mapping[str, str]] | None = None
    support: Support = Support.SUPPORTED
    note: str = ""
    link: str = ""

    def field(self, key: str) -> Field:
        """Return a field by its key; raises KeyError for an unknown one."""
        return {field.key: field for field in self.fields}[key]

    def shown(self, attributes: Attributes) -> tuple[Field, ...]:
        """Return the fields that take part for these values; what is missing counts as its default, as in the form."""
        filled = with_defaults(self.fields, attributes)
        return tuple(field for field in self.fields if field.is_shown(filled))

    def secret_values(self, attributes: Attributes) -> tuple[Value, ...]:
        """Return what must never be seen: the values of secret fields."""
        return tuple(attributes[field.key] for field in self.fields if field.secret and field.key in attributes)

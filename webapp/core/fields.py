"""Fields as data: what a provider asks for, declared once.

The web form, its validation, the JSON schema, the custom resource, the documentation, redaction and the rclone
configuration are all derived from these declarations (webapp/help/architecture.md). Nobody writes a second list of
field names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

Value = str | int | bool
"""One stored value."""

Attributes = Mapping[str, Value]
"""The values of a credential by field key. Empty optional fields are left out."""

TEXT_LIMIT = 1024
"""Characters that a plain text may have, as in TrueNAS."""

LONG_LIMIT = 64 * 1024
"""Characters that a long text such as a JSON key file may have."""


class Kind(StrEnum):
    """How a field is typed in and which values it takes."""

    TEXT = "text"
    SECRET = "secret"
    LONG_TEXT = "long-text"
    """Several lines that are no secret, such as a CA certificate."""
    LONG_SECRET = "long-secret"
    """Several lines that are secret: a JSON token, a PEM key."""
    FILE_SECRET = "file-secret"
    """A long secret that is usually uploaded as a file."""
    INTEGER = "integer"
    PORT = "port"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    """One of `choices` and nothing else."""
    SUGGESTION = "suggestion"
    """A text with `choices` to pick from."""
    URL = "url"
    HOST = "host"
    KEYPAIR = "keypair"
    """The name of a stored SSH keypair."""


LONG_KINDS = frozenset({Kind.LONG_TEXT, Kind.LONG_SECRET, Kind.FILE_SECRET})
SECRET_KINDS = frozenset({Kind.SECRET, Kind.LONG_SECRET, Kind.FILE_SECRET})


class Level(StrEnum):
    """What a finding means for saving."""

    ERROR = "error"
    """It cannot work; saving is refused."""
    WARNING = "warning"
    """It is unusual; saving is allowed."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding about a value: a sentence on the field it belongs to (empty key: the whole form)."""

    field: str
    message: str
    level: Level = Level.ERROR


@dataclass(frozen=True, slots=True)
class Choice:
    """A value to pick, with its label; `only_for` limits it to values of another field, as rclone's examples do."""

    value: str
    label: str
    only_for: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rule:
    """A check of one value.

    Attributes:
        check: Returns true when the value is fine. Never called with an empty value.
        message: The sentence shown when it is not; it says what to do and never repeats the value.
        level: Whether the value cannot work or is only unusual.
        pattern: The same as a regular expression of ECMA-262, where there is one; the JSON schema carries it.
    """

    check: Callable[[Value], bool]
    message: str
    level: Level = Level.ERROR
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class ShownWhen:
    """Shows a field only while another field has one of these values (compared as text, `""` for empty)."""

    key: str
    values: frozenset[str]

    def holds(self, attributes: Attributes) -> bool:
        """Tell whether the field is shown for these values."""
        return as_text(attributes.get(self.key, "")) in self.values


def as_text(value: Value) -> str:
    """Return a value as rclone reads it: booleans as `true` and `false`, numbers in decimal."""
    return str(value).lower() if isinstance(value, bool) else str(value)


@dataclass(frozen=True, slots=True)
class RcloneOption:
    """Where a field goes in a remote's configuration.

    Attributes:
        name: The option's name in `rclone config providers`.
        transform: Value in, text out; the stored value stays as the user gave it.
        obscured: Whether rclone wants the text obscured (its `IsPassword`); done when the configuration is rendered.
        keep_empty: Whether the option is also written when the field is empty.
    """

    name: str
    transform: Callable[[Value], str] = as_text
    obscured: bool = False
    keep_empty: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One input of a provider.

    Attributes:
        key: The name in stored attributes, import and export; TrueNAS's own key where it has one.
        label: The name on the form.
        help: One sentence shown under the input.
        kind: How it is typed in.
        long_help: Where to find the value at the vendor; Markdown.
        link: Address of the vendor's page about it.
        placeholder: An example shown in the empty input.
        group: Empty for the basic group, else a group's title, such as `Advanced`.
        required: Whether it must have a value while it is shown. Sets of fields are a provider's `one_of`.
        default: The value a new form starts with, and what an empty field means.
        choices: Values to pick from.
        rules: Checks beyond those of the kind.
        shown_when: When the form shows it at all; hidden values are dropped on saving.
        secret: Whether it is masked when typed and never sent back. Defaults to what the kind says.
        redacted: Whether it is cut out of logs and messages though it is no secret, such as an access key id.
        guards_secrets: Whether changing it asks for the stored secrets again: they would go to another place.
        limit: Most characters.
        normalize: Applied to the typed text before anything is checked, such as turning a pasted token into JSON.
            Raises `CredentialError` with a sentence when it cannot.
        rclone: The option it becomes, or nothing when the provider maps it itself.
    """

    key: str
    label: str
    help: str
    kind: Kind = Kind.TEXT
    long_help: str = ""
    link: str = ""
    placeholder: str = ""
    group: str = ""
    required: bool = False
    default: Value | None = None
    choices: tuple[Choice, ...] = ()
    rules: tuple[Rule, ...] = ()
    shown_when: tuple[ShownWhen, ...] = ()
    secret: bool = field(default=False)
    redacted: bool = False
    guards_secrets: bool = False
    limit: int = 0
    normalize: Callable[[str], str] | None = None
    rclone: RcloneOption | None = None

    def __post_init__(self) -> None:
        """Fill in what the kind decides."""
        object.__setattr__(self, "secret", self.secret or self.kind in SECRET_KINDS)
        object.__setattr__(self, "limit", self.limit or (LONG_LIMIT if self.kind in LONG_KINDS else TEXT_LIMIT))

    def is_shown(self, attributes: Attributes) -> bool:
        """Tell whether the field takes part for these values: all of its conditions hold."""
        return all(condition.holds(attributes) for condition in self.shown_when)


def with_defaults(fields: Iterable[Field], attributes: Attributes) -> Attributes:
    """Return the values with the defaults of those that are missing."""
    return {field.key: field.default for field in fields if field.default is not None} | dict(attributes)


@dataclass(frozen=True, slots=True)
class OneOf:
    """At least one of several sets of fields must be complete, such as an Azure key, a SAS or a service principal.

    Attributes:
        sets: Keys that belong together. An empty set means that nothing is fine, too.
        message: The sentence shown when no set is complete.
        field: Where the sentence is shown.
        exclusive: Whether two complete sets are an error as well.
    """

    sets: tuple[tuple[str, ...], ...]
    message: str
    field: str
    exclusive: bool = False


CrossCheck = Callable[[Attributes], Iterable[Problem]]
"""A check over several values of one credential."""

Expander = Callable[[Mapping[str, object]], Mapping[str, object]]
"""Spreads a pasted text over several fields before anything is checked; raises `CredentialError` with its field."""


class Declared(Protocol):
    """What validation needs to know of fields that belong together: a provider has it, and a `FieldSet`."""

    @property
    def label(self) -> str:
        """Name for people."""
        ...

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields in the order of the form."""
        ...

    @property
    def one_of(self) -> tuple[OneOf, ...]:
        """Sets of fields of which one must be complete."""
        ...

    @property
    def checks(self) -> tuple[CrossCheck, ...]:
        """Checks over several fields."""
        ...

    @property
    def expand(self) -> Expander | None:
        """Spreads a pasted text over several fields."""
        ...


@dataclass(frozen=True, slots=True)
class FieldSet:
    """Fields that belong together and are no provider: the options of a format, a connection, a keypair.

    Attributes:
        label: Name for people.
        fields: In the order of the form.
        one_of: Sets of fields of which one must be complete.
        checks: Checks over several fields.
        expand: Spreads a pasted text over several fields before anything is checked.
    """

    label: str
    fields: tuple[Field, ...]
    one_of: tuple[OneOf, ...] = ()
    checks: tuple[CrossCheck, ...] = ()
    expand: Expander | None = None

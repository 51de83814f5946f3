"""What a format is: one backup tool's own shape of a credential.

A format is pure: it reads nothing, writes nothing and asks nobody. What it is given has been checked, and an OAuth
token in it is fresh.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from webapp.core.errors import PermanentError
from webapp.core.fields import Attributes, Field, FieldSet, Value, as_text
from webapp.core.providers.base import Provider, Support

OPTION_OF_FIELD = {"token": "token"}
"""Options that speak of a field of the credential, with that field; without it they change nothing."""

OPAQUE = "Opaque"
"""The type of a Kubernetes Secret that has no other."""


class UnsupportedFormatError(PermanentError):
    """A format that cannot carry this credential; the sentence says why, and a way that works where there is one."""


@dataclass(frozen=True, slots=True)
class Source:
    """The credential that is handed out.

    Attributes:
        name: Its name, as people gave it.
        provider: Whose fields it has.
        attributes: Its values. The access token in them is fresh; of an SFTP credential with a stored keypair the
            private key stands in `key_pem`.
    """

    name: str
    provider: Provider
    attributes: Attributes = field(repr=False)

    def text(self, key: str) -> str:
        """Return a value as text; the field's default when it is empty, and nothing when there is no such field."""
        declared = next((field for field in self.provider.fields if field.key == key), None)
        default = declared.default if declared else None
        return as_text(self.attributes.get(key, "" if default is None else default))


@dataclass(frozen=True, slots=True)
class Rendered:
    """A credential in a tool's shape.

    Attributes:
        data: Value by key, as the keys of a Kubernetes Secret. A key is an environment variable's name unless it
            stands in `files`.
        secret_type: The type of the Kubernetes Secret.
        files: The keys that are files, each with the environment variable that names the file to the tool; an empty
            name when no variable does.
    """

    data: Mapping[str, bytes] = field(repr=False)
    secret_type: str = OPAQUE
    files: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def environment(self) -> dict[str, str]:
        """The data that are environment variables."""
        return {key: value.decode() for key, value in self.data.items() if key not in self.files}


@dataclass(frozen=True, slots=True)
class Names:
    """The names that a snippet speaks of.

    Attributes:
        credential: The credential's name.
        secret: The Kubernetes Secret's name.
        options: The options in use; secret ones are masked by the caller.
        provider: The credential's provider type.
    """

    credential: str
    secret: str
    options: Attributes = field(default_factory=dict[str, Value])
    provider: str = ""

    def option(self, key: str) -> str:
        """Return an option as text, empty when it is not set."""
        return as_text(self.options.get(key, ""))


@dataclass(frozen=True, slots=True)
class KeyNote:
    """A key that a format may write, and what stands in it."""

    name: str
    meaning: str


Carrier = Callable[[Source, Attributes], Mapping[str, str] | Rendered]
"""Turns a credential and the checked options into the tool's keys; texts are written in UTF-8."""


@dataclass(frozen=True, slots=True)
class Format:
    """One shape of a credential.

    Attributes:
        key: Its name in commands and resources, such as `restic`.
        label: Its name on the page.
        tool: The tool that reads it.
        summary: One sentence on what it is for.
        carriers: What is done for each provider type that it can carry.
        keys: The keys that it writes.
        usage: A short snippet of a manifest or a shell line for these names.
        options: What can be chosen. An option of a secret kind is the repository's own secret: it is given, or
            generated once and kept under the name in `kept_by`.
        kept_by: Key of the option that names the repository whose secret option is kept; empty when there is none.
        refusals: Why a provider type cannot be carried, and a way that works.
        own_text: Whether a text of the person's own decides what is written, also by choices between values.
        source: Where the keys are documented by the tool.
    """

    key: str
    label: str
    tool: str
    summary: str
    carriers: Mapping[str, Carrier]
    keys: tuple[KeyNote, ...]
    usage: Callable[[Names], str]
    options: tuple[Field, ...] = ()
    kept_by: str = ""
    refusals: Mapping[str, str] = field(default_factory=dict[str, str])
    own_text: bool = False
    source: str = ""

    @property
    def providers(self) -> tuple[str, ...]:
        """The provider types that it can carry."""
        return tuple(self.carriers)

    def options_for(self, provider: Provider) -> tuple[Field, ...]:
        """Return the options that say something about this provider: what happens with a token needs one."""
        keys = {field.key for field in provider.fields}
        return tuple(option for option in self.options if OPTION_OF_FIELD.get(option.key, "") in keys | {""})

    @property
    def option_set(self) -> FieldSet:
        """Its options as a set of fields."""
        return FieldSet(self.label, self.options)

    @property
    def kept_options(self) -> tuple[Field, ...]:
        """The options that are secrets of the repository: given or generated once, never generated again."""
        return tuple(option for option in self.options if option.secret)

    def refusal(self, provider: Provider) -> str:
        """Return why it cannot carry this provider; empty when it can."""
        if provider.type in self.carriers:
            return ""
        if provider.support is Support.UNSUPPORTED:
            return f"{provider.label} cannot be used any more. {provider.note}"
        general = f"{self.tool} cannot reach {provider.label}."
        return self.refusals.get(provider.type) or self.refusals.get("", "").format(label=provider.label) or general

    def produce(self, source: Source, options: Attributes) -> Rendered:
        """Return the credential in this shape.

        Raises:
            UnsupportedFormatError: It cannot carry this credential.
        """
        carrier = self.carriers.get(source.provider.type)
        if carrier is None:
            raise UnsupportedFormatError(self.refusal(source.provider), field="format")
        made = carrier(source, options)
        return made if isinstance(made, Rendered) else Rendered(encoded(made))


def encoded(values: Mapping[str, str]) -> dict[str, bytes]:
    """Return texts as bytes; empty ones are left out."""
    return {key: text.encode() for key, text in values.items() if text}

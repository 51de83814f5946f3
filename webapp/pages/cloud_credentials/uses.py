"""A credential handed to one tool: what the page of it shows."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from webapp.core.errors import CredentialError
from webapp.core.fields import Field, as_text
from webapp.core.formats import Format, Names
from webapp.core.formats.delivery import resource_name
from webapp.core.formats.masking import MASKED
from webapp.core.formats.options import optional
from webapp.core.providers.base import Provider
from webapp.core.store import Credential
from webapp.core.store.repositories import Repository
from webapp.core.validation import InvalidValuesError
from webapp.pages.access import runtime
from webapp.pages.drafts import Draft
from webapp.pages.drawing import Shown

PROGRAM = "backup-credentials"


@dataclass(slots=True)
class Use:
    """Everything that the page of a credential and a format shows.

    Attributes:
        raw: Options as typed, by key; secret ones among them are never shown.
        secret_name: Name of the Kubernetes Secret.
        errors: Sentences by option; the empty key is the whole.
        password_error: What is wrong with the person's own password.
        preview: Text by key with secrets masked; empty while options are missing.
        revealed: Text by key with secrets, once asked for.
    """

    credential: Credential
    provider: Provider
    format: Format
    draft: Draft
    raw: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    secret_name: str = ""
    errors: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    password_error: str = ""
    preview: Mapping[str, str] = field(default_factory=dict[str, str])
    revealed: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)

    def value(self, option: Field) -> str:
        """Return what stands in an input; nothing for a secret."""
        return "" if option.secret else self.raw.get(option.key, as_text(option.default or ""))

    def shown(self, option: Field) -> Shown:
        """Return how an option stands in the form."""
        return Shown(
            self.value(option),
            tuple(self.errors.get(option.key, ())),
            kept=option.secret and option.key in self.draft.secrets,
            offered=option.choices,
        )

    @property
    def options(self) -> tuple[Field, ...]:
        """The options in the form; a repository's secret may stay empty, since one is generated then."""
        listed = self.format.options_for(self.provider)
        return tuple(optional(option) if option.secret else option for option in listed)

    @property
    def general_errors(self) -> list[str]:
        """What is wrong with the whole rather than with an option."""
        known = {option.key for option in self.options}
        return [message for key, found in self.errors.items() if key not in known for message in found]

    @property
    def wrong(self) -> bool:
        """Tell whether something must be corrected first."""
        return bool(self.errors or self.password_error)

    @property
    def repository(self) -> Repository | None:
        """The repository whose secret is kept already under the name in the form."""
        name = self.raw.get(self.format.kept_by, "")
        kept = runtime().store.repositories.list(self.credential.id)
        return next((one for one in kept if one.name == name), None)

    @property
    def names(self) -> Names:
        """The names that the snippet speaks of."""
        secret = {option.key for option in self.options if option.secret}
        filled = {option.key: self.value(option) for option in self.options if self.value(option)}
        masked = filled | dict.fromkeys(secret, MASKED)
        secret_name = self.secret_name or resource_name(self.credential.name)
        return Names(self.credential.name, secret_name, masked, self.credential.provider)

    @property
    def usage(self) -> str:
        """The format's own snippet."""
        return self.format.usage(self.names)

    @property
    def commands(self) -> str:
        """The same on the command line; secrets are never arguments."""
        options = " ".join(f"--option {shlex.quote(f'{key}={value}')}" for key, value in self._plain_options())
        named = f"{shlex.quote(self.credential.name)} --format {self.format.key} {options}".rstrip()
        tool = self.format.tool.split()[0].lower()
        return f"{PROGRAM} export {named}\n{PROGRAM} exec {named} -- {tool if tool in RUNNABLE else 'COMMAND'}\n"

    def _plain_options(self) -> list[tuple[str, str]]:
        """Return the options that differ from their defaults and may be seen."""
        plain = [option for option in self.options if not option.secret and self.value(option)]
        return [(one.key, self.value(one)) for one in plain if self.value(one) != as_text(one.default or "")]

    def refuse(self, error: CredentialError) -> None:
        """Take a sentence to the option that it is about."""
        if isinstance(error, InvalidValuesError):
            self.errors |= error.checked.errors
        else:
            self.errors.setdefault(error.field, []).append(error.message)

    def look(self) -> None:
        """Make the masked preview; what is missing or wrong becomes an error."""
        try:
            self.preview = runtime().formats.preview(self.credential.id, self.format.key, self.raw)
        except CredentialError as error:
            self.refuse(error)


RUNNABLE = frozenset({"restic", "rclone", "kopia", "pgbackrest"})
"""Tools whose name is the command that is typed."""

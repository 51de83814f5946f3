"""A form made from declared fields: of a provider, of a connection, of the options of a tool.

Every area builds its forms on this one, so that kept secrets, drafts and errors behave the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from flask import request
from markupsafe import Markup

from webapp.core.fields import Attributes, Choice, Declared, Field, Kind, as_text
from webapp.core.ssh.choosing import NEW
from webapp.core.ssh.keys import KEY_TYPES
from webapp.core.validation import Findings, choices_for
from webapp.core.verification.states import Result
from webapp.pages.access import runtime
from webapp.pages.drafts import Draft, merged
from webapp.pages.drawing import Shown, draw_field

PREFIX = "value."
"""Stands before a field's key in the form, which has names of its own."""

PRIVATE_KEY = "PRIVATE KEY-----"
"""Stands in the first line of every private key in PEM."""


@dataclass(slots=True)
class FieldsForm:
    """What the template of a form shows; `macros/field.html` draws it.

    Attributes:
        declared: Whose fields they are.
        draft: What waits on the server.
        name: What the name's input holds.
        values: Texts by field key; never a secret.
        checked: The findings of the last check of the values.
        name_error: What is wrong with the name.
    """

    declared: Declared
    draft: Draft
    name: str = ""
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    checked: Findings | None = None
    name_error: str = ""

    @property
    def refresh(self) -> str:
        """Address that draws the fields again when a value decides about others; empty when there is none."""
        return ""

    @property
    def stored_version(self) -> int | None:
        """Version of the stored record that is edited; nothing for a new one."""
        return None

    @property
    def version(self) -> str:
        """The version that the person saw: shown again, a form must not pass for one made of a newer version."""
        stored = "" if self.stored_version is None else str(self.stored_version)
        return request.form.get("version") or self.draft.typed.get("version") or stored

    @property
    def secret_dates(self) -> Mapping[str, datetime]:
        """When each stored secret was changed."""
        return {}

    def drawn(self, result: Result | None) -> Iterator[tuple[str, bool, Markup]]:
        """Give each group: its title, whether it is open, its fields as they are shown."""
        filled, deciding = self.filled, self.deciding
        for title, listed in self.groups:
            shown = (draw_field(known, self.shown(known, result, filled, deciding)) for known in listed)
            yield title, self.opened(listed), Markup().join(shown)

    def shown(self, known: Field, result: Result | None, filled: Mapping[str, str], deciding: frozenset[str]) -> Shown:
        """Return how a field stands in this form."""
        again = known.key in deciding or known.kind is Kind.FILE_SECRET  # what a file holds is told at once
        return Shown(
            visible(known, filled),
            tuple(self.errors(known)),
            tuple(self.warnings(known)),
            self.stored_on(known),
            self.kept(known),
            self.offered(known, filled),
            self.refresh if again else "",
            self.answer(known, result),
            self.beside(known),
        )

    @property
    def groups(self) -> list[tuple[str, list[Field]]]:
        """Return the shown fields by group, the basic ones first."""
        filled = self.filled
        shown = [known for known in self.declared.fields if known.is_shown(filled)]
        titles = list(dict.fromkeys(known.group for known in shown))
        order = sorted(shown, key=lambda known: titles.index(known.group))
        found = [(title, list(fields)) for title, fields in groupby(order, key=lambda known: known.group)]
        return sorted(found, key=lambda pair: pair[0] != "")

    @property
    def filled(self) -> dict[str, str]:
        """Return values with defaults where nothing stands."""
        defaults = {known.key: as_text(known.default) for known in self.declared.fields if known.default is not None}
        return defaults | {key: value for key, value in self.values.items() if value}

    @property
    def may_generate(self) -> bool:
        """Tell whether a keypair may be made for what this form is about."""
        return True

    def beside(self, known: Field) -> Markup:  # noqa: ARG002  forms that put something there look at the field
        """Return what stands under a field's input: buttons, fingerprints."""
        return Markup()

    def offered(self, known: Field, filled: Mapping[str, str]) -> tuple[Choice, ...]:
        """Return the choices of a field for these values."""
        if known.kind is Kind.KEYPAIR:
            return keypair_choices(generate=self.may_generate)
        return choices_for(known, filled)

    @property
    def deciding(self) -> frozenset[str]:
        """Return the keys of fields that other fields or choices depend on; choices may depend on any of the others."""
        fields = self.declared.fields
        named = {shown.key for known in fields for shown in known.shown_when}
        choosing = {known.key for known in fields if any(choice.only_for for choice in known.choices)}
        return frozenset(known.key for known in fields if known.key in named or choosing - {known.key})

    def stored_on(self, known: Field) -> datetime | None:
        """Return when a stored secret was changed; nothing when there is none."""
        return self.secret_dates.get(known.key) if known.secret else None

    def kept(self, known: Field) -> bool:
        """Tell whether a typed secret waits on the server."""
        return known.secret and known.key in self.draft.secrets

    def errors(self, known: Field) -> list[str]:
        """Return what cannot work in a field."""
        return self.checked.errors.get(known.key, []) if self.checked else []

    def warnings(self, known: Field) -> list[str]:
        """Return what is unusual in a field."""
        return self.checked.warnings.get(known.key, []) if self.checked else []

    def answer(self, known: Field, result: Result | None) -> str:
        """Return what the other side said about this very field."""
        return result.message if result and not result.good and result.field == known.key else ""

    @property
    def summary(self) -> list[tuple[str, str]]:
        """Return every error with the id of its input."""
        named = [("field-name", self.name_error)] if self.name_error else []
        errors = self.checked.errors if self.checked else {}
        keys = {known.key for known in self.declared.fields}
        return named + [
            (f"field-{key}" if key in keys else "", message) for key, found in errors.items() for message in found
        ]

    def opened(self, fields: list[Field]) -> bool:
        """Tell whether a folded group must be open: one of several ways to log in, an error, a value of its own."""
        ways = {key for one_of in self.declared.one_of for keys in one_of.sets for key in keys}
        return any(
            known.key in ways or self.errors(known) or self.kept(known) or self.stored_on(known) or self.differs(known)
            for known in fields
        )

    def differs(self, known: Field) -> bool:
        """Tell whether a field has another value than a new form starts with."""
        usual = "" if known.default is None else as_text(known.default)
        return self.values.get(known.key, "") not in {"", "false", usual}


def visible(known: Field, filled: Mapping[str, str]) -> str:
    """Return what stands in an input: no secret, and no private key that was pasted into the wrong one."""
    value = filled.get(known.key, "")
    return "" if known.secret or PRIVATE_KEY in value else value


def sent_version() -> int:
    """Return the version that a form was made from; 0, which no record has, when it names none."""
    version = request.form.get("version", "")
    return int(version) if version.isascii() and version.isdigit() else 0


def keypair_choices(*, generate: bool) -> tuple[Choice, ...]:
    """Return the keypairs that can log in, and the kinds that can be made on the spot."""
    stored = tuple(
        Choice(keypair.id, f"{keypair.name} ({keypair.label})") for keypair in runtime().ssh.keypairs.choices()
    )
    new = tuple(Choice(f"{NEW}{kind.key}", f"Generate New: {kind.label}") for kind in KEY_TYPES.values())
    return stored + (new if generate else ())


def typed(declared: Declared, draft: Draft) -> dict[str, str]:
    """Return what the browser sent by field key; typed secrets go into the draft, kept ones come out of it.

    A secret that was left empty is left out: the stored one stays.
    """
    cleared = set(request.form.getlist("clear"))
    raw: dict[str, str] = {}
    for known in declared.fields:
        text = _sent(known)
        if known.secret and known.key in cleared:
            raw[known.key] = ""
            draft.secrets.pop(known.key, None)
        elif known.secret and text:
            raw[known.key] = draft.secrets[known.key] = text
        elif not known.secret and (text or PREFIX + known.key in request.form or known.kind is Kind.BOOLEAN):
            raw[known.key] = text
    foreign = {key.removeprefix(PREFIX): text for key, text in request.form.items() if key.startswith(PREFIX)}
    known_keys = {known.key for known in declared.fields}
    raw |= {key: text for key, text in foreign.items() if key not in known_keys}
    return merged(raw, _own(draft, declared))


def _own(draft: Draft, declared: Declared) -> Draft:
    """Leave out kept secrets of fields that these do not have: another provider was chosen meanwhile."""
    keys = {known.key for known in declared.fields}
    draft.secrets = {key: value for key, value in draft.secrets.items() if key in keys}
    return draft


def _sent(known: Field) -> str:
    upload = request.files.get(PREFIX + known.key)
    if upload and upload.filename:
        return upload.read().decode(errors="replace").removeprefix("\ufeff")
    return request.form.get(PREFIX + known.key, "")


def shown_values(declared: Declared, raw: Mapping[str, str], checked: Findings | None) -> dict[str, str]:
    """Return what goes back into the inputs: as typed, spread over fields when a pasted text held more."""
    secret = {known.key for known in declared.fields if known.secret}
    found = {key: as_text(value) for key, value in checked.attributes.items()} if checked else {}
    return {key: value for key, value in (found | {k: v for k, v in raw.items() if v}).items() if key not in secret}


def stored_values(attributes: Attributes, declared: Declared) -> dict[str, str]:
    """Return the stored values that may be shown."""
    secret = {known.key for known in declared.fields if known.secret}
    return {key: as_text(value) for key, value in attributes.items() if key not in secret}

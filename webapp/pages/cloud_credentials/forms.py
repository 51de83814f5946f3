"""The form of a credential: what a browser sent, joined with what is kept for it, and what the page shows of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from flask import request

from webapp.core.errors import CredentialError, NotFoundError
from webapp.core.fields import Attributes, Choice, Field, Kind, Value, as_text
from webapp.core.providers import PROVIDERS
from webapp.core.providers.base import Provider
from webapp.core.service import CredentialService
from webapp.core.store import Credential
from webapp.core.store.names import clean_name
from webapp.core.validation import Checked, choices_for
from webapp.core.verification.states import Result
from webapp.pages.access import current_session, runtime
from webapp.pages.cloud_credentials.drafts import Draft, Drafts, fingerprint, new_token, token_of

# Names of the form's own inputs have a hyphen, which no field key has.
NAME, PROVIDER, RENDERED, TOKEN, VERSION = (
    "credential-name",
    "credential-provider",
    "rendered-provider",
    "draft-token",
    "credential-version",
)
OTHERS = frozenset({"csrf_token", "action", "clear"})
GONE = "What was typed is no longer kept. Enter the secrets again."


@dataclass(frozen=True, slots=True)
class FieldView:
    """A field as the page shows it.

    Attributes:
        field: Its declaration.
        value: What stands in the input; empty for every secret.
        errors: Sentences of what cannot work.
        warnings: Sentences of what is unusual.
        stored_on: When the stored secret was last changed, or nothing.
        kept: Whether a secret was typed before and is kept on the server.
        offered: Choices that hold for the other values.
        redraws: Whether other fields depend on it, so that a change shows the form anew.
        preview: What a key file holds, without the key.
    """

    field: Field
    value: Value
    errors: list[str]
    warnings: list[str]
    stored_on: datetime | None
    kept: bool
    offered: tuple[Choice, ...]
    redraws: bool
    preview: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Group:
    """Fields under one title; the group without a title is always open."""

    title: str
    fields: list[FieldView]
    open: bool


@dataclass
class CredentialForm:
    """One form, new or sent.

    Attributes:
        provider: Whose fields it has; none as long as nothing is chosen.
        name: The name as typed.
        token: Of the draft.
        draft: What is kept for it.
        credential: The stored credential that is edited, or nothing.
        version: Which version of it the person saw.
        problems: Sentences by input, beyond those of the values.
        chosen: The provider that was chosen, when its fields are not on the page yet.
        unknown: What was sent under names that are no fields.
    """

    service: CredentialService
    drafts: Drafts
    provider: Provider | None
    name: str
    token: str
    draft: Draft
    credential: Credential | None = None
    version: int = 0
    problems: dict[str, list[str]] = dataclasses.field(default_factory=dict[str, list[str]])
    unknown: dict[str, str] = dataclasses.field(default_factory=dict[str, str])
    judged: bool = False
    switched: bool = False
    result: Result | None = None
    asks: bool = False

    @property
    def values(self) -> Mapping[str, Value]:
        """What was typed, or is stored, or a new form starts with; without secrets that were typed."""
        if self.provider is None:
            return {}
        typed = self.draft.values.get(self.provider.type)
        if typed is not None:
            return typed
        if self.credential:
            return self.credential.attributes
        return {field.key: field.default for field in self.provider.fields if field.default is not None}

    @property
    def secrets(self) -> Mapping[str, str]:
        """Secrets that were typed."""
        return self.draft.secrets.get(self.provider.type, {}) if self.provider else {}

    @property
    def raw(self) -> dict[str, object]:
        """The values to be checked: a secret that was neither typed nor cleared is left out, so the stored one stays."""
        assert self.provider  # noqa: S101  pages ask for the provider first
        secret = {field.key for field in self.provider.fields if field.secret}
        shown = {key: value for key, value in self.values.items() if key not in secret}
        return {**shown, **self.secrets, **self.unknown}

    @cached_property
    def checked(self) -> Checked:
        """The values after the check."""
        assert self.provider  # noqa: S101  as above
        return self.service.examine(self.provider.type, self.raw, credential=self.credential)

    @property
    def fingerprint(self) -> str:
        """What tells these values from others."""
        return fingerprint(self.checked.provider.type, self.checked.attributes)

    @property
    def unchanged(self) -> bool:
        """Tell whether the values are those that are stored."""
        return self.credential is not None and dict(self.credential.attributes) == self.checked.attributes

    @property
    def ok(self) -> bool:
        """Tell whether it may be saved as far as values and name go."""
        return self.checked.ok and not self.problems

    def judge(self) -> bool:
        """Check name and values, so that the page shows what was found; returns whether it may be saved."""
        self.judged = True
        if problem := name_problem(self.service, self.name, self.credential):
            self.problems.setdefault(NAME, []).append(problem)
        return self.ok

    def keep(self) -> None:
        """Keep what was typed for the next request of this form."""
        self.drafts.keep(self.token, owner(), self.draft)

    def drop(self) -> None:
        """Forget what was typed: it is saved."""
        self.drafts.drop(self.token)

    def settle(self) -> Result | None:
        """Return the result of the check of these very values, if one has ended; a renewed token is taken over."""
        check = self.service.checks.get(self.draft.check) if self.draft.check else None
        if check is None or check.result is None or self.draft.checked != self.fingerprint:
            return None
        if check.result.replaced and self.provider:
            self.draft.secrets.setdefault(self.provider.type, {}).update(check.result.replaced)
            self.__dict__.pop("checked", None)
            self.draft.checked = self.fingerprint
            self.keep()
        return check.result

    # What the page shows.

    @property
    def groups(self) -> list[Group]:
        """The fields that take part for these values, by group."""
        found: dict[str, list[FieldView]] = {}
        for view in self._views():
            found.setdefault(view.field.group, []).append(view)
        return [Group(title, views, self._is_open(views)) for title, views in found.items()]

    @property
    def summary(self) -> list[tuple[str, str]]:
        """Every error with the id of the input it belongs to, in the order of the page."""
        found = [("credential-name", message) for message in self.problems.get(NAME, [])]
        found += [("", message) for message in self.problems.get("", [])]
        if not self.judged or self.provider is None:
            return found
        shown = {view.field.key for group in self.groups for view in group.fields}
        for key, messages in sorted(self.checked.errors.items(), key=lambda item: self._order(item[0])):
            found += [(f"field-{key}" if key in shown else "", message) for message in messages]
        return found

    def _order(self, key: str) -> int:
        keys = [field.key for field in self.checked.provider.fields]
        return keys.index(key) if key in keys else -1

    def _is_open(self, views: list[FieldView]) -> bool:
        return any(
            view.errors or view.warnings or view.kept or view.stored_on or not _is_default(view.field, view.value)
            for view in views
        )

    def _views(self) -> Iterator[FieldView]:
        if self.provider is None:
            return
        filled = _filled(self.provider, self.values)
        leading = redraws(self.provider)
        errors, warnings = self._messages()
        previews = self._previews()
        for field in self.provider.shown(filled):
            yield FieldView(
                field,
                "" if field.secret else self.values.get(field.key, ""),
                errors.get(field.key, []),
                warnings.get(field.key, []),
                self._stored_on(field),
                bool(self.secrets.get(field.key)),
                choices_for(field, filled),
                field.key in leading,
                previews if field.kind is Kind.FILE_SECRET and self._holds(field) else {},
            )

    def _messages(self) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        """Return errors and warnings by field; the answer of a check stands at the field it speaks of."""
        errors = {key: list(found) for key, found in self.checked.errors.items()} if self.judged else {}
        warnings = self.checked.warnings if self.judged else {}
        if self.result and self.result.field and not self.result.good and self.result.field not in errors:
            errors[self.result.field] = [self.result.message]
        return errors, warnings

    def _stored_on(self, field: Field) -> datetime | None:
        cleared = self.secrets.get(field.key) == ""
        if not field.secret or cleared or self.credential is None or field.key not in self.credential.attributes:
            return None
        return self.credential.secret_dates.get(field.key, self.credential.changed)

    def _holds(self, field: Field) -> bool:
        return bool(self.secrets.get(field.key)) or self._stored_on(field) is not None

    def _previews(self) -> Mapping[str, str]:
        """Return what the key file says of itself; nothing while it cannot be read."""
        if self.provider is None or self.provider.summarize is None:
            return {}
        if any(field.kind is Kind.FILE_SECRET and field.key in self.checked.errors for field in self.provider.fields):
            return {}
        return self.provider.summarize(self.checked.attributes)


def new_form(provider: Provider | None, name: str = "") -> CredentialForm:
    """Return an empty form."""
    return CredentialForm(runtime().service, drafts(), provider, name, new_token(), Draft())


def edit_form(credential: Credential) -> CredentialForm:
    """Return the form of a stored credential.

    Raises:
        NotFoundError: Its provider is not known here.
    """
    provider = PROVIDERS.get(credential.provider)
    if provider is None:
        raise NotFoundError("This credential is of a provider that this version does not know.")
    form = new_form(provider, credential.name)
    form.credential, form.version = credential, credential.version
    return form


def sent_form(credential: Credential | None = None) -> CredentialForm:
    """Return the form that this request sent, joined with what is kept for it; all of it is kept from now on."""
    token = token_of(request.form.get(TOKEN))
    draft = drafts().open(token, owner())
    wanted = credential.provider if credential else request.form.get(PROVIDER, "")
    rendered = PROVIDERS.get(credential.provider if credential else request.form.get(RENDERED, wanted))
    form = CredentialForm(
        runtime().service, drafts(), rendered, request.form.get(NAME, ""), token, draft, credential, _version()
    )
    if rendered:
        _take_values(form, rendered)
    if wanted != (rendered.type if rendered else ""):
        _switch(form, wanted)
    form.keep()
    return form


def name_problem(service: CredentialService, name: str, credential: Credential | None = None) -> str:
    """Return what is wrong with a name, or an empty text."""
    try:
        other = service.store.credentials.find(clean_name(name))
    except NotFoundError:
        return ""
    except CredentialError as error:
        return error.message
    taken = credential is None or other.id != credential.id
    return "Another credential has this name. Choose another one." if taken else ""


def redraws(provider: Provider) -> frozenset[str]:
    """Return the fields on which others depend: whether they are shown, or what they offer."""
    watched = {condition.key for field in provider.fields for condition in field.shown_when}
    wanted = {value for field in provider.fields for choice in field.choices for value in choice.only_for}
    leading = {
        field.key
        for field in provider.fields
        if field.kind is Kind.CHOICE and wanted & {choice.value for choice in field.choices}
    }
    return frozenset(watched | leading)


def owner() -> str:
    """Return whose drafts and checks these are: this log-in's."""
    return current_session().id


def drafts() -> Drafts:
    """Return the drafts of this app."""
    from webapp.pages.cloud_credentials.state import state  # noqa: PLC0415  it needs the app

    return state().drafts


def _version() -> int:
    text = request.form.get(VERSION, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0  # noqa: PLR2004  never so many


def _take_values(form: CredentialForm, provider: Provider) -> None:
    """Put what was typed into the draft."""
    cleared = request.form.getlist("clear")
    values: dict[str, str] = {}
    kept = form.draft.secrets.setdefault(provider.type, {})
    for field in provider.fields:
        if not field.secret:
            values[field.key] = _typed(field)
        elif text := _typed_secret(field):
            kept[field.key] = text
        elif field.key in cleared:
            kept[field.key] = ""
    form.draft.values[provider.type] = values
    known = {field.key for field in provider.fields} | OTHERS
    form.unknown = {key: "" for key in request.form if key not in known and "-" not in key}


def _typed(field: Field) -> str:
    texts = request.form.getlist(field.key)
    if texts:
        return texts[-1]
    # A box without a tick is not sent at all.
    return "false" if field.kind is Kind.BOOLEAN and field.default else ""


def _typed_secret(field: Field) -> str:
    upload = request.files.get(field.key)
    if upload and upload.filename:
        return upload.read().decode("utf-8-sig", errors="replace")
    return request.form.get(field.key, "")


def _switch(form: CredentialForm, provider_type: str) -> None:
    """Show another provider's fields; what both have in common is carried over, what was typed before comes back."""
    before, provider = form.provider, PROVIDERS.get(provider_type)
    form.switched = True
    form.provider = provider
    form.unknown = {}
    if provider is None or before is None or provider.type in form.draft.values:
        return
    typed = form.draft.values.get(before.type, {})
    start = {field.key: as_text(field.default) for field in provider.fields if field.default is not None}
    form.draft.values[provider.type] = start | {
        field.key: typed[field.key] for field in provider.fields if _is_common(field, before) and typed.get(field.key)
    }


def _is_common(field: Field, other: Provider) -> bool:
    """Tell whether another provider has the same question. Secrets are never carried to another provider."""
    same = next((known for known in other.fields if known.key == field.key), None)
    return same is not None and same.kind is field.kind and not field.secret and same.choices == field.choices


def _filled(provider: Provider, values: Attributes) -> dict[str, Value]:
    defaults = {field.key: field.default for field in provider.fields if field.default is not None}
    return defaults | {key: value for key, value in values.items() if value != ""}


def _is_default(field: Field, value: Value) -> bool:
    return as_text(value) in {"", "false"} or (field.default is not None and as_text(value) == as_text(field.default))

"""The form of a provider, made from its fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from flask import request
from markupsafe import Markup

from webapp.core.errors import CredentialError, NotFoundError
from webapp.core.fields import Field, Kind
from webapp.core.providers import PROVIDERS
from webapp.core.providers import provider as find_provider
from webapp.core.providers.base import Provider, Support
from webapp.core.store import Credential
from webapp.core.store.names import clean_name
from webapp.core.validation import Findings
from webapp.pages import host_keys
from webapp.pages.access import runtime
from webapp.pages.drafts import Draft, drafts
from webapp.pages.fieldsform import FieldsForm, shown_values, typed
from webapp.pages.routes import page_url

HOST_KEYS = "host_keys"
"""The field of an SSH server's host keys."""


@dataclass(slots=True)
class Form(FieldsForm):
    """Everything that the form's template shows.

    Attributes:
        credential: The stored one that is edited.
        keys: What stands beside a field for host keys.
        read: What was found without telling the person about errors yet: what a chosen file holds is shown at once.
    """

    credential: Credential | None = None
    read: Findings | None = None
    keys: host_keys.HostKeys | None = None

    @property
    def provider(self) -> Provider:
        """The provider whose fields they are."""
        return self.declared  # pyright: ignore[reportReturnType]  this form is made of nothing else

    @property
    def refresh(self) -> str:
        """Address that draws the fields again when a value decides about others."""
        return page_url("cloud_credentials.fields")

    def beside(self, known: Field) -> Markup:
        """Put *Discover Remote Host Key* and fingerprints beside the host keys of a server."""
        if known.key != HOST_KEYS:
            return Markup()
        self.keys = self.keys or host_keys.beside(HOST_KEYS, self.values.get(HOST_KEYS, ""))
        self.keys.address = page_url("cloud_credentials.find_host_keys")
        return self.keys.draw()

    @property
    def secret_dates(self) -> Mapping[str, datetime]:
        """When each stored secret was changed; one whose key is lost cannot be left as it is."""
        return self.credential.secret_dates if self.credential and not self.credential.damaged else {}

    @property
    def stored_version(self) -> int | None:
        """Version of the credential that is edited."""
        return self.credential.version if self.credential else None

    @property
    def preview(self) -> Mapping[str, str]:
        """Return what an uploaded key file is of, without the key."""
        known = self.checked or self.read
        stored = self.credential.attributes if self.credential else {}
        if not self.provider.summarize:
            return {}
        files = {known_field.key for known_field in self.provider.fields if known_field.kind is Kind.FILE_SECRET}
        if known and files & set(known.errors):
            return {}
        return self.provider.summarize(known.attributes if known else stored)


@dataclass(slots=True)
class Sent:
    """What the browser sent of a form.

    Attributes:
        raw: What stands for each field: as typed, secrets that wait in the draft among it.
        credential: The stored one that is edited.
    """

    provider: Provider
    draft: Draft
    raw: dict[str, str] = field(repr=False)
    credential: Credential | None = None

    def examined(self) -> Findings:
        """Check the values, with stored secrets where they were left alone."""
        return runtime().service.examine(self.provider.type, self.raw, credential=self.credential)

    def form(self, checked: Findings | None = None) -> Form:
        """Return the form as it is shown again, with the findings of a check."""
        values = shown_values(self.provider, self.raw, checked)
        name = request.form.get("name", "")
        return Form(self.provider, self.draft, name, values, checked, credential=self.credential)


def sent_form(credential: Credential | None = None) -> Sent:
    """Return what was sent for a new credential, or for a stored one."""
    provider = find_provider(credential.provider if credential else request.form.get("provider", ""))
    draft = drafts().open(request.form.get("draft", ""))
    return Sent(provider, draft, typed(provider, draft), credential)


def named_credential() -> Credential | None:
    """Return the stored credential that a form says it is about."""
    identifier = request.form.get("credential", "")
    return runtime().store.credentials.get(identifier) if identifier else None


def name_problem(name: str, credential: Credential | None = None) -> str:
    """Return what is wrong with a name, or nothing. Asked before anything else, so that all errors show at once."""
    try:
        other = runtime().store.credentials.find(clean_name(name))
    except NotFoundError:
        return ""
    except CredentialError as error:
        return error.message
    own = credential is not None and other.id == credential.id
    return "" if own else "Another credential has this name. Choose another one."


def creatable() -> list[Provider]:
    """Return the providers that a new credential may have."""
    return [listed for listed in PROVIDERS.values() if listed.support is not Support.UNSUPPORTED]

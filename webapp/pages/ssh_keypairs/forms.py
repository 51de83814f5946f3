"""The form of a keypair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import render_template, request
from markupsafe import Markup

from webapp.core.fields import Field
from webapp.core.ssh.keys import DEFAULT_TYPE, KEY_TYPES, PRIVATE, PUBLIC
from webapp.core.store import Keypair
from webapp.pages.fieldsform import FieldsForm


@dataclass(slots=True)
class KeypairForm(FieldsForm):
    """Everything that the form's template shows.

    Attributes:
        keypair: The stored one that is edited.
        key_type: What *Generate Keypair* makes.
        generated: Whether both halves were made here and wait to be saved.
        password_error: What is wrong with the person's own password.
    """

    keypair: Keypair | None = None
    key_type: str = DEFAULT_TYPE
    generated: bool = False
    password_error: str = ""

    @property
    def secret_dates(self) -> Mapping[str, datetime]:
        """When the stored private half was changed."""
        stored = self.keypair if self.keypair and self.keypair.has_private else None
        return {PRIVATE: stored.changed} if stored else {}

    @property
    def stored_version(self) -> int | None:
        """Version of the keypair that is edited."""
        return self.keypair.version if self.keypair else None

    def beside(self, known: Field) -> Markup:
        """Put copy and download beside each half while a generated pair waits to be saved."""
        if known.key not in {PRIVATE, PUBLIC} or not self.kept_pair:
            return Markup()
        return Markup(render_template("ssh_keypairs/_beside.html", form=self, half=known.key))  # noqa: S704  a template escapes

    @property
    def kept_pair(self) -> bool:
        """Tell whether both halves are in the form."""
        return bool(self.draft.secrets.get(PRIVATE) and self.values.get(PUBLIC))


def chosen_type() -> str:
    """Return the kind of key that was chosen in the form."""
    chosen = request.form.get("key_type", DEFAULT_TYPE)
    return chosen if chosen in KEY_TYPES else DEFAULT_TYPE

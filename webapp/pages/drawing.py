"""Draws fields and their choices. What nobody touched looks the same on every page, so that it is drawn once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from flask import Flask, current_app
from markupsafe import Markup

from webapp.core.fields import Choice, Field, as_text

OPTION = Markup('<option value="{}"{}>{}</option>')
SELECTED = Markup(" selected")
NOTHING = Markup()
TEMPLATE = "macros/field.html"


@dataclass(frozen=True, slots=True)
class Shown:
    """How a field stands in a form.

    Attributes:
        value: What its input holds; never a secret.
        errors: What cannot work.
        warnings: What is unusual.
        stored_on: When its stored secret was changed; nothing when there is none.
        kept: Whether a typed secret waits on the server.
        offered: The choices for the present values.
        refresh: Address that draws the fields again when this one changes; empty when no other depends on it.
        answer: What the provider said about this field.
        beside: What stands under the input: buttons, fingerprints.
    """

    value: str = ""
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    stored_on: datetime | None = None
    kept: bool = False
    offered: tuple[Choice, ...] = ()
    refresh: str = ""
    answer: str = ""
    beside: Markup = NOTHING

    def untouched(self, known: Field) -> bool:
        """Tell whether nobody typed anything here and nothing is to be said about it."""
        said = self.errors or self.warnings or self.stored_on or self.kept or self.answer or self.beside
        return not said and self.value in {"", "" if known.default is None else as_text(known.default)}


def install(app: Flask) -> None:
    """Let templates draw fields."""
    app.add_template_global(draw_field, "draw_field")
    app.add_template_global(option_tags, "option_tags")


def draw_field(known: Field, shown: Shown) -> Markup:
    """Return a field with its label, input, help and what is wrong with it."""
    return _drawn_once(known, shown) if shown.untouched(known) else _drawn(known, shown)


def _drawn(known: Field, shown: Shown) -> Markup:
    macros = current_app.jinja_env.get_template(TEMPLATE).module
    return Markup(macros.render_field(known, shown))  # type: ignore[attr-defined]  # noqa: S704  a template escapes


_drawn_once = lru_cache(maxsize=1024)(_drawn)


@lru_cache(maxsize=256)
def option_tags(choices: tuple[Choice, ...], value: str = "") -> Markup:
    """Return options, with the one of this value selected; `true` and `True` are the same value."""
    lowered = str(value).lower()
    return Markup().join(
        OPTION.format(choice.value, SELECTED if choice.value.lower() == lowered else "", choice.label)
        for choice in choices
    )

"""Markdown as HTML that fits the pages."""

from __future__ import annotations

from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup, escape

SCROLLED = {"table_open": "Table", "fence": "Text", "code_block": "Text"}
"""What may be wider than a phone, with its name; the keyboard must be able to scroll it, so it takes the focus."""


@lru_cache(maxsize=512)  # the same help stands beside the same fields, again and again
def markdown(text: str) -> Markup:
    """Return Markdown as HTML; HTML inside it is shown as text."""
    return Markup(RENDERER.render(text))  # noqa: S704  the renderer escapes HTML


def code(text: str) -> Markup:
    """Return a sentence whose words in backticks are code; nothing else in it means anything."""
    return _sentence(text) if "`" in text else escape(text)


@lru_cache(maxsize=512)
def _sentence(text: str) -> Markup:
    return Markup(SENTENCES.renderInline(text))  # noqa: S704  as above


def make_scrollable(state: StateCore) -> None:
    """Put tables and blocks of code into boxes that scroll by themselves."""
    made: list[Token] = []
    for token in state.tokens:
        if token.type in SCROLLED:
            made.append(Token("box_open", "div", 1, attrs=box(SCROLLED[token.type]), block=True))
        made.append(token)
        if token.type in {"table_close", "fence", "code_block"}:
            made.append(Token("box_close", "div", -1, block=True))
    state.tokens = made


def box(name: str) -> dict[str, str | int | float]:
    """Return the attributes of a box that scrolls."""
    return {"class": "scroll", "tabindex": "0", "role": "group", "aria-label": name}


def unname_empty_headers(state: StateCore) -> None:
    """Make empty headers of columns ordinary cells: a header without a name misleads those who listen."""
    for before, inline, after in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        if before.type == "th_open" and not inline.content.strip():
            before.tag = after.tag = "td"


def renderer() -> MarkdownIt:
    """Return the one that knows tables and no HTML."""
    made = MarkdownIt("commonmark", {"html": False}).enable("table")
    made.core.ruler.push("scrollable", make_scrollable)
    made.core.ruler.push("unname_empty_headers", unname_empty_headers)
    return made


RENDERER = renderer()
SENTENCES = MarkdownIt("zero").enable("backticks")

"""Collects the routes of a module, so that the blueprint takes them without knowing each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

from flask import Blueprint, g, url_for

View = TypeVar("View", bound=Callable[..., Any])


class Routes:
    """The routes of one module, in the order of its views."""

    def __init__(self) -> None:
        self._rules: list[tuple[str, Callable[..., Any], list[str]]] = []

    def at(self, rule: str, *methods: str) -> Callable[[View], View]:
        """Make the decorated view answer at an address; GET unless methods are named."""

        def keep(view: View) -> View:
            self._rules.append((rule, view, list(methods) or ["GET"]))
            return view

        return keep

    def add_to(self, blueprint: Blueprint) -> None:
        """Give a blueprint all of them."""
        for rule, view, methods in self._rules:
            blueprint.add_url_rule(rule, view_func=view, methods=methods)


PLACE = "which-row"
"""Stands for the id while an address is taken apart; no character of it is quoted in one."""


def row_url(endpoint: str, **arguments: Any) -> str:
    """Return `url_for` of a view, built once for all rows of a page; the first argument tells the rows apart.

    Werkzeug takes some 40 microseconds for an address; a table of 50 rows with seven each would wait for little else.
    """
    (key, value), *same = arguments.items() or [("", "")]
    patterns, known = g.setdefault("row_urls", {}), (endpoint, key, *same)
    if known not in patterns:
        placed: dict[str, Any] = {key: PLACE, **dict(same)} if key else {}
        patterns[known] = url_for(endpoint, **placed).partition(PLACE)
    before, _, after = patterns[known]
    return f"{before}{quote(value, safe='')}{after}"

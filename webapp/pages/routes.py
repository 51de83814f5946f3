"""Collects the routes of a module, so that the blueprint takes them without knowing each."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import quote

from flask import Blueprint, request, url_for

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


def page_url(endpoint: str) -> str:
    """Return `url_for` of a view that takes no arguments."""
    return _taken_apart(request.script_root, endpoint, "", ())[0]


def row_url(endpoint: str, **arguments: str) -> str:
    """Return `url_for` of a view; its first argument tells the rows of a table apart."""
    (key, value), *same = arguments.items()
    before, after = _taken_apart(request.script_root, endpoint, key, tuple(same))
    return f"{before}{quote(value, safe='')}{after}"


@lru_cache(maxsize=512)
def _taken_apart(_root: str, endpoint: str, key: str, same: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    """Return what stands before and after the one argument that differs; an address below another root is another one.

    Werkzeug takes some 40 microseconds for an address; every page names a dozen views, and a table of 50 rows seven
    for each of them.
    """
    arguments: dict[str, Any] = dict(same) | ({key: PLACE} if key else {})
    before, _, after = url_for(endpoint, **arguments).partition(PLACE)
    return before, after

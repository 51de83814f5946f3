"""Collects the routes of a module, so that the blueprint takes them without knowing each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint

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

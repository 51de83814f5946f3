"""Who is acting, and from where: said once where a request or a command comes in, and read by the audit."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """Someone who acts.

    Attributes:
        who: A person's name, a user of the command line, or a part of the program.
        origin: Where it comes from: an address of the network, `command line`, `operator`, `background`.
    """

    who: str
    origin: str


NOBODY = Actor("the server", "background")
"""What acts on its own."""

_acting: ContextVar[Actor] = ContextVar("acting", default=NOBODY)


def actor() -> Actor:
    """Return who is acting here."""
    return _acting.get()


def act(who: str, origin: str) -> None:
    """Say who acts from here on in this thread or task."""
    _acting.set(Actor(who, origin))


@contextmanager
def acting(who: str, origin: str) -> Generator[None]:
    """Say who acts inside."""
    token = _acting.set(Actor(who, origin))
    try:
        yield
    finally:
        _acting.reset(token)

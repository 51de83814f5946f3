"""Keeps packages out of memory that a library would load just because they are there."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def hidden(name: str) -> Generator[None]:
    """Let an import of a package fail for a while, as if it were not installed; one that is loaded stays so."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # pyright: ignore[reportArgumentType]  the import system's own sign for "not there"
    try:
        yield
    finally:
        del sys.modules[name]

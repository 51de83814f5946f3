"""The dark colours for people who leave the theme to their system, derived from the rules for those who chose them."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

SHEETS = ("vendor/bootstrap.min.css", "app.css")
CHOSEN = "[data-bs-theme=dark]"
UNCHOSEN = ":root:where(:not([data-bs-theme]))"
"""Weighs as much as the selector that it stands for, so that the same rules win."""
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")


def sheet(static: str) -> str:
    """Return the rules for a page whose system is dark and whose person chose nothing; read again when a file changes.

    Args:
        static: Folder of the static files.
    """
    paths = tuple(f"{static}/{name}" for name in SHEETS)
    return derived(paths, tuple(os.stat(path).st_mtime_ns for path in paths))  # noqa: PTH116  every page asks


@lru_cache(maxsize=2)
def derived(paths: tuple[str, ...], _changed: tuple[int, ...]) -> str:
    """Return the rules of some sheets."""
    return "\n".join(rule for path in paths for rule in dark_rules(Path(path).read_text(encoding="utf-8")))


def dark_rules(css: str) -> Iterator[str]:
    """Give each rule for the chosen dark theme of the whole page, as one for a page without a choice."""
    for selectors, body in RULE.findall(COMMENT.sub("", css)):
        dark = [part.strip() for part in selectors.split(",") if part.strip().startswith(CHOSEN)]
        if dark:
            yield f"{','.join(dark)}{{{body}}}".replace(CHOSEN, UNCHOSEN)


@lru_cache(maxsize=2)  # each page names it
def digest(text: str) -> str:
    """Return a short digest, by which browsers may keep a sheet and still notice a new one."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]

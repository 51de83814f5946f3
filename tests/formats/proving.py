"""Which test proves which format with which provider: told by the tests' own marks.

The documentation shows what `python -m formats.proving` in the folder `tests` writes into the package. A test holds the
two against each other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

import pytest

from webapp.core.formats import FORMATS
from webapp.core.formats.proofs import FILE, Proof


def proves(formats: str | Iterable[str], providers: str | Iterable[str], how: str) -> pytest.MarkDecorator:
    """Mark a test as the proof of formats with providers.

    Args:
        formats: Keys of formats.
        providers: Types of providers; only the pairs that a format carries count.
        how: What the tool does with our output, and against what; part of the documentation.
    """
    listed = (formats,) if isinstance(formats, str) else tuple(formats)
    named = (providers,) if isinstance(providers, str) else tuple(providers)
    return pytest.mark.proves([(key, one) for key in listed for one in named if one in FORMATS[key].carriers], how)


def collected() -> list[Proof]:
    """Return the proofs of all tests, in the order of the formats and their providers."""
    from formats import test_contract, test_key_names, test_reading_servers, test_reading_tools  # noqa: PLC0415  they import this one

    modules = (test_reading_tools, test_reading_servers, test_key_names, test_contract)
    found = [proof for module in modules for proof in marked(module)]
    order = {
        (key, one): (at, to) for at, (key, known) in enumerate(FORMATS.items()) for to, one in enumerate(known.carriers)
    }
    return sorted(found, key=lambda proof: order[proof.format, proof.provider])


def marked(module: ModuleType) -> Iterator[Proof]:
    """Yield what the tests of a module prove."""
    for name, function in vars(module).items():
        marks: list[Any] = getattr(function, "pytestmark", []) if name.startswith("test_") else []
        for mark in marks:
            if mark.name == "proves":
                yield from (Proof(key, provider, mark.args[1], name) for key, provider in mark.args[0])


def text() -> str:
    """Return the file of the package."""
    rows = [[proof.format, proof.provider, proof.how, proof.test] for proof in collected()]
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")

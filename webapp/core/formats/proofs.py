"""How each format is proven with each provider, as the marks of the tests tell it.

The file is written by `python -m formats.proving` in the folder `tests`; a test fails when it is not current.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import cast

FILE = Path(__file__).with_name("proofs.json")


@dataclass(frozen=True, slots=True)
class Proof:
    """One test that proves a format with a provider.

    Attributes:
        format: The format's key.
        provider: The provider's type.
        how: What the tool did with it, and against what.
        test: The test's name.
    """

    format: str
    provider: str
    how: str
    test: str


def proofs() -> tuple[Proof, ...]:
    """Return all of them, in the order of the formats."""
    rows = cast("list[list[str]]", json.loads(FILE.read_text(encoding="utf-8")))
    return tuple(Proof(*row) for row in rows)

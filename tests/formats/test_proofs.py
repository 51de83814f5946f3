"""The reference of the formats tells what the tests are marked with."""

from __future__ import annotations

from formats.proving import text

from webapp.core.formats import FORMATS
from webapp.core.formats.proofs import FILE, proofs


def test_the_proofs_of_the_formats_are_those_that_the_tests_are_marked_with() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), "write it: cd tests && python -m formats.proving"


def test_every_format_is_proven_by_more_than_its_golden_file() -> None:
    """A template is proven by what is refused and by its golden files: what reads it is unknown."""
    assert {proof.format for proof in proofs()} == set(FORMATS) - {"template"}

"""The table of proven cases names tests that exist, for every provider and every case."""

from __future__ import annotations

import re
from pathlib import Path

from webapp.core.providers import PROVIDERS
from webapp.core.verification.proofs import FAKE, PROOFS, REAL, Case

TESTS = Path(__file__).parents[1]


def test_every_provider_and_every_case_has_a_cell() -> None:
    assert set(PROOFS) == set(PROVIDERS)
    assert all(set(cases) == set(Case) for cases in PROOFS.values())


def test_the_tests_that_are_named_exist() -> None:
    known = {
        where: set(re.findall(r"def (test_\w+)", (TESTS / where.removesuffix("::")).read_text(encoding="utf-8")))
        for where in (REAL, FAKE)
    }
    for cases in PROOFS.values():
        for proof in cases.values():
            where = next((start for start in known if proof.startswith(start)), "")
            assert not where or proof.removeprefix(where) in known[where], proof

"""Every cell of the table of proven cases holds what a test has seen, or the reason why no test can."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from webapp.core.oauth.vendors import VENDORS
from webapp.core.providers import PROVIDERS
from webapp.core.verification.proofs import REASONS, Case, Proof, proofs, proven

TESTS = Path(__file__).parents[1]


def test_every_provider_and_every_case_has_a_proof_or_a_reason() -> None:
    assert set(REASONS) == set(PROVIDERS)
    cells = {(key, case): (bool(proven(key, case)), case in REASONS[key]) for key in PROVIDERS for case in Case}
    assert not [cell for cell, (proof, reason) in cells.items() if proof is reason]


def test_providers_with_a_log_in_are_renewed_by_a_check() -> None:
    renewed = {proof.provider for proof in proofs() if proof.case is Case.RENEWED}
    assert renewed == set(VENDORS) - {"PCLOUD"}


@pytest.mark.parametrize("provider", [key for key in PROVIDERS if key != "HUBIC"])
def test_the_tests_that_are_named_prove_it(provider: str) -> None:
    """They may have been changed since; that they see the same answer they say themselves whenever they run."""
    for proof in (proof for proof in proofs() if proof.provider == provider):
        assert any(f"proves(Case.{proof.case.name}," in code for code in codes(proof)), proof


def codes(proof: Proof) -> list[str]:
    """Return the functions of this name in the file that a proof names."""
    path, _, name = proof.test.partition("::")
    tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    return [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name]


def test_what_is_said_is_a_sentence_without_a_value() -> None:
    for proof in proofs():
        assert proof.message.endswith("."), proof
        assert "127.0.0.1" not in proof.message
        assert "canary" not in proof.message.lower()

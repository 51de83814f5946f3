"""Says what a test has proven of a provider's verification, and holds it against what is written down in the house.

`pytest tests/core/verification/servers --write-proofs` writes it anew.
"""

from __future__ import annotations

import pytest

from webapp.core.verification.proofs import Case, Proof, proofs, write
from webapp.core.verification.states import Result, State

OPTION = "--write-proofs"
NOTHING = "a port that nothing listens on"
"""Against what it is shown that a provider is out of reach."""


class Proves:
    """Checks an answer in one test and notes it."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item

    def __call__(
        self, case: Case, provider: str, result: Result, state: State, field: str = "", *, against: str, said: str = ""
    ) -> None:
        """Check state, field and a part of the sentence; what is written down must be the same.

        Args:
            case: What was the matter.
            provider: Whose check it was.
            result: What it gave.
            state: What it must have given.
            field: The field that it must belong to.
            against: The real server by its name, or the fake internet.
            said: Words that the sentence must hold.
        """
        assert (result.state, result.field) == (state, field), result
        assert said in result.message
        path = self._item.nodeid.partition("::")[0].removeprefix("tests/")
        test = f"{path}::{getattr(self._item, 'originalname', self._item.name)}"
        proof = Proof(provider, case, against, str(result.state), result.field, result.message, test)
        self._item.user_properties.append(
            ("proof", tuple(map(str, (getattr(proof, name) for name in Proof.__slots__))))
        )
        if not self._item.config.getoption(OPTION):
            assert proof in proofs(), f"this is not written down: run these tests with {OPTION}"


class Collected:
    """Gathers what the tests of a run have seen, also those of worker processes, and writes it down."""

    def __init__(self) -> None:
        self.seen: set[Proof] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            for name, values in report.user_properties:
                if name == "proof" and isinstance(values, tuple | list):
                    self.seen.add(Proof.of(dict(zip(Proof.__slots__, map(str, values), strict=True))))

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if self.seen and exitstatus == pytest.ExitCode.OK:
            write(frozenset(self.seen))

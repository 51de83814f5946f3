"""Tests and pairings that run in the background, so that a page can show their steps as they happen and stop them."""

from __future__ import annotations

from webapp.core.ssh.results import Step, StepState
from webapp.core.verification.checks import Background, Check


class SshCheck(Check):
    """A test or a pairing that runs or has run.

    Attributes:
        steps: All steps so far; empty before the first begins.
        made: The id of the connection that a pairing saved; empty before that.
    """

    def __init__(self, key: str | None = None, owner: str = "") -> None:
        super().__init__(key, owner)
        self.progress = "Waiting for a free place."
        self.steps: tuple[Step, ...] = ()
        self.made = ""

    def show(self, steps: tuple[Step, ...]) -> None:
        """Show the steps."""
        self.steps = steps
        running = next((step.label for step in steps if step.state is StepState.RUNNING), "")
        self.progress = f"{running}…" if running else self.progress


class SshChecks(Background[SshCheck]):
    """The running tests and pairings."""

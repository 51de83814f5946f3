"""Prints the table at the end of a run, as the README shows it."""

from __future__ import annotations

import pytest
from benchmarks import table


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the rows that were measured."""
    if table.ROWS:
        terminalreporter.write_line(table.table())

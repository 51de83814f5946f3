"""One run of the tests, whose servers all worker processes share."""

from __future__ import annotations

import pytest
from core.verification.proving import OPTION, Collected
from servers.runs import Run

pytest_plugins = ["servers.fixtures"]
STARTED = pytest.StashKey[Run]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes down what the tests have proven."""
    parser.addoption(OPTION, action="store_true", help="Write down what the tests of verification have proven.")


def pytest_configure(config: pytest.Config) -> None:
    """Make the run in the process that controls the others; they inherit its name."""
    if not hasattr(config, "workerinput"):
        config.stash[STARTED] = Run.create()
        if config.getoption(OPTION):
            config.pluginmanager.register(Collected())


def pytest_unconfigure(config: pytest.Config) -> None:
    """End every server."""
    if STARTED in config.stash:
        config.stash[STARTED].end()


@pytest.fixture(scope="session")
def servers_run() -> Run:
    """The run that shares servers between the worker processes."""
    return Run.current()

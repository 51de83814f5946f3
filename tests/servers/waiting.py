"""Waits for what comes about by itself: looked at often, given up late."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

PAUSE = 0.02
"""Seconds between two looks."""


def eventually(holds: Callable[[], Any], seconds: float = 20, told: Callable[[], object] = lambda: "") -> Any:
    """Wait until something holds and return it.

    Args:
        holds: Gives what is waited for, or nothing yet.
        seconds: When to give up. A machine with other work is slow: be generous where the time itself proves nothing.
        told: Says more when it is given up.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := holds():
            return found
        time.sleep(PAUSE)
    raise AssertionError(f"it did not come about within {seconds} s: {told()}")

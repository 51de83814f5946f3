"""When something that failed is tried again."""

from __future__ import annotations

import random

FIRST_RETRY = 2.0
LONGEST_RETRY = 900.0
PERMISSION_RETRY = 30.0
"""Seconds to the next try at most when a permission was missing or no answer came: nothing tells us when that ends."""


def growing(failures: int, longest: float = LONGEST_RETRY) -> float:
    """Return the seconds to the next try: twice as long each time, to a quarter of an hour, never all together."""
    pause = min(longest, FIRST_RETRY * 2 ** min(failures, 16))
    return pause * random.uniform(0.8, 1.2)  # noqa: S311  no secret

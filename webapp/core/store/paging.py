"""Pages of longer lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
LAST = 1_000_000_000
"""Higher numbers of pages are none: databases count rows in 64 bits."""


def in_range(page: int) -> int:
    """Return the number of a page that can be asked for."""
    return min(max(1, page), LAST)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a longer list; pages count from 1."""

    items: list[T]
    total: int
    page: int
    size: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.size))

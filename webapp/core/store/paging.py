"""Pages of longer lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

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


def page_of(query: Any, order: tuple[Any, ...], read: Callable[[Any], T], page: int, size: int) -> Page[T]:
    """Return one page of what a query chooses.

    Args:
        query: Peewee's query.
        order: What it is ordered by.
        read: Makes an item of a row.
        page: Which page, from 1; a number that is none becomes the nearest that is one.
        size: How many on a page.
    """
    number = in_range(page)
    return Page([read(row) for row in query.order_by(*order).paginate(number, size)], query.count(), number, size)

"""Asks the store in threads of its own, as its calls wait for the disk or the database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
THREADS = 2


class Offload:
    """A few threads for calls that wait; each keeps its own connection to the database.

    Args:
        threads: How many.
        name: What they are called.
    """

    def __init__(self, threads: int = THREADS, name: str = "store") -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def __call__(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a call beside the event loop and return what it returns."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: call(*args, **kwargs))

    def stop(self) -> None:
        """Wait for what runs and end the threads."""
        self._threads.shutdown(wait=True)

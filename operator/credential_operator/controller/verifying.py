"""Verifies the credentials of resources beside the work on their Secrets: some at a time, when they are due."""

from __future__ import annotations

import asyncio
import heapq
import logging
import random
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from credential_operator.wanted.values import Place
from webapp.core.fields import Attributes
from webapp.core.providers.base import Provider
from webapp.core.verification.states import Result, State

LOG = logging.getLogger(__name__)
JITTER = 0.1
SPARE = 64
"""Entries of the queue that may have been replaced before they are cleared away."""

FAULT = Result(State.CANCELLED, "The verification could not be done; the log of the operator says why.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be verified.

    Attributes:
        provider: Whose credential it is.
        attributes: Its values.
        fingerprint: Tells it from another one.
        stored: Id of the web app's credential, which is verified there: it may have a token to renew and a keypair.
        requested: Text of the annotation that had asked for it; one that comes while it runs asks for the next one.
    """

    provider: Provider
    attributes: Attributes = field(repr=False)
    fingerprint: str
    stored: str = ""
    requested: str = ""


Prepare = Callable[[Place], Awaitable[Wanted | None]]
"""Returns what is to be verified; nothing when it cannot be had or is not wanted any more."""

Ended = Callable[[Place, Result, str, str], None]
"""Told the outcome, with fingerprint and request of what was verified."""

Check = Callable[[Wanted, threading.Event], Result]
"""Asks the provider; runs in a thread until done or cancelled."""


class Verifications:
    """A queue of verifications.

    Args:
        prepare: Gives what is verified.
        check: Verifies it.
        ended: Told the outcome.
        at_once: How many run at the same time.
    """

    def __init__(self, prepare: Prepare, check: Check, ended: Ended, *, at_once: int) -> None:
        self._prepare, self._check, self._ended = prepare, check, ended
        self._heap: list[tuple[float, int, Place]] = []
        self._due: dict[Place, tuple[float, int]] = {}
        self._running: set[Place] = set()
        self._count = 0
        self._some = asyncio.Event()
        self._cancel = threading.Event()
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="verification")
        self.at_once = at_once

    def ask(self, place: Place, after: float = 0.0) -> None:
        """Ask for a verification in so many seconds; a sooner one that was asked for stays."""
        at = time.monotonic() + after
        known = self._due.get(place)
        if known and known[0] <= at:
            return
        self._count += 1
        self._due[place] = (at, self._count)
        heapq.heappush(self._heap, (at, self._count, place))
        if len(self._heap) > 2 * len(self._due) + SPARE:  # what was asked for sooner left its old entry behind
            self._heap = [(at, count, place) for place, (at, count) in self._due.items()]
            heapq.heapify(self._heap)
        if self._heap[0][2] == place:
            self._some.set()

    def forget(self, place: Place) -> None:
        """Take back what was asked for."""
        self._due.pop(place, None)

    def asked(self, place: Place) -> bool:
        """Tell whether one was asked for."""
        return place in self._due

    @property
    def waiting(self) -> int:
        """How many are due and wait for their turn."""
        now = time.monotonic()
        return sum(1 for at, _ in tuple(self._due.values()) if at <= now)

    @property
    def running(self) -> int:
        """How many run."""
        return len(self._running)

    @property
    def oldest(self) -> float:
        """Seconds that the longest waiting one is overdue."""
        first = min((at for at, _ in tuple(self._due.values())), default=None)
        return 0.0 if first is None else max(0.0, time.monotonic() - first)

    async def worker(self, rests: Callable[[], bool] = lambda: False) -> None:
        """Verify what is due, one after another; several of these run.

        Args:
            rests: Tells whether this one leaves the work to the others for now.
        """
        while True:
            place = await self._next(rests)
            self._running.add(place)
            try:
                await self._one(place)
            finally:
                self._running.discard(place)

    async def _next(self, rests: Callable[[], bool]) -> Place:
        while True:
            while self._heap and self._due.get(self._heap[0][2], (0, 0))[1] != self._heap[0][1]:
                heapq.heappop(self._heap)  # forgotten, or asked for sooner
            pause = self._heap[0][0] - time.monotonic() if self._heap else None
            if pause is not None and pause <= 0 and self._heap[0][2] not in self._running and not rests():
                place = heapq.heappop(self._heap)[2]
                del self._due[place]
                return place
            await self._wait(None if pause is None else max(pause, 0.05))

    async def _wait(self, pause: float | None) -> None:
        self._some.clear()
        try:
            await asyncio.wait_for(self._some.wait(), pause)
        except TimeoutError:
            return

    async def _one(self, place: Place) -> None:
        try:
            wanted = await self._prepare(place)
            if wanted is None:
                return
            fingerprint, requested = wanted.fingerprint, wanted.requested
            loop = asyncio.get_running_loop()
            result = await loop.run_in_executor(self._threads, self._check, wanted, self._cancel)
        except Exception as error:  # noqa: BLE001  one verification never ends the others
            LOG.error("a verification of %s ended with %s", place, type(error).__name__)  # noqa: TRY400  may hold a value
            result, fingerprint, requested = FAULT, "", ""
        if not self._cancel.is_set():
            self._ended(place, result, fingerprint, requested)

    def cancel(self) -> None:
        """Stop what runs; nothing is told any more."""
        self._cancel.set()

    def stop(self) -> None:
        """Stop what runs and wait for its end."""
        self.cancel()
        self._threads.shutdown(wait=True, cancel_futures=True)


def jittered(interval: float) -> float:
    """Return an interval that is up to a tenth shorter, so that what was due together drifts apart."""
    return interval * random.uniform(1 - JITTER, 1)  # noqa: S311  no secret

"""What has to be looked at: each resource once, the urgent first, one worker on a resource at a time."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import deque
from enum import IntEnum

from credential_operator.wanted.values import Place


class Urgency(IntEnum):
    """Who goes first."""

    FIRST = 0
    """A new or changed resource."""
    CHANGE = 1
    """A source or an output changed, or a verification ended."""
    LATER = 2
    """A look after a while, and what a start finds."""


CALM = 1.0
"""Seconds after the last resource that went first in which the others have little room."""

PACE = 0.04
"""Seconds between two others then, one after another: a look keeps this process and the API server busy for some
milliseconds, and a new resource should hardly ever meet one."""


class Worklist:
    """Places to look at.

    Args:
        most: How many that do not go first may be looked at together; the other workers are free for those that do. A
            look may wait for a provider that renews a token.
    """

    def __init__(self, most: int = sys.maxsize) -> None:
        self._most = most
        self._lines: tuple[deque[Place], ...] = tuple(deque() for _ in Urgency)
        self._behind: set[Place] = set()
        self._first = self._last = -CALM
        self._wake: asyncio.TimerHandle | None = None
        self._waiting: dict[Place, tuple[Urgency, float]] = {}
        self._active: dict[Place, Urgency | None] = {}
        self._timers: dict[Place, asyncio.TimerHandle] = {}
        self._some = asyncio.Event()
        self._closed = False

    def add(self, place: Place, urgency: Urgency) -> None:
        """Ask for a look. One that is asked for while the resource is worked on comes right after."""
        if place in self._active:
            again = self._active[place]
            self._active[place] = urgency if again is None else min(again, urgency)
            return
        known = self._waiting.get(place)
        if known and known[0] <= urgency:
            return
        self._waiting[place] = (urgency, known[1] if known else time.monotonic())
        if urgency is Urgency.FIRST:
            self._first = time.monotonic()
        self._lines[urgency].append(place)
        self._some.set()

    def add_later(self, place: Place, seconds: float) -> None:
        """Ask for a look after a while; a sooner one that was asked for stays."""
        loop = asyncio.get_running_loop()
        timer = self._timers.get(place)
        if timer and timer.when() <= loop.time() + seconds and not timer.cancelled():
            return
        self.forget_later(place)
        self._timers[place] = loop.call_later(seconds, self._due, place)

    def forget_later(self, place: Place) -> None:
        """Take back the look after a while."""
        timer = self._timers.pop(place, None)
        if timer:
            timer.cancel()

    def _due(self, place: Place) -> None:
        self._timers.pop(place, None)
        self.add(place, Urgency.LATER)

    def close(self) -> None:
        """Give nothing more out."""
        self._closed = True
        self._some.set()

    async def get(self) -> tuple[Place, float] | None:
        """Wait for the next place and return it with the seconds that it waited; `done` has to follow.

        Nothing comes back after the list was closed.
        """
        while not self._closed:
            if taken := self._next():
                return taken
            self._some.clear()
            self._look_again()
            await self._some.wait()
        return None

    def _look_again(self) -> None:
        """Wake those who ask when there may be room beside the ones that go first."""
        if self._waiting and not self._wake:
            self._wake = asyncio.get_running_loop().call_later(PACE, self._woken)

    def _woken(self) -> None:
        self._wake = None
        self._some.set()

    def _next(self) -> tuple[Place, float] | None:
        """Take the most urgent place that there is room for."""
        for urgency, line in zip(Urgency, self._lines, strict=True):
            if not self._room(urgency):
                return None
            while line:
                place = line.popleft()
                waiting = self._waiting.get(place)
                if waiting and waiting[0] is urgency:
                    return self._take(place, urgency), time.monotonic() - waiting[1]
        return None

    def _room(self, urgency: Urgency) -> bool:
        """Tell whether one more of these may be looked at now."""
        if urgency is Urgency.FIRST:
            return True
        if not self.pressed:
            return len(self._behind) < self._most
        return not self._behind and time.monotonic() - self._last >= PACE

    def _take(self, place: Place, urgency: Urgency) -> Place:
        del self._waiting[place]
        self._active[place] = None
        if urgency is not Urgency.FIRST:
            self._behind.add(place)
            self._last = time.monotonic()
        return place

    def done(self, place: Place) -> None:
        """Say that a place was looked at."""
        again = self._active.pop(place, None)
        self._behind.discard(place)
        if again is not None:
            self.add(place, again)

    @property
    def length(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @property
    def oldest(self) -> float:
        """Seconds that the longest waiting one has waited."""
        since = min((at for _, at in tuple(self._waiting.values())), default=None)
        return 0.0 if since is None else time.monotonic() - since

    @property
    def pressed(self) -> bool:
        """Tell whether a resource that goes first came just now, so that more are to be expected."""
        return time.monotonic() - self._first < CALM

    @property
    def idle(self) -> bool:
        """Tell whether nothing waits and nothing is worked on."""
        return not self._waiting and not self._active

"""Work that may take longer than a page: it runs in a thread of its own, tells how far it is, and keeps how it ended."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any

from webapp.core.errors import CredentialError, TransientError

KEPT = 3600.0
"""Seconds for which an ended job is remembered."""
LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Job:
    """One piece of work.

    Attributes:
        owner: Who may look at it.
        kind: What it does, such as `restore`.
        step: What it is at, as a person would say it.
        done: How much of this step is done.
        total: Of how much; 0 while that is not known.
        result: What it gave; nothing while it runs, or when it failed.
        error: Why it failed.
    """

    owner: str
    kind: str
    step: str = ""
    done: int = 0
    total: int = 0
    result: Any = None
    error: CredentialError | None = None
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    ended_at: float = 0.0
    _ended: threading.Event = field(default_factory=threading.Event)

    def at(self, step: str) -> Callable[[int, int], None]:
        """Begin a step and return what tells how far it is."""
        self.step, self.done, self.total = step, 0, 0
        return self._tell

    def _tell(self, done: int, total: int) -> None:
        self.done, self.total = done, total

    def wait(self, seconds: float) -> bool:
        """Wait for the end; tells whether it has come."""
        return self._ended.wait(seconds)

    @property
    def ended(self) -> bool:
        """Tell whether it is over."""
        return self._ended.is_set()

    def end(self) -> None:
        """Let those who wait go on."""
        self.ended_at = time.monotonic()
        self._ended.set()


class Jobs:
    """The jobs of this process.

    Args:
        release: Gives back what a thread took from the store.
    """

    def __init__(self, release: Callable[[], None]) -> None:
        self._release = release
        self._jobs: dict[str, Job] = {}

    def start(self, owner: str, kind: str, work: Callable[[Job], Any]) -> Job:
        """Do something in a thread of its own, in the name of whoever acts here."""
        self._forget_old()
        job = Job(owner, kind)
        self._jobs[job.id] = job
        context = copy_context()
        threading.Thread(target=context.run, args=(self._run, job, work), name=kind, daemon=True).start()
        return job

    def get(self, identifier: str, owner: str) -> Job | None:
        """Return a job of an owner; nothing when it is someone else's, or of a process that has ended."""
        job = self._jobs.get(identifier)
        return job if job and job.owner == owner else None

    def stop(self, seconds: float = 10.0) -> None:
        """Wait a while for what still runs; what is cut off then was not done at all."""
        until = time.monotonic() + seconds
        for job in list(self._jobs.values()):
            job.wait(max(0.0, until - time.monotonic()))

    def _run(self, job: Job, work: Callable[[Job], Any]) -> None:
        try:
            job.result = work(job)
        except CredentialError as error:
            job.error = error
        except Exception as error:  # noqa: BLE001  whoever waits has to hear of it; the text may hold a value
            LOG.error("%s: %s", job.kind, type(error).__name__)  # noqa: TRY400
            job.error = TransientError(f"This did not work ({type(error).__name__}). Try again.")
        finally:
            self._release()
            job.end()

    def _forget_old(self) -> None:
        before = time.monotonic() - KEPT
        for key, job in list(self._jobs.items()):  # another thread may start one meanwhile
            if job.ended and job.ended_at <= before:
                self._jobs.pop(key, None)

"""Checks that run in the background, so that a page can show progress and stop them."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Generic, TypeVar

from webapp.core.fields import Attributes
from webapp.core.providers.base import Provider
from webapp.core.verification.states import Result, State
from webapp.core.verification.verifier import CANCELLED, Verifier

AT_ONCE = 8
KEPT_SECONDS = 300.0
Done = Callable[[Result], None]
LOG = logging.getLogger(__name__)


class Check:
    """One check: wait for it, look at its progress, stop it."""

    def __init__(self, key: str | None, owner: str) -> None:
        self.id = secrets.token_urlsafe(12)
        self.key = key
        self.owner = owner
        self.progress = "Waiting for a free check."
        self.started = time.monotonic()
        self.ended = 0.0
        self.result: Result | None = None
        self.cancelled = threading.Event()
        self._over = threading.Event()

    def wait(self, seconds: float) -> Result | None:
        """Return the result, or nothing when it takes longer than this."""
        self._over.wait(seconds)
        return self.result

    def cancel(self) -> None:
        """Stop the check at once."""
        self.cancelled.set()

    def tell(self, sentence: str) -> None:
        """Say what is going on."""
        self.progress = sentence

    def finish(self, result: Result) -> None:
        """Set the result."""
        self.result, self.ended = result, time.monotonic()
        self._over.set()


C = TypeVar("C", bound=Check)


class Background(Generic[C]):
    """Runs pieces of work that end in a result, and finds them again by id.

    Args:
        at_once: How many run at the same time; others wait.
    """

    def __init__(self, *, at_once: int = AT_ONCE) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="check")
        self._checks: dict[str, C] = {}
        self._lock = threading.Lock()

    def begin(self, check: C, work: Callable[[C], Result], done: Done | None = None) -> C:
        """Start a piece of work; while one with the same key runs, that one is returned instead."""
        with self._lock:
            self._forget_old()
            running = self._running(check.key)
            if running:
                return running
            self._checks[check.id] = check
        self._threads.submit(copy_context().run, self._run, check, work, done)  # in the name of whoever asked
        return check

    def get(self, identifier: str) -> C | None:
        """Return a check that runs or ended within the last five minutes."""
        return self._checks.get(identifier)

    def stop(self) -> None:
        """Stop every check and wait for its end."""
        for check in list(self._checks.values()):
            check.cancel()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _running(self, key: str | None) -> C | None:
        found = (check for check in self._checks.values() if key is not None and check.key == key)
        return next((check for check in found if check.result is None and not check.cancelled.is_set()), None)

    def _run(self, check: C, work: Callable[[C], Result], done: Done | None) -> None:
        result = Result(State.UNREACHABLE, "The check failed for a reason of its own; the log of the server has it.")
        try:
            result = CANCELLED if check.cancelled.is_set() else work(check)
            if done:
                done(result)
        except Exception as error:  # noqa: BLE001  a thread has nobody above it; the page must still get an answer
            LOG.error("a check ended with %s", type(error).__name__)  # noqa: TRY400  its text could hold a secret
        finally:
            check.finish(result)

    def _forget_old(self) -> None:
        limit = time.monotonic() - KEPT_SECONDS
        for identifier, check in list(self._checks.items()):
            if check.result is not None and check.ended < limit:
                del self._checks[identifier]


class Checks(Background[Check]):
    """Starts checks of cloud credentials and finds them again by id.

    Args:
        verifier: Does the work.
        at_once: How many run at the same time; others wait.
    """

    def __init__(self, verifier: Verifier, *, at_once: int = AT_ONCE) -> None:
        super().__init__(at_once=at_once)
        self.verifier = verifier

    def start(
        self,
        provider: Provider,
        attributes: Attributes,
        *,
        key: str | None = None,
        owner: str = "",
        write: bool = False,
        done: Done | None = None,
        credential_id: str | None = None,
    ) -> Check:
        """Start a check; while one with the same key runs, that one is returned instead."""

        def work(check: Check) -> Result:
            return self.verifier.verify(
                provider,
                attributes,
                cancel=check.cancelled,
                write=write,
                on_progress=check.tell,
                credential_id=credential_id,
            )

        return self.begin(Check(key, owner), work, done)

"""Hears what happens in the cluster, keeps the list of what has to be looked at, and works it off."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping
from typing import Any

from credential_operator.controller.held import Change, Held, number
from credential_operator.controller.index import Index
from credential_operator.controller.mirror import Mirroring
from credential_operator.controller.reconcile import Outcome, Reconciler
from credential_operator.controller.status import moment, versions
from credential_operator.controller.verifying import Verifications, jittered
from credential_operator.controller.worklist import Urgency, Worklist
from credential_operator.kube.errors import KubeError
from credential_operator.kube.retries import LONGEST_RETRY, PERMISSION_RETRY, growing
from credential_operator.names import PLURAL
from credential_operator.wanted.values import Place
from webapp.core.store.faults import fault_of
from webapp.core.store.names import name_key
from webapp.core.verification.states import Result, State

LOG = logging.getLogger(__name__)
FIRST_UNREACHABLE = 60.0
"""Seconds to the next try after the provider did not answer; twice as long each time."""

Told = Callable[[str, float, float], None]
"""Told how a look ended, how long it took, and how long it had waited."""


class Controller:
    """The work on all resources.

    Args:
        index: What is remembered.
        worklist: What has to be looked at.
        mirroring: The store's mirror.
        told: Told how looks end.
    """

    def __init__(self, index: Index, worklist: Worklist, mirroring: Mirroring, told: Told) -> None:
        self.index, self.worklist, self._mirroring, self._told = index, worklist, mirroring, told
        self.heard = time.monotonic()
        self.reconciler: Reconciler
        self.verifications: Verifications

    def event(self, kind: str | None, raw: Mapping[str, Any]) -> None:
        """Take an event of a resource: `ADDED`, `MODIFIED`, `DELETED`, or nothing for one that was listed."""
        self.heard = time.monotonic()
        meta = raw["metadata"]
        place = Place(meta["namespace"], meta["name"])
        if kind == "DELETED":
            self.forget(place, meta["uid"])
            return
        held = self.index.resources.get(place)
        if held is None or held.uid != meta["uid"]:
            if held:
                self.forget(place, held.uid)
            self._new(place, raw, Urgency.LATER if kind is None and raw.get("status") else Urgency.FIRST)
        elif number(meta["resourceVersion"]) > held.version:
            self._changed(held, raw)

    def _new(self, place: Place, raw: Mapping[str, Any], urgency: Urgency) -> None:
        self._touch(self.index.put(Held(place, raw)))
        self.worklist.add(place, urgency)

    def _changed(self, held: Held, raw: Mapping[str, Any]) -> None:
        before = (held.sources, held.outputs)
        change = held.take(raw)
        if change is Change.WANTED:
            self._touch(self.index.put(held, before))
            held.failures = 0
            self.worklist.add(held.place, Urgency.FIRST)
        elif change is Change.STATUS:
            self.worklist.add(held.place, Urgency.CHANGE)

    def forget(self, place: Place, uid: str) -> None:
        """Forget a resource that is gone."""
        held = self.index.resources.get(place)
        if held is None or held.uid != uid:
            return
        held.ending = True
        self._touch(self.index.drop(place))
        self.verifications.forget(place)
        self.worklist.forget_later(place)
        self._mirroring.remove(place)

    def _touch(self, places: set[Place]) -> None:
        for place in places:
            self.worklist.add(place, Urgency.CHANGE)

    def secret_seen(self, meta: Mapping[str, Any]) -> None:
        """Take the metadata of a Secret; whoever has another version of it in its status is looked at.

        What a read or a write of ours has shown before is no news to the one who did it. Others who refer to the same
        Secret hear of it here only.
        """
        secret = (meta["namespace"], meta["name"])
        news = self.index.seen(meta)
        known = self.index.metas.get(secret)
        if known is None:
            return
        for held in self.index.users(secret) if news else self.index.readers(secret):
            part = "sources" if secret[1] in held.sources else "secrets"
            if versions(held.status, part).get(secret[1]) != known.version:
                held.failures = 0
                self.worklist.add(held.place, Urgency.CHANGE)

    def secret_gone(self, namespace: str, name: str) -> None:
        """Take note that a Secret is no longer there."""
        self.index.gone(namespace, name)
        for held in self.index.users((namespace, name)):
            self.worklist.add(held.place, Urgency.CHANGE)

    def publications_changed(self, names: set[str]) -> None:
        """Look at every resource that is fed by one of these credentials of the web app."""
        for held in self.index.resources.values():
            if held.store and name_key(held.store) in names:
                self.worklist.add(held.place, Urgency.CHANGE)

    def verified(self, place: Place, result: Result, fingerprint: str, requested: str) -> None:
        """Take the outcome of a verification."""
        held = self.index.resources.get(place)
        if held is None:
            return
        held.unreachable = held.unreachable + 1 if result.state in {State.UNREACHABLE, State.CANCELLED} else 0
        held.result = (result, fingerprint, requested)
        self.worklist.add(place, Urgency.CHANGE)

    async def work(self) -> None:
        """Look at one resource after another until the list is closed; several of these run."""
        while taken := await self.worklist.get():
            place, waited = taken
            begun = time.perf_counter()
            result = "error"
            try:
                outcome = await self.reconciler.look(place)
                result = outcome.result
                self._after(place, outcome)
            except KubeError as error:
                self._failed(place, error)
            except asyncio.CancelledError:
                raise
            except Exception as error:  # noqa: BLE001  one resource never ends the work on the others
                self._broke(place, error)
            finally:
                self.worklist.done(place)
                self._told(result, time.perf_counter() - begun, waited)

    def _after(self, place: Place, outcome: Outcome) -> None:
        held = self.index.resources.get(place)
        if outcome.result == "gone" or held is None:
            return
        if outcome.retry:
            self.worklist.add_later(place, outcome.retry)
        else:
            self.worklist.forget_later(place)
        if outcome.verify:
            self.verifications.ask(place)
        elif held.interval and not self.verifications.asked(place):
            self.verifications.ask(place, self._next_verification(held))

    def _next_verification(self, held: Held) -> float:
        """Return the seconds to the next verification: soon after silence, else when its interval is over."""
        if held.unreachable:
            pause = min(held.interval, FIRST_UNREACHABLE * 2 ** min(held.unreachable - 1, 16))
            return pause * random.uniform(0.9, 1.1)  # noqa: S311  no secret
        last, pause = moment((held.status.get("lastVerification") or {}).get("time", "")), jittered(held.interval)
        return min(pause, max(0.0, last + pause - time.time())) if last else pause  # a clock may have been set back

    def _failed(self, place: Place, error: KubeError) -> None:
        held = self.index.resources.get(place)
        if held is None:
            return
        if error.missing and error.resource.startswith(PLURAL):
            self.forget(place, held.uid)
            return
        held.failures += 1
        LOG.log(
            logging.INFO if held.failures == 1 and not error.forbidden else logging.WARNING,
            "%s",
            error.sentence,
            extra={"namespace": place.namespace, "resource": place.name},
        )
        longest = LONGEST_RETRY if error.status and not error.forbidden else PERMISSION_RETRY
        self.worklist.add_later(place, max(error.retry_after, growing(held.failures - 2, longest)))

    def _broke(self, place: Place, error: Exception) -> None:
        """Log where an unexpected error came from, never what it says: it may hold a value."""
        frame = error.__traceback__
        while frame and frame.tb_next:
            frame = frame.tb_next
        where = f"{frame.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{frame.tb_lineno}" if frame else "unknown"
        fault = fault_of(error)
        LOG.error(
            "%s",
            fault.message if fault else f"an unexpected {type(error).__name__} at {where}",
            extra={"namespace": place.namespace, "resource": place.name},
        )
        held = self.index.resources.get(place)
        if held:
            held.failures += 1
            self.worklist.add_later(place, growing(held.failures))

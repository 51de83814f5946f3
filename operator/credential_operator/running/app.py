"""Puts the operator together and runs it: sign in, wait for the definition and the lease, watch, work, drain."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
import time
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from credential_operator.controller.controller import FIRST_UNREACHABLE, Controller
from credential_operator.controller.credential import BY, Credentials, Keepers, to_verify
from credential_operator.controller.index import Index
from credential_operator.controller.mirror import Mirroring
from credential_operator.controller.offload import Offload
from credential_operator.controller.reconcile import Reconciler
from credential_operator.controller.rollout import Rollouts
from credential_operator.controller.sources import Sources
from credential_operator.controller.tokens import ResourceTokens
from credential_operator.controller.verifying import Verifications, Wanted
from credential_operator.controller.worklist import Worklist
from credential_operator.controller.writes import Writer
from credential_operator.kube.client import Kube
from credential_operator.kube.errors import KubeError
from credential_operator.kube.events import Events
from credential_operator.kube.lease import Lease
from credential_operator.kube.limiter import Bucket
from credential_operator.kube.watch import MetadataWatch
from credential_operator.reasons import TroubleError
from credential_operator.running.garbage import Garbage
from credential_operator.running.health import Health
from credential_operator.running.listing import Listing, paths
from credential_operator.running.metrics import Metrics, States
from credential_operator.running.seed import seed_found
from credential_operator.running.settings import OperatorSettings
from credential_operator.running.watching import watch
from credential_operator.wanted.values import Place
from webapp.core.cluster.mirror import Mirror
from webapp.core.cluster.publishing import changed_names
from webapp.core.errors import CredentialError, PermanentError
from webapp.core.verification.states import Result
from webapp.core.verification.verifier import Tokens

if TYPE_CHECKING:
    from webapp.core.runtime import Runtime
    from webapp.core.store.cluster import Offer

LOG = logging.getLogger(__name__)
DEAF_SECONDS = 150.0
"""Seconds without a word from the watch on Secrets after which the process had better be started anew."""

QUIET_SECONDS = 0.1
"""Seconds without an event of a resource after which a list counts as over, once its number is right."""

RECOUNT_SECONDS = 1.0
"""Seconds without an event of a resource after which they are counted again, while some seem to be missing."""

SWEEP_SECONDS = 600.0
DRAIN_SECONDS = 20.0
RENEWALS = 4
"""Tokens that are renewed at the same time."""

HASH_KEY = "operator-hash-key"


class Operator:
    """The whole operator.

    Args:
        runtime: The store and what belongs to it.
        settings: What was chosen.

    Raises:
        PermanentError: The store is locked.
    """

    def __init__(self, runtime: Runtime, settings: OperatorSettings) -> None:
        if runtime.store.locked:
            raise PermanentError(runtime.store.locked.message)
        self._runtime, self._settings = runtime, settings
        self._key = str(runtime.store.values.add(HASH_KEY, token_hex(32), secret=True)).encode()
        self.metrics = Metrics()
        self._stop = asyncio.Event()
        self._kopf_stop = asyncio.Event()
        self._offload, self._renewing = Offload(), Offload(RENEWALS, "renewal")
        self._kube = Kube(Bucket(settings.write_rate, settings.write_burst), self.metrics.request)
        self._listing = Listing(self._kube, settings.namespaces)
        self._index = Index()
        self._workers: list[asyncio.Task[None]] = []
        mirror = Mirror(runtime.store) if settings.mirror else None
        self._mirroring = Mirroring(mirror, self._offload)
        self._sources = Sources(self._kube, self._index)
        self._events = Events(self._kube)
        self.controller = Controller(
            self._index, Worklist(max(1, settings.concurrency * 3 // 4)), self._mirroring, self.metrics.look
        )
        self._state = "signing in"
        self._lease: Lease | None = None
        self._watches: list[MetadataWatch] = []
        self._wire()

    def _wire(self) -> None:
        """Put the parts together that need each other."""
        runtime, settings = self._runtime, self._settings
        tokens = ResourceTokens(runtime.store.values, self._door, self._key)
        keepers = Keepers(runtime.sealing, runtime.publishing, runtime.formats, runtime.store.generated, tokens)
        self._credentials = Credentials(self._sources, keepers, self._offload, self._renewing, self._key)
        writer = Writer(self._kube, self._index, self._key)
        self.controller.reconciler = Reconciler(
            self._kube, self._index, self._credentials, writer, self._events, Rollouts(self._kube), self._mirroring.put
        )
        self.controller.verifications = Verifications(
            self._prepare, self._check, self._verified, at_once=settings.verifications
        )
        self.metrics.registry.register(States(self.controller))

    def _door(self) -> Tokens:
        from webapp.core.oauth.refresh import TokenDoor  # noqa: PLC0415  who has no OAuth token does not pay for it

        return TokenDoor(self._runtime.store, by=BY)

    async def run(self) -> int:
        """Run until told to stop; return the exit code."""
        self._hear_signals()
        health = Health(self._wrong, self._missing, self.metrics)
        await health.start(self._settings.host, self._settings.port)
        try:
            return await self._run()
        finally:
            await health.stop()
            await self._kube.close()
            self._offload.stop()
            self._renewing.stop()

    def _hear_signals(self) -> None:
        """Drain on SIGTERM and Ctrl-C. Kopf takes these signals for itself when it starts, so they are taken back."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)

    async def _run(self) -> int:
        await self._kube.open()
        if not await self._unless_stopped(self._listing.wait_until_served(self._say)):
            return 0
        namespace = self._settings.lease_namespace or self._kube.signed.namespace
        self._lease = lease = Lease(self._kube, namespace, self._settings.lease_name, self._settings.identity)
        self._state = "the lease is being asked for"
        if not await self._unless_stopped(lease.acquire()):
            return 0
        self._kube.writable = lambda: lease.held
        LOG.info("the lease is held by %s; the work begins", self._settings.identity)
        try:
            return await self._work(lease)
        finally:
            await lease.release()

    def _say(self, state: str) -> None:
        """Take what is missing before all is done."""
        self._state = state

    async def _unless_stopped(self, work: Coroutine[Any, Any, None]) -> bool:
        """Wait for something, or until told to stop; tell whether it was done."""
        task, stopped = asyncio.create_task(work), asyncio.create_task(self._stop.wait())
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not task.done():
            task.cancel()
            return False
        task.result()
        return True

    async def _work(self, lease: Lease) -> int:
        settings = self._settings
        for path in paths("/api/v1", "secrets", settings.namespaces):
            self._watches.append(
                MetadataWatch(
                    self._kube,
                    path,
                    "secrets",
                    seen=self.controller.secret_seen,
                    gone=self.controller.secret_gone,
                )
            )
        parts: Mapping[str, Coroutine[Any, Any, Any]] = {
            "watch on resources": watch(self._kube, self.controller.event, settings.namespaces, self._kopf_stop),
            "lease": lease.keep(),
            "posting of events": self._events.run(),
            "mirror": self._mirroring.run(),
            "garbage": Garbage(lambda: self.controller.worklist.idle).run(),
            "work": self._begin(),
            **{f"watch on Secrets {number}": one.run() for number, one in enumerate(self._watches, 1)},
        }
        ends: dict[asyncio.Task[Any], str] = {asyncio.create_task(part): name for name, part in parts.items()}
        ends[asyncio.create_task(self._stop.wait())] = ""
        done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        why = [ends[task] for task in done if ends[task]]
        for name in why:
            LOG.error("the process ends, so that it is started anew: %s has ended", name)
        await self._drain(list(ends))
        return 1 if why else 0

    async def _begin(self) -> None:
        """Begin to work once every Secret is known by its version; afterwards see to what comes up now and then."""
        self._state = "the Secrets are being listed"
        offers = await self._offers()  # before the first look, so that no change between the two is missed
        for one in self._watches:
            await one.listed.wait()
        self._state = "the resources are being listed"
        self._workers = [asyncio.create_task(self.controller.work()) for _ in range(self._settings.concurrency)]
        await self._listed()
        self._index.prune()
        await self._mirroring.keep_only(tuple(self._index.resources), self._settings.namespaces)
        self._state = ""
        LOG.info("%d resources are known", len(self._index.resources))
        self._workers += [asyncio.create_task(self._verify(number)) for number in range(self._settings.verifications)]
        await asyncio.gather(self._follow_publications(offers or {}), self._sweep())

    async def _verify(self, number: int) -> None:
        """Verify what is due. While new resources come, one does so alone: each check starts a process."""
        worklist = self.controller.worklist
        await self.controller.verifications.worker(lambda: number > 0 and worklist.pressed)

    async def _listed(self) -> None:
        """Wait until as many resources are known as the API server counts; count again when no more come."""
        wanted, counted = -1, 0.0
        while True:
            self._hear_signals()
            silence = time.monotonic() - max(self.controller.heard, counted)
            if 0 <= wanted <= len(self._index.resources) and silence >= QUIET_SECONDS:
                return
            if wanted < 0 or silence >= RECOUNT_SECONDS:  # some may have gone since
                with suppress(KubeError):
                    wanted = await self._listing.count()
                counted = time.monotonic()
            await asyncio.sleep(QUIET_SECONDS)

    async def _sweep(self) -> None:
        """Forget values that nobody uses, and resources whose end was missed."""
        while True:
            for _ in range(int(SWEEP_SECONDS / 30)):
                await asyncio.sleep(30)
                self._sources.sweep()
                with suppress(CredentialError):
                    await self._offload(self._runtime.store.look_for_newer)
            with suppress(KubeError):
                await self._forget_missed()

    async def _forget_missed(self) -> None:
        known = {place: held.uid for place, held in self._index.resources.items()}
        there = await self._listing.uids()
        for place, uid in known.items():
            if uid not in there:
                self.controller.forget(place, uid)

    async def _follow_publications(self, before: Mapping[str, Offer]) -> None:
        """Look once a second whether what the web app offers has changed."""
        while True:
            offers = await self._offers()
            if offers is not None and offers != before:
                self.controller.publications_changed(changed_names(before, offers))
                before = offers
            await asyncio.sleep(1.0)

    async def _offers(self) -> Mapping[str, Offer] | None:
        """Return what the web app offers; nothing while the store does not say."""
        try:
            return await self._offload(self._runtime.publishing.offers)
        except CredentialError:
            return None

    async def _prepare(self, place: Place) -> Wanted | None:
        """Return what of a resource is verified now; nothing when it cannot be had, as its status says already.

        When the API server or the store is away, no look follows that would ask again: it is asked for in a minute.
        """
        for _ in range(50):  # Secrets go first; a verification may wait a few seconds for them
            if self.controller.worklist.idle:
                break
            await asyncio.sleep(0.1)
        held = self._index.resources.get(place)
        if held is None or held.ending:
            return None
        spec = held.spec
        try:
            reads, _ = await self._credentials.read(held, spec)
            known = await self._credentials.know(place, spec, reads)
        except (TroubleError, KubeError) as error:
            if not isinstance(error, TroubleError) or error.trouble.retry:
                self.controller.verifications.ask(place, FIRST_UNREACHABLE)
            return None
        return Wanted(known.provider, to_verify(known, spec), known.fingerprint, known.stored, held.verify)

    def _check(self, wanted: Wanted, cancel: threading.Event) -> Result:
        """Ask the provider; a credential of the web app is verified there, where a renewed token is kept."""
        if wanted.stored:
            target = str(wanted.attributes.get(wanted.provider.target, ""))
            return self._runtime.service.verify_stored(wanted.stored, target=target)
        return self._runtime.checks.verifier.verify(wanted.provider, wanted.attributes, cancel=cancel)

    def _verified(self, place: Place, result: Result, fingerprint: str, requested: str) -> None:
        self.metrics.verification(result.state)
        self.controller.verified(place, result, fingerprint, requested)

    async def _drain(self, tasks: list[asyncio.Task[Any]]) -> None:
        """End what runs without leaving anything half done: no new looks, running ones end, what waits is written.

        When the lease was lost, running looks end at once: what they write next may be the work of another instance.
        """
        LOG.info("draining")
        self._state = "draining"
        workers = self._workers
        self.controller.worklist.close()
        self.controller.verifications.cancel()
        if not (self._lease and self._lease.held):  # another instance may begin at any moment
            for worker in workers:
                worker.cancel()
        if workers:
            await asyncio.wait(workers[: self._settings.concurrency], timeout=DRAIN_SECONDS)
        await self._mirroring.flush()
        await self._events.drain(2.0)
        self._kopf_stop.set()
        for task in (*workers, *tasks):
            if task.done() and not task.cancelled() and task.exception():
                LOG.error("a part had ended with %s", type(task.exception()).__name__)
        kopf = [task for task in tasks if not task.done()][:1]  # it ends by itself, and closes its watch
        if kopf:
            await asyncio.wait(kopf, timeout=2)
        for task in (*workers, *tasks):
            task.cancel()
        await asyncio.gather(*workers, *tasks, return_exceptions=True)
        await asyncio.to_thread(self.controller.verifications.stop)

    def _wrong(self) -> str:
        """Say why the process had better be started anew."""
        return "the watch on Secrets is silent" if any(one.deaf(DEAF_SECONDS) for one in self._watches) else ""

    def _missing(self) -> str:
        """Say what is missing before all is done; one that waits for another instance to end lacks nothing."""
        if self._lease and self._lease.waiting:
            return ""
        troubles = [self._lease.trouble if self._lease else "", *(one.trouble for one in self._watches)]
        return next(filter(None, troubles), self._state)


def run(runtime: Runtime, settings: OperatorSettings) -> int:
    """Run the operator and return the exit code."""

    async def main() -> int:
        if not await seed_found(runtime.store, settings):
            return 0
        return await Operator(runtime, settings).run()

    return asyncio.run(main())

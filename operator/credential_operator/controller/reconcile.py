"""The one function that makes the cluster fit a resource, whatever happened: it compares what is with what should be.

It is called for a new resource and a changed one, for a changed source, a changed output, an ended verification, after
a start and after a while. It writes what differs and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from credential_operator.controller.credential import Credentials, Known
from credential_operator.controller.held import Held
from credential_operator.controller.index import Index
from credential_operator.controller.rollout import Rollouts
from credential_operator.controller.status import (
    LONGEST,
    OFF,
    PENDING,
    Findings,
    Verdict,
    compute,
    condition,
    difference,
    moment,
    timestamp,
    transition,
    verdict_of,
    versions,
)
from credential_operator.controller.writes import Writer
from credential_operator.kube.client import MERGE, METADATA, Kube
from credential_operator.kube.errors import KubeError
from credential_operator.kube.events import Events
from credential_operator.kube.retries import LONGEST_RETRY, PERMISSION_RETRY, growing
from credential_operator.names import PLURAL
from credential_operator.reasons import Reason, Trouble, TroubleError, told_together
from credential_operator.wanted.made import Made
from credential_operator.wanted.spec import Spec
from credential_operator.wanted.values import Place
from webapp.core.verification.states import Result, State


@dataclass(slots=True)
class Outcome:
    """What a look at a resource came to.

    Attributes:
        result: A word for the metrics: `unchanged`, `synced`, `trouble`, `gone`.
        retry: Seconds until the next look without a change; 0 for none.
        verify: Whether a verification is wanted now.
    """

    result: str
    retry: float = 0.0
    verify: bool = False


@dataclass(slots=True)
class Look:
    """One look: what was found on the way."""

    held: Held
    spec: Spec
    old: dict[str, Any]
    secrets: list[Mapping[str, str]]
    sources: Sequence[Mapping[str, str]] = ()
    known: Known | None = None
    trouble: Trouble | None = None
    verdict: Verdict | None = None
    last: dict[str, str] | None = None
    verify: bool = False
    synced: bool = False
    written: list[str] = field(default_factory=list[str])


class Reconciler:
    """Makes the cluster fit.

    Args:
        kube: The session.
        index: What is remembered.
        credentials: Puts credentials together.
        writer: Writes outputs.
        events: Says what changed.
        rollouts: Renews pods.
        mirrored: Told of every resource whose state may have changed.
    """

    def __init__(
        self,
        kube: Kube,
        index: Index,
        credentials: Credentials,
        writer: Writer,
        events: Events,
        rollouts: Rollouts,
        mirrored: Callable[[Held, Known | None], None],
    ) -> None:
        self._kube, self._index, self._credentials = kube, index, credentials
        self._writer, self._events, self._rollouts, self._mirrored = writer, events, rollouts, mirrored

    def fits(self, held: Held) -> bool:
        """Tell whether nothing moved since the status was written, by versions alone: nothing is read for it."""
        status = held.status
        if held.result or held.passing or status.get("observedGeneration") != held.generation:
            return False
        if condition(status, "Ready").get("status") != "True" or self._asked(held, status):
            return False
        names = (*held.sources, *held.outputs)
        recorded = {**versions(status, "sources"), **versions(status, "secrets")}
        if recorded.keys() != set(names):
            return False
        found = ((name, self._index.metas.get((held.place.namespace, name))) for name in names)
        return all(meta is not None and recorded[name] == meta.version for name, meta in found)

    def _asked(self, held: Held, status: Mapping[str, Any]) -> bool:
        answered = (status.get("lastVerification") or {}).get("requested", "")
        return bool(held.verify) and held.verify not in {answered, held.answered}

    async def look(self, place: Place) -> Outcome:
        """Look at a resource and make the cluster fit.

        Raises:
            KubeError: The API server did not answer, or has a fault; the same may work later.
        """
        held = self._index.resources.get(place)
        if held is None or held.ending:
            return Outcome("gone")
        if self.fits(held):
            self._mirrored(held, None)
            return Outcome("unchanged", verify=self._undecided(held))
        look = Look(held, held.spec, held.status, list(held.status.get("secrets") or ()))
        try:
            await self._attempt(look)
        except KubeError as error:
            if error.ending or held.ending:
                return Outcome("gone")
            look.trouble = self._refused(error)
        return await self._conclude(look)

    async def _attempt(self, look: Look) -> None:
        """Do the work, or note why it cannot be done.

        Raises:
            KubeError: The API server refused, or did not answer.
        """
        try:
            await self._work(look)
        except TroubleError as error:
            look.trouble = error.trouble
            await self._withdraw(look)

    async def _withdraw(self, look: Look) -> None:
        """Remove what a publication fed when it is no more."""
        if look.trouble and look.trouble.reason is Reason.NOT_PUBLISHED:
            for item in tuple(look.secrets):
                await self._writer.remove(look.held, item["name"], retain=False)
                look.secrets.remove(item)

    def _undecided(self, held: Held) -> bool:
        """Tell whether a verification was under way when the operator was stopped."""
        return condition(held.status, "Verified").get("reason") == Reason.PENDING

    async def _work(self, look: Look) -> None:
        held, spec = look.held, look.spec
        if spec.store or spec.provider:
            reads, look.sources = await self._credentials.read(held, spec)
            look.known = await self._credentials.know(held.place, spec, reads)
        known = look.known
        if known is None:
            return
        made = await self._credentials.outputs(held.place, spec, known)
        self._judge(look, known)
        if spec.verification.gate and held.proven != known.fingerprint and self._differs(look, made):
            self._wait_for_proof(look, known)
        await self._write(look, made)

    def _differs(self, look: Look, made: Sequence[Made]) -> bool:
        """Tell whether a Secret would be written with other content than the status names."""
        recorded = {item["name"]: item.get("hash") for item in look.secrets}
        return any(recorded.get(wanted.name) != wanted.hash for wanted in made)

    def _judge(self, look: Look, known: Known) -> None:
        """Find out what is known of the credential: from a verification that just ended, or that one is due."""
        held, wanted = look.held, look.spec.verification
        changed = self._changed(look, known)
        held.fingerprint = known.fingerprint
        if held.result and held.result[1] in {"", known.fingerprint}:
            self._take_result(look, *held.result)
        elif wanted.interval or wanted.gate or self._asked(held, look.old):
            look.verify = changed or self._asked(held, look.old) or self._undecided(held)
            look.verdict = PENDING if changed else None
        else:
            look.verdict = OFF

    def _changed(self, look: Look, known: Known) -> bool:
        """Tell whether the credential is another than the one that was verified last, as far as this can be known."""
        if look.held.fingerprint:
            return look.held.fingerprint != known.fingerprint
        seen = (look.old.get("observedGeneration"), look.old.get("sources") or [])
        return seen != (look.held.generation, list(look.sources)) or not condition(look.old, "Verified")

    def _take_result(self, look: Look, result: Result, fingerprint: str, requested: str) -> None:
        message = result.message[:LONGEST]
        look.verdict = verdict_of(result.state, message)
        if result.state is State.CANCELLED:
            return
        before = look.old.get("lastVerification") or {}
        told = (before.get("state"), before.get("message"), before.get("requested", ""))
        same = told == (result.state, message, requested)
        age = moment(timestamp()) - moment(before.get("time", ""))
        recent = 0 <= age < look.spec.verification.interval * 0.85  # less than 0: the clock was set back
        if result.good:
            look.held.proven = fingerprint
        else:
            look.held.refused = (fingerprint, message)
        look.held.answered = requested
        if not (same and recent):
            look.last = {"state": result.state, "message": message, "time": timestamp()}
            look.last |= {"requested": requested} if requested else {}

    def _wait_for_proof(self, look: Look, known: Known) -> None:
        """Keep the Secrets as they are until the changed credential verifies.

        One that was refused is not asked about with every try: the provider may count wrong keys. Its next verification
        is due by its interval, or when it changes; one that was not answered is asked about again.

        Raises:
            TroubleError: It did not, or nobody knows yet.
        """
        fingerprint, sentence = look.held.refused
        if fingerprint == known.fingerprint:
            look.verify |= look.verdict is None and look.held.unreachable > 0
            raise TroubleError(
                Reason.NOT_VERIFIED, f"The changed credential does not verify, so the Secrets stay. {sentence}"
            )
        # After one that came to nothing the next has its time: at once, it would come to nothing again and again.
        look.verify |= look.verdict in {None, PENDING}
        raise TroubleError(Reason.VERIFYING, "The Secrets wait until the credential is verified.")

    async def _write(self, look: Look, made: Sequence[Made]) -> None:
        """Write every output that differs and remove those that are no longer asked for.

        Raises:
            TroubleError: One of them is somebody else's; the others were written.
            KubeError: The API server refused, or did not answer; what was not seen to stays on the list.
        """
        recorded = {item["name"]: item for item in look.secrets}
        await self._refuse_ghost(look, made, recorded)
        look.secrets = []
        problems: list[TroubleError] = []
        try:
            for wanted in made:
                problems += await self._write_one(look, wanted, recorded)
            for name in tuple(recorded):
                await self._writer.remove(look.held, name, retain=look.spec.retain)
                del recorded[name]
        finally:
            look.secrets += recorded.values()
        if problems:
            raise told_together(problems)

    async def _write_one(
        self, look: Look, wanted: Made, recorded: dict[str, Mapping[str, str]]
    ) -> Sequence[TroubleError]:
        """Write one output if it differs and take it from what was recorded; return why it cannot be."""
        held, before = look.held, recorded.get(wanted.name, {})
        try:
            self._writer.refuse_younger(held, wanted.name)
            version, wrote = await self._writer.write(held, wanted, before, retain=look.spec.retain)
        except TroubleError as error:
            kept = recorded.pop(wanted.name, None)
            if kept and error.trouble.reason is Reason.API_ERROR:  # it stands as it was
                look.secrets.append(kept)
            return [error]
        recorded.pop(wanted.name, None)
        look.written += [wanted.name] if wrote else []
        named = {"name": wanted.name, "format": wanted.format, "hash": wanted.hash, "resourceVersion": version}
        look.secrets.append(named)
        return []

    async def _refuse_ghost(self, look: Look, made: Sequence[Made], recorded: Mapping[str, Any]) -> None:
        """Ask whether the resource is still there before an output that vanished is made again.

        Garbage collection takes an output with its resource; when that was missed, it would be made and taken forever.

        Raises:
            KubeError: It is gone.
        """
        namespace = look.held.place.namespace
        lost = (wanted.name for wanted in made if wanted.name in recorded)
        if not any((namespace, name) not in self._index.metas for name in lost):
            return
        found = await self._kube.request("GET", look.held.place.path, accept=METADATA, resource=PLURAL)
        if found["metadata"]["uid"] != look.held.uid or "deletionTimestamp" in found["metadata"]:
            look.held.ending = True
            raise KubeError(404, "get", PLURAL)

    def _refused(self, error: KubeError) -> Trouble:
        """Turn a refusal of the API server into the trouble that a person reads.

        Raises:
            KubeError: It is nothing that a person could mend.
        """
        if error.forbidden:
            told = f"The operator may not {error.verb} {error.resource} in this namespace."
            return Trouble(Reason.PERMISSION_MISSING, told, retry=True)
        if error.denied:
            told = f"The API server refuses to {error.verb} {error.resource}: {error.status} {error.reason}".rstrip()
            return Trouble(Reason.API_ERROR, f"{told}.", retry=True)
        raise error

    async def _conclude(self, look: Look) -> Outcome:
        """Write the status if it differs, say what changed, and tell when to look again."""
        held = look.held
        await self._renew(look)
        new = self._status(look)
        held.result = None
        if look.known:  # else the token that was handed out before is still in use
            held.token_ends = look.known.ends
        changed = difference(look.old, new)
        if changed:
            await self._patch(held, changed, new)
            event = transition(look.old, new)
            if event:
                self._events.post(held.place.namespace, held.place.name, held.uid, event)
        self._mirrored(held, look.known)
        held.failures = held.failures + 1 if look.trouble else 0
        result = "trouble" if look.trouble else "synced" if changed or look.written else "unchanged"
        return Outcome(result, self._retry(look), look.verify)

    def _retry(self, look: Look) -> float:
        """Return the seconds to the next look without a change; 0 for none."""
        if not look.trouble:
            return look.known.lasts if look.known else 0.0
        missing = look.trouble.reason is Reason.PERMISSION_MISSING
        return growing(look.held.failures, PERMISSION_RETRY if missing else LONGEST_RETRY)

    def _status(self, look: Look) -> dict[str, Any]:
        """Return the status as it should be after a look."""
        found = Findings(
            self._label(look), look.secrets, look.sources, look.trouble, look.verdict, look.last, synced=look.synced
        )
        return compute(look.old, look.held.generation, found, asked=len(look.spec.outputs))

    async def _renew(self, look: Look) -> None:
        """Renew the pods that use an output whose content changed.

        What may not be done is told, and done as soon as it may: until then the status names the outputs as they were
        when pods were renewed last.
        """
        if not (look.spec.rollout and self._renewed(look)):
            return
        try:
            await self._rollouts.renew(look.held, look.spec.rollout, look.secrets)
        except KubeError as error:
            look.trouble, look.synced = self._refused(error), look.trouble is None
            look.secrets = list(look.old.get("secrets") or ())

    def _renewed(self, look: Look) -> bool:
        """Tell whether an output that was there before has other content now."""
        before = {item["name"]: item.get("hash") for item in look.old.get("secrets") or ()}
        return any(before.get(item["name"], item["hash"]) != item["hash"] for item in look.secrets)

    def _label(self, look: Look) -> str:
        if look.known:
            return look.known.provider.label
        try:
            return look.old.get("provider", "") if look.spec.store else look.spec.provider.label
        except TroubleError:
            return look.spec.member

    async def _patch(self, held: Held, changed: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Write what changed of the status; nothing is sent but that, and nothing comes back but metadata."""
        body = {"metadata": {"uid": held.uid}, "status": changed}
        answer = await self._kube.request(
            "PATCH",
            held.place.path + "/status",
            body,
            content_type=MERGE,
            accept=METADATA,
            resource=f"{PLURAL}/status",
        )
        held.wrote(new, answer["metadata"])

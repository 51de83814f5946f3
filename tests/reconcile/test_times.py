"""When something is done again, also when the clock was set in between."""

from __future__ import annotations

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from reconcile.samples import KEY, PLACE, resolver, resource, spec

from credential_operator.controller.controller import Controller
from credential_operator.controller.credential import Known
from credential_operator.controller.held import Held
from credential_operator.controller.index import Index
from credential_operator.controller.mirror import Mirroring
from credential_operator.controller.offload import Offload
from credential_operator.controller.reconcile import Look, Reconciler
from credential_operator.controller.status import timestamp
from credential_operator.controller.tokens import ResourceTokens
from credential_operator.controller.verifying import FAULT
from credential_operator.controller.worklist import Worklist
from credential_operator.crd.status import MESSAGE_LIMIT
from credential_operator.kube import lease
from credential_operator.kube.client import Kube
from credential_operator.kube.errors import KubeError
from credential_operator.kube.limiter import Bucket
from credential_operator.kube.retries import LONGEST_RETRY, PERMISSION_RETRY, growing
from credential_operator.names import VERIFY
from credential_operator.reasons import Reason, TroubleError, told_together
from credential_operator.running.app import Operator
from credential_operator.running.settings import OperatorSettings
from webapp.core.formats import Source
from webapp.core.providers import PROVIDERS
from webapp.core.runtime import Runtime
from webapp.core.tokens import Token
from webapp.core.verification.states import Result, State
from webapp.core.verification.verifier import Fresh
from webapp.settings import Settings

if TYPE_CHECKING:
    from credential_operator.controller.tokens import Values
    from webapp.core.fields import Attributes
    from webapp.core.providers.base import Provider
    from webapp.core.verification.verifier import Tokens

KNOWN = Known(Source("nightly", PROVIDERS["S3"], {}), "", resolver(), "", {})
HOUR = 3600.0


@pytest.mark.parametrize(
    ("since", "least", "most"),
    [(0, 0.9, 1.0), (0.5, 0.4, 0.5), (2, 0, 0), (-72, 0.9, 1.0)],
    ids=["now", "half-an-hour-ago", "overdue", "in-the-future"],
)
def test_the_next_verification_is_never_later_than_its_interval(since: float, least: float, most: float) -> None:
    controller = Controller(Index(), Worklist(), Mirroring(None, Offload()), lambda *_: None)
    held = Held(PLACE, resource(spec={"verification": {"interval": "1h"}}))
    done = timestamp(datetime.fromtimestamp(time.time() - since * HOUR, UTC))
    held.wrote({"lastVerification": {"time": done}}, {"resourceVersion": "2"})
    assert least * HOUR - 2 <= controller._next_verification(held) <= most * HOUR + 2


@pytest.mark.parametrize(
    ("since", "message", "written"),
    [(0.1, "Wrong key.", False), (0.95, "Wrong key.", True), (0.1, "Fine.", True), (-72, "Wrong key.", True)],
    ids=["the-same-soon", "the-same-after-an-interval", "another", "from-the-future"],
)
def test_the_same_result_is_written_once_in_an_interval(since: float, message: str, written: bool) -> None:
    asked = {"verification": {"interval": "1h"}}
    before = timestamp(datetime.fromtimestamp(time.time() - since * HOUR, UTC))
    old = {"lastVerification": {"state": State.INVALID, "message": "Wrong key.", "time": before}}
    look = Look(Held(PLACE, resource(spec=asked)), spec(**asked), old, [])
    Reconciler._take_result(cast("Reconciler", None), look, Result(State.INVALID, message), "print", "")
    assert (look.last is not None) == written


def looked(held: Held, known: Known, result: Result | None = None) -> tuple[Reason, bool]:
    """Look at a credential behind a gate, and return why its Secrets wait and whether it is to be verified now."""
    asked = {"verification": {"gate": True}}
    look = Look(held, spec(**asked), {"conditions": [{"type": "Verified", "status": "True"}]}, [])
    held.result = (result, known.fingerprint, "") if result else None
    reconciler = object.__new__(Reconciler)
    reconciler._judge(look, known)
    with pytest.raises(TroubleError) as refused:
        reconciler._wait_for_proof(look, known)
    return refused.value.trouble.reason, look.verify


@pytest.mark.parametrize(
    ("state", "again"), [(State.INVALID, False), (State.UNREACHABLE, True)], ids=["refused", "no-answer"]
)
def test_a_gate_asks_about_a_refused_credential_once(state: State, again: bool) -> None:
    """Each look after that tries to write the Secrets; the provider counts wrong keys."""
    held, known = Held(PLACE, resource()), replace(KNOWN, fingerprint="one")
    assert looked(held, known) == (Reason.VERIFYING, True)
    held.unreachable = int(again)
    assert looked(held, known, Result(state, "No.")) == (Reason.NOT_VERIFIED, False)
    assert looked(held, known) == (Reason.NOT_VERIFIED, again)
    assert looked(held, replace(KNOWN, fingerprint="another")) == (Reason.VERIFYING, True)


def test_a_gate_does_not_repeat_a_verification_that_came_to_nothing_at_once() -> None:
    held, known = Held(PLACE, resource()), replace(KNOWN, fingerprint="one")
    assert looked(held, known) == (Reason.VERIFYING, True)
    assert looked(held, known, FAULT) == (Reason.VERIFYING, False)


def test_a_verification_that_met_an_api_server_that_is_away_is_asked_for_again(tmp_path: Path) -> None:
    async def main(runtime: Runtime) -> bool:
        operator = Operator(runtime, OperatorSettings())
        operator._kube._refreshed = time.monotonic()  # not signed in: out of reach
        operator._index.put(Held(PLACE, resource()))
        assert await operator._prepare(PLACE) is None
        return operator.controller.verifications.asked(PLACE)

    runtime = Runtime(Settings(data_dir=tmp_path))
    assert asyncio.run(main(runtime))
    runtime.store.close()


def test_a_refresh_token_that_works_once_is_used_once_by_those_who_ask_together() -> None:
    kept, used, values = dict[str, object](), list[str](), {"token": token("first")}

    class Door:
        def fresh(self, _: Provider, attributes: Attributes, **__: object) -> Fresh:
            used.append(Token.from_json(str(attributes["token"])).refresh_token)
            time.sleep(0.2)
            return Fresh(attributes, {"token": token("second")} if used[-1] == "first" else {})

    store = SimpleNamespace(get=kept.get, put=lambda key, value, **_: kept.update({key: value}))
    tokens = ResourceTokens(cast("Values", store), lambda: cast("Tokens", Door()), KEY)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: tokens.fresh(PLACE, PROVIDERS["BOX"], values), range(2)))
    assert used == ["first", "second"]


def token(refresh: str) -> str:
    return json.dumps({"access_token": "a", "refresh_token": refresh, "expiry": "2020-01-01T00:00:00Z"})


class Leases:
    """The API server with one Lease, as far as `Lease` asks for it."""

    def __init__(self) -> None:
        self.silent, self.gone, self.spec = False, False, dict[str, Any]()

    async def request(self, method: str, __: str, body: Any = None, **___: object) -> dict[str, Any]:
        if self.silent:
            await asyncio.sleep(30)
        if self.gone and method == "GET":
            raise KubeError(404, "get", "leases")
        self.gone = False
        self.spec = body["spec"] if body else self.spec
        return {"metadata": {"resourceVersion": "1"}, "spec": self.spec}


def test_a_lease_is_not_held_while_no_answer_comes_and_lost_when_another_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lease, "RENEW", 0.1)
    monkeypatch.setattr(lease, "LOST", 0.3)

    async def main() -> None:
        server = Leases()
        kept = lease.Lease(cast("Kube", server), "db", "one", "me")
        await kept.acquire()
        keeping = asyncio.create_task(kept.keep())
        await asyncio.sleep(0.5)
        assert kept.held
        server.silent = True
        await asyncio.sleep(0.5)
        assert not kept.held
        server.silent = False
        await asyncio.sleep(0.5)
        assert kept.held
        server.spec = {**server.spec, "holderIdentity": "another"}
        await asyncio.wait_for(keeping, 5)
        assert not kept.held

    asyncio.run(main())


def test_a_lease_that_was_another_ones_and_is_deleted_is_ours_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEW", 0.1)

    async def main() -> None:
        server = Leases()
        server.spec = {"holderIdentity": "another"}
        ours = lease.Lease(cast("Kube", server), "db", "one", "me")
        acquiring = asyncio.create_task(ours.acquire())
        await asyncio.sleep(0.1)
        assert ours.waiting
        server.gone = True
        await asyncio.wait_for(acquiring, 5)
        keeping = asyncio.create_task(ours.keep())
        await asyncio.sleep(0.3)
        assert ours.held
        assert not keeping.done()
        keeping.cancel()

    asyncio.run(main())


def test_nothing_is_written_without_the_lease() -> None:
    kube = Kube(Bucket(10, 10))
    kube.writable = lambda: False
    with pytest.raises(KubeError) as refused:
        asyncio.run(kube.request("PATCH", "/", {}, resource="secrets"))
    assert (refused.value.status, refused.value.reason) == (0, "NoLease")


def test_what_is_too_long_for_the_status_is_cut() -> None:
    """The API server refuses the whole status otherwise, with every try."""
    note = {"annotations": {VERIFY: "x" * 10_000}}
    held = Held(PLACE, resource(metadata=note))
    look = Look(held, spec(), {}, [])
    Reconciler._take_result(cast("Reconciler", None), look, Result(State.INVALID, "No. " * 5_000), "print", held.verify)
    assert look.last
    assert all(len(text) <= MESSAGE_LIMIT for text in look.last.values())


def test_tries_grow_apart_and_a_missing_permission_is_never_forgotten_for_long() -> None:
    assert growing(0) < growing(3) < growing(6) < growing(20) <= LONGEST_RETRY * 1.2
    assert growing(20, PERMISSION_RETRY) <= PERMISSION_RETRY * 1.2


def test_several_troubles_are_told_together() -> None:
    found = [
        TroubleError(Reason.TARGET_CONFLICT, "One is taken."),
        TroubleError(Reason.API_ERROR, "Another moves.", retry=True),
        TroubleError(Reason.TARGET_CONFLICT, "Two is taken."),
    ]
    told = told_together(found).trouble
    assert (told.reason, told.message, told.retry) == (Reason.TARGET_CONFLICT, "One is taken. Two is taken.", False)

"""What is remembered, who waits, and in which order it is worked off."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
import weakref
from collections.abc import Mapping
from typing import Any, cast

import pytest
from reconcile.samples import resource

from credential_operator.controller import worklist
from credential_operator.controller.controller import Controller
from credential_operator.controller.held import Change, Held
from credential_operator.controller.index import Index
from credential_operator.controller.mirror import Mirroring
from credential_operator.controller.offload import Offload
from credential_operator.controller.verifying import Verifications, Wanted
from credential_operator.controller.worklist import Urgency, Worklist
from credential_operator.kube.limiter import Bucket
from credential_operator.running import garbage
from credential_operator.running.garbage import Garbage
from credential_operator.wanted.values import Place
from webapp.core.providers import PROVIDERS
from webapp.core.verification.states import Result, State


def held(name: str = "nightly", **more: Any) -> Held:
    return Held(Place("db", name), resource(name, **more))


def meta(name: str, version: int, **more: Any) -> dict[str, Any]:
    return {"namespace": "db", "name": name, "uid": name, "resourceVersion": str(version), **more}


def test_what_changed_of_a_resource_is_told() -> None:
    one = held()
    assert one.take(resource(version=11)) is Change.NONE
    assert one.take(resource(version=12, status={"observedGeneration": 1})) is Change.STATUS
    asked = {"annotations": {"backupcredentials.dev/verify": "now"}}
    assert one.take(resource(version=13, metadata=asked, status={"observedGeneration": 1})) is Change.WANTED


@pytest.mark.parametrize(
    "changed",
    [
        {"metadata": {"generation": 2}, "spec": {"secrets": []}},
        {"metadata": {"annotations": {"backupcredentials.dev/verify": "now"}}},
    ],
    ids=["specification", "annotation"],
)
def test_a_change_just_before_our_status_counts_though_its_event_comes_after(changed: dict[str, Any]) -> None:
    one, status = held(), {"observedGeneration": 1}
    edited = resource(version=11, **changed)
    ours = edited | {"metadata": {**edited["metadata"], "resourceVersion": "12"}, "status": status}
    one.wrote(status, ours["metadata"])
    took = [one.take(raw) for raw in (edited, ours) if int(raw["metadata"]["resourceVersion"]) > one.version]
    assert took[0] is Change.WANTED
    assert one.status == status


def test_who_reads_a_secret_hears_of_it_also_when_another_has_read_or_written_it_before() -> None:
    index, waiting = Index(), Worklist()
    controller = Controller(index, waiting, Mirroring(None, Offload()), lambda *_: None)
    for name, at in (("late", "4"), ("current", "5")):
        one = held(name, status={"sources": [{"name": "s3-keys", "resourceVersion": at}]})
        index.put(one)
    index.seen(meta("s3-keys", 5))  # a read of ours
    controller.secret_seen(meta("s3-keys", 5))
    assert waiting.length == 1
    assert [place.name for place in waiting._waiting] == ["late"]


def test_a_secret_leads_to_those_who_read_it_and_those_who_ask_for_it() -> None:
    index = Index()
    index.put(held("a"))
    index.put(held("b"))
    assert {one.place.name for one in index.users(("db", "s3-keys"))} == {"a", "b"}
    assert [one.place.name for one in index.users(("db", "a-rclone"))] == ["a"]
    index.drop(Place("db", "a"))
    assert [one.place.name for one in index.users(("db", "s3-keys"))] == ["b"]


def test_the_older_claims_first_and_the_other_is_told_when_it_goes() -> None:
    index = Index()
    out = {"secrets": [{"name": "same", "format": "rclone"}]}
    index.put(held("young", spec=out, metadata={"creationTimestamp": "2026-02-01T00:00:00Z"}))
    index.put(held("old", spec=out))
    assert [one.place.name for one in index.claimants(("db", "same"))] == ["old", "young"]
    assert index.drop(Place("db", "old")) == {Place("db", "young")}


def test_only_news_counts_and_only_secrets_that_matter_stay() -> None:
    index = Index()
    index.put(held())
    assert index.seen(meta("s3-keys", 5))
    assert not index.seen(meta("s3-keys", 5))
    assert not index.seen(meta("s3-keys", 4))
    assert index.seen(meta("foreign", 5))
    index.prune()
    assert set(index.metas) == {("db", "s3-keys")}
    assert not index.seen(meta("foreign", 6))


def test_a_made_again_secret_is_news_though_its_number_may_be_lower() -> None:
    index = Index()
    index.put(held())
    index.seen(meta("s3-keys", 5))
    assert index.seen(meta("s3-keys", 3, uid="another"))


def test_ownership_needs_our_name_and_nobody_elses_controller() -> None:
    index = Index()
    index.put(held())
    ours = {"annotations": {"backupcredentials.dev/owner": "nightly"}}
    index.seen(meta("nightly-rclone", 1, **ours))
    assert index.metas["db", "nightly-rclone"].belongs_to("nightly")
    foreign = {"controller": True, "kind": "ExternalSecret", "name": "nightly", "uid": "x"}
    index.seen(meta("nightly-rclone", 2, **ours, ownerReferences=[foreign]))
    assert not index.metas["db", "nightly-rclone"].belongs_to("nightly")


def test_the_urgent_go_first_and_nothing_is_done_twice_at_once() -> None:
    async def main() -> list[str]:
        worklist, order = Worklist(), list[str]()
        for name, urgency in (("later", Urgency.LATER), ("change", Urgency.CHANGE), ("first", Urgency.FIRST)):
            worklist.add(Place("db", name), urgency)
        worklist.add(Place("db", "later"), Urgency.FIRST)
        while worklist.length:
            taken = await worklist.get()
            assert taken
            order.append(taken[0].name)
            if len(order) == 1:
                worklist.add(taken[0], Urgency.CHANGE)
                assert worklist.length == 2  # it is worked on: it comes again afterwards
            worklist.done(taken[0])
        assert worklist.idle
        worklist.close()
        assert await worklist.get() is None
        return order

    assert asyncio.run(main()) == ["first", "later", "change", "first"]


def test_the_others_have_little_room_beside_those_that_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worklist, "CALM", 0.2)

    async def scenario() -> None:
        waiting = Worklist()
        for number in range(10):
            waiting.add(Place("db", f"old-{number}"), Urgency.LATER)
        waiting.add(Place("db", "new"), Urgency.FIRST)
        taken = [await asyncio.wait_for(waiting.get(), 1) for _ in range(2)]
        assert [place.name for place, _ in filter(None, taken)] == ["new", "old-0"]
        third = asyncio.create_task(waiting.get())
        await asyncio.sleep(0.05)
        assert not third.done()
        waiting.add(Place("db", "newer"), Urgency.FIRST)
        assert (await asyncio.wait_for(third, 1) or ("", 0))[0] == Place("db", "newer")
        fourth = asyncio.create_task(waiting.get())
        await asyncio.sleep(0.05)
        assert not fourth.done()
        waiting.done(Place("db", "old-0"))
        assert (await asyncio.wait_for(fourth, 1) or ("", 0))[0] == Place("db", "old-1")
        for _ in range(5):  # all the room is theirs when no new one came for a while
            assert await asyncio.wait_for(waiting.get(), 2)

    asyncio.run(scenario())


def test_workers_are_left_for_those_that_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks that wait for a provider do not keep a new resource waiting."""
    monkeypatch.setattr(worklist, "CALM", 0.1)

    async def main() -> None:
        waiting = Worklist(2)
        for number in range(4):
            waiting.add(Place("db", f"old-{number}"), Urgency.LATER)
        assert [await asyncio.wait_for(waiting.get(), 1) for _ in range(2)]
        third = asyncio.create_task(waiting.get())
        await asyncio.sleep(0.2)
        assert not third.done()
        waiting.add(Place("db", "new"), Urgency.FIRST)
        assert (await asyncio.wait_for(third, 1) or ("", 0))[0] == Place("db", "new")
        fourth = asyncio.create_task(waiting.get())
        waiting.done(Place("db", "old-0"))
        assert await asyncio.wait_for(fourth, 1)

    asyncio.run(main())


def test_a_sooner_look_replaces_a_later_one() -> None:
    async def main() -> None:
        worklist = Worklist()
        worklist.add_later(Place("db", "a"), 60)
        worklist.add_later(Place("db", "a"), 0.01)
        worklist.add_later(Place("db", "a"), 30)
        assert await asyncio.wait_for(worklist.get(), 1)

    asyncio.run(main())


def test_writes_are_spread_when_the_bucket_is_empty() -> None:
    async def main() -> float:
        bucket = Bucket(rate=100, burst=5)
        begun = asyncio.get_running_loop().time()
        await asyncio.gather(*(bucket.take() for _ in range(15)))
        return asyncio.get_running_loop().time() - begun

    assert 0.09 < asyncio.run(main()) < 1


def test_one_verification_at_a_time_while_new_resources_come() -> None:
    """The others begin as soon as no new one came for a while."""
    pressed, running, most = [True], [0], [0]

    async def main() -> None:
        ended = asyncio.Event()
        verifications = Verifications(prepare, check, lambda place, *_: place.name == "9" and ended.set(), at_once=4)
        for number in range(10):
            verifications.ask(Place("db", str(number)))
        rests = [lambda: False, *[lambda: pressed[0]] * 3]
        workers = [asyncio.create_task(verifications.worker(one)) for one in rests]
        await asyncio.sleep(0.2)
        assert most == [1]
        pressed[0] = False
        await asyncio.wait_for(ended.wait(), 10)
        assert most[0] > 1
        for worker in workers:
            worker.cancel()
        await asyncio.to_thread(verifications.stop)

    async def prepare(_: Place) -> Wanted:
        return Wanted(PROVIDERS["S3"], {}, "print")

    def check(_: Wanted, __: threading.Event) -> Result:
        running[0] += 1
        most[0] = max(most[0], running[0])
        time.sleep(0.05)
        running[0] -= 1
        return Result(State.VALID, "Fine.")

    asyncio.run(main())


def test_what_was_asked_for_again_and_again_leaves_nothing_behind() -> None:
    verifications = Verifications(cast("Any", None), cast("Any", None), lambda *_: None, at_once=1)
    for number in range(1000):
        verifications.ask(Place("db", "nightly"), 86400 - number)
    assert len(verifications._heap) < 200
    verifications.stop()


def test_garbage_is_collected_while_nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never beside work, unless it is high time; what outlives it is not looked at again until the whole is."""
    monkeypatch.setattr(garbage, "LOOK_SECONDS", 0.01)
    before, collected, idle = (gc.get_threshold(), sys.getswitchinterval()), list[int](), [False]

    class Knot:
        def __init__(self) -> None:
            self.me = self

    def note(phase: str, info: Mapping[str, int]) -> None:
        if phase == "start" and info["generation"] == 2:
            collected.append(1)

    async def main() -> None:
        task = asyncio.create_task(Garbage(lambda: idle[0]).run())
        await asyncio.sleep(0)
        knot = weakref.ref(Knot())
        await asyncio.sleep(0.1)
        assert not collected
        assert knot()
        idle[0] = True
        await asyncio.sleep(0.1)
        assert collected
        assert not knot()
        task.cancel()

    gc.callbacks.append(note)
    try:
        asyncio.run(main())
    finally:
        gc.callbacks.remove(note)
        gc.unfreeze()
        gc.set_threshold(*before[0])
        sys.setswitchinterval(before[1])

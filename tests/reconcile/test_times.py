"""When something is done again, also when the clock was set in between."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import cast

import pytest
from reconcile.samples import PLACE, resource, spec

from credential_operator.controller.controller import Controller
from credential_operator.controller.held import Held
from credential_operator.controller.index import Index
from credential_operator.controller.mirror import Mirroring
from credential_operator.controller.offload import Offload
from credential_operator.controller.reconcile import Look, Reconciler
from credential_operator.controller.status import timestamp
from credential_operator.controller.worklist import Worklist
from credential_operator.kube.retries import LONGEST_RETRY, PERMISSION_RETRY, growing
from credential_operator.reasons import Reason, TroubleError, told_together
from webapp.core.verification.states import Result, State

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
    held.wrote({"lastVerification": {"time": done}}, "2")
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

"""Waits for a missing secret seed, as the web app does, so that a Secret that is made late needs no restart."""

from __future__ import annotations

import asyncio
import logging
import signal
from typing import TYPE_CHECKING

from credential_operator.running.health import Health
from credential_operator.running.metrics import Locked, Metrics
from credential_operator.running.settings import OperatorSettings

if TYPE_CHECKING:
    from webapp.core.store import Store

LOG = logging.getLogger(__name__)
SECONDS = 2.0
"""Between two looks."""


async def seed_found(store: Store, settings: OperatorSettings) -> bool:
    """Wait until the store is open; meanwhile the process lives and `/readyz` says why it is not ready.

    Returns:
        Whether it is open; not when the process was told to stop.
    """
    if not store.locked:
        return True
    LOG.warning("waiting: %s", store.locked.message)
    metrics = Metrics()
    metrics.registry.register(Locked())
    health = Health(lambda: "", lambda: store.locked.message if store.locked else "", metrics)
    await health.start(settings.host, settings.port)
    try:
        return await _looked_for(store, _stopped())
    finally:
        await health.stop()


async def _looked_for(store: Store, stopped: asyncio.Event) -> bool:
    while not store.look_for_seed():
        try:
            await asyncio.wait_for(stopped.wait(), SECONDS)
        except TimeoutError:
            continue
        return False
    LOG.info("the secret seed is there")
    return True


def _stopped() -> asyncio.Event:
    """Return what is set by SIGTERM and Ctrl-C."""
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    return stopped

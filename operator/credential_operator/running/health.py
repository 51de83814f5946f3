"""Answers `/livez`, `/readyz` and `/metrics`."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable

from aiohttp import web

from credential_operator.running.metrics import Metrics
from webapp.core.errors import PermanentError

LOG = logging.getLogger(__name__)
Answer = Callable[[], str]
"""Returns what is wrong; empty when all is well."""


class Health:
    """A small web server.

    Args:
        live: Says why the process had better be started anew.
        ready: Says what is missing before the work is done in full.
        metrics: What is counted.
    """

    def __init__(self, live: Answer, ready: Answer, metrics: Metrics) -> None:
        self._live, self._ready, self._metrics = live, ready, metrics
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """Listen.

        Raises:
            PermanentError: The address cannot be used.
        """
        app = web.Application()
        app.router.add_get("/livez", self._answer(self._live))
        app.router.add_get("/readyz", self._answer(self._ready))
        app.router.add_get("/metrics", self._numbers)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        try:
            await site.start()
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else type(error).__name__
            raise PermanentError(
                f"Health and metrics cannot listen at {host}:{port}: {why}. Choose --listen."
            ) from None
        self.port = self._runner.addresses[0][1]
        LOG.info("health and metrics at http://%s:%s", host, self.port)

    def _answer(self, wrong: Answer) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(_: web.Request) -> web.StreamResponse:
            text = wrong()
            return web.Response(status=503 if text else 200, text=(text or "ok") + "\n")

        return answer

    async def _numbers(self, _: web.Request) -> web.Response:
        text = await asyncio.to_thread(self._metrics.text)  # with thousands of resources it takes a while
        return web.Response(body=text, headers={"Content-Type": "text/plain; version=0.0.4"})

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner:
            await self._runner.cleanup()

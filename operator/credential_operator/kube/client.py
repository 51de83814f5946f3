"""Requests to the API server, by hand over one session that Kopf shares: JSON in, JSON out, nothing else.

What the official client would add is paid with every request; here a request is one call.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from credential_operator.kube.errors import DENIED, EXCEEDED_QUOTA, NAMESPACE_TERMINATING, KubeError
from credential_operator.kube.limiter import Bucket
from credential_operator.kube.signin import SignIn, sign_in
from credential_operator.names import PRODUCT

JSON = "application/json"
MERGE = "application/merge-patch+json"
PATCH = "application/json-patch+json"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete", "GET": "get"}
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
LEASES = "leases"
REQUEST_SECONDS = 30.0
CONNECTIONS = 40
REFRESH_SECONDS = 60.0
CUT_OFF = (aiohttp.ClientError, TimeoutError, OSError)
"""What a request ends with when no whole answer came."""

Counted = Callable[[str, str, int, float], None]
"""Told verb, resource, status and seconds of every request."""


class Answer(NamedTuple):
    """What the API server answered: status (0 for none), what it said, seconds that it asks to wait."""

    status: int
    reply: dict[str, Any]
    retry_after: float


class Kube:
    """A signed-in session.

    Args:
        bucket: Limits the writes.
        counted: Told about every request.
    """

    def __init__(self, bucket: Bucket, counted: Counted | None = None) -> None:
        self._bucket = bucket
        self._counted = counted
        self._session: aiohttp.ClientSession | None = None
        self._signed: SignIn | None = None
        self._again = asyncio.Lock()
        self._refreshed = 0.0
        self.writable: Callable[[], bool] = lambda: True
        """Tells whether we may write; a write that we may not sends nothing and counts as one without an answer."""

    @property
    def server(self) -> str:
        """Address of the API server."""
        return self.signed.server

    @property
    def signed(self) -> SignIn:
        """How we are signed in; asked for after `open` only."""
        if self._signed is None:
            raise RuntimeError("not signed in")
        return self._signed

    @property
    def session(self) -> aiohttp.ClientSession:
        """The session; asked for after `open` only."""
        if self._session is None:
            raise RuntimeError("not signed in")
        return self._session

    async def open(self) -> None:
        """Sign in and make the session.

        Raises:
            PermanentError: There is no way to sign in.
        """
        self._signed = await asyncio.to_thread(sign_in)
        connector = aiohttp.TCPConnector(
            limit=0, limit_per_host=0, keepalive_timeout=60, ssl=self._signed.ssl or True, ttl_dns_cache=60
        )
        headers = {"User-Agent": PRODUCT, "Authorization": self._signed.current()}
        kept = {name: value for name, value in headers.items() if value}
        # Asked once: with `trust_env` each request asks two threads, for the proxy and for a netrc file.
        proxy = proxy_to(self._signed.server)
        self._session = aiohttp.ClientSession(connector=connector, headers=kept, proxy=proxy)
        self._refreshed = time.monotonic()

    async def reopen(self) -> None:
        """Sign in anew: Kopf closed the session, or the sign-in has ended."""
        await self.close()
        await self.open()

    async def close(self) -> None:
        """End every connection."""
        if self._session and not self._session.closed:
            await self._session.close()

    async def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        content_type: str = JSON,
        accept: str = JSON,
        resource: str = "",
        subject: str = "",
    ) -> dict[str, Any]:
        """Send a request and return the answer.

        Args:
            method: The HTTP method.
            path: With its query.
            body: What is sent as JSON.
            content_type: How the server reads it.
            accept: What the server shall answer; `METADATA` keeps values out of the answer.
            resource: For errors and metrics; the kind of thing that is asked for, such as `secrets`.
            subject: For errors: the verb when it is not that of the method.

        Raises:
            KubeError: It was refused, or no answer came.
        """
        verb = subject or VERBS[method]
        if method in WRITES:
            await self._bucket.take()
            if resource != LEASES and not self.writable():
                raise KubeError(0, verb, resource, "NoLease")
        self._refresh()
        begun = time.perf_counter()
        answer = await self._signed_in(method, path, _sent(body, content_type, accept))
        if self._counted:
            self._counted(verb, resource, answer.status, time.perf_counter() - begun)
        if answer.status >= HTTPStatus.BAD_REQUEST or not answer.status:
            raise KubeError(answer.status, verb, resource, _reason(answer.reply), answer.retry_after)
        return answer.reply

    async def _signed_in(self, method: str, path: str, sent: dict[str, Any]) -> Answer:
        """Send a request; once more with a new sign-in when the old one has ended."""
        answer = await self._send(method, path, sent)
        if answer.status != HTTPStatus.UNAUTHORIZED:
            return answer
        await self._sign_in_again()
        return await self._send(method, path, sent)

    async def _send(self, method: str, path: str, sent: dict[str, Any]) -> Answer:
        try:
            async with (
                asyncio.timeout(REQUEST_SECONDS),
                self.session.request(method, self.server + path, **sent) as response,
            ):
                text = await response.read()
                retry_after = response.headers.get("Retry-After", "")
                seconds = float(retry_after) if retry_after.isdigit() else 0.0
                return Answer(response.status, _parsed(text), seconds)
        except (RuntimeError, *CUT_OFF):  # the first: the session was closed under us
            return Answer(0, {}, 0.0)

    def stream(self, path: str, *, accept: str, seconds: float) -> Any:
        """Return a request whose answer is read while it comes, for a watch."""
        self._refresh()
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=seconds)
        return self.session.get(self.server + path, headers={"Accept": accept}, timeout=timeout)

    def _refresh(self) -> None:
        """Take a changed token from its file, as it ends about every hour."""
        if time.monotonic() - self._refreshed > REFRESH_SECONDS and self.signed.token_file:
            with suppress(OSError):
                self.session.headers["Authorization"] = self.signed.current()
            self._refreshed = time.monotonic()

    async def _sign_in_again(self) -> None:
        """Sign in anew after a refusal, once for all who were refused together."""
        tried = self._refreshed
        async with self._again:
            if self._refreshed != tried:
                return
            self._signed = await asyncio.to_thread(sign_in)
            self.session.headers["Authorization"] = self._signed.current()
            self._refreshed = time.monotonic()


def _sent(body: object, content_type: str, accept: str) -> dict[str, Any]:
    """Return body and headers as the session takes them."""
    if body is None:
        return {"headers": {"Accept": accept}}
    data = json.dumps(body, separators=(",", ":")).encode()
    return {"headers": {"Accept": accept, "Content-Type": content_type}, "data": data}


def proxy_to(server: str) -> str | None:
    """Return the proxy that the environment names for an address (`HTTPS_PROXY`, `NO_PROXY`); nothing for none."""
    parts = urlsplit(server)
    return None if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme)


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _reason(reply: Mapping[str, Any]) -> str:
    """Return the API server's word; a namespace on its way out is told among the causes.

    `Forbidden` stands for a missing permission, whose message is `User … cannot …` (apiserver, `responsewriters`), and
    for what admission denies.
    """
    causes = (reply.get("details") or {}).get("causes") or ()
    if any(cause.get("reason") == NAMESPACE_TERMINATING for cause in causes):
        return NAMESPACE_TERMINATING
    reason, message = str(reply.get("reason", "")), str(reply.get("message", ""))
    if reason != "Forbidden" or not message or '" cannot ' in message:
        return reason
    return EXCEEDED_QUOTA if "exceeded quota" in message else DENIED

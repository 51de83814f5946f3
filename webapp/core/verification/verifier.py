"""Asks a provider whether a credential works. Saves nothing, and never raises for a provider's trouble."""

from __future__ import annotations

import http.client
import secrets
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from webapp.core.errors import CredentialError, TransientError
from webapp.core.fields import Attributes
from webapp.core.providers.base import Provider
from webapp.core.rclone.config import remote
from webapp.core.ssh.choosing import PrivateKey, with_private_key
from webapp.core.tokens import EARLY
from webapp.core.verification.daemons import Daemon, DaemonPool
from webapp.core.verification.replies import classify
from webapp.core.verification.states import Result, State

DEADLINE = 30.0
"""Seconds that a check may take, whatever the provider does."""

LIMITS: Mapping[str, object] = {"LowLevelRetries": 1, "Retries": 1, "ConnectTimeout": "10s", "Timeout": "20s"}
CANCELLED = Result(State.CANCELLED, "The check was stopped.")


@dataclass(frozen=True, slots=True)
class Fresh:
    """Attributes for rclone with a bare access token, and what was renewed for it."""

    attributes: Attributes
    replaced: Mapping[str, str]


class Tokens(Protocol):
    """The one door to a usable access token (`webapp.core.oauth.refresh.TokenDoor`)."""

    def fresh(
        self,
        provider: Provider,
        attributes: Attributes,
        *,
        credential_id: str | None = None,
        spare: timedelta = EARLY,
    ) -> Fresh:
        """Return attributes that rclone can use; raises `CredentialError` when the token cannot be renewed."""
        ...


class Verifier:
    """Runs checks on daemons of a pool.

    Args:
        pool: Where daemons come from.
        tokens: Renews OAuth tokens; without it they are used as they are.
        private_key: Returns the private half of a stored keypair; without it none can be used.
    """

    def __init__(
        self, pool: DaemonPool, *, tokens: Tokens | None = None, private_key: PrivateKey | None = None
    ) -> None:
        self.pool = pool
        self._tokens = tokens
        self._private_key = private_key

    def verify(
        self,
        provider: Provider,
        attributes: Attributes,
        *,
        deadline: float = DEADLINE,
        cancel: threading.Event | None = None,
        write: bool = False,
        on_progress: Callable[[str], None] | None = None,
        credential_id: str | None = None,
    ) -> Result:
        """Check a credential.

        Args:
            provider: Whose credential it is.
            attributes: Its values; they need not be stored.
            deadline: Seconds after which the check ends in any case.
            cancel: Ends the check at once when it is set.
            write: Also put and delete a small object in the named target.
            on_progress: Told sentences on what is going on.
            credential_id: The stored credential, so that a renewed token is kept.
        """
        if provider.probe.method == "none":
            return Result(provider.probe.success, provider.probe.message)
        try:
            attributes = with_private_key(provider, attributes, self._private_key)
        except CredentialError as error:
            return Result(State.MISCONFIGURED, error.message, error.field)
        run = _Run(self.pool, provider, attributes, deadline, cancel or threading.Event(), on_progress)
        return run.result(self._tokens, credential_id, write=write)


class _Run:
    """One check: its daemon, its deadline, its values."""

    def __init__(
        self,
        pool: DaemonPool,
        provider: Provider,
        attributes: Attributes,
        deadline: float,
        cancel: threading.Event,
        on_progress: Callable[[str], None] | None,
    ) -> None:
        self.pool, self.provider, self.attributes = pool, provider, attributes
        self.started = time.monotonic()
        self.until, self.cancel = self.started + deadline, cancel
        self.say = on_progress or _silent

    @property
    def left(self) -> float:
        return max(0.0, self.until - time.monotonic())

    def result(self, tokens: Tokens | None, credential_id: str | None, *, write: bool) -> Result:
        replaced: Mapping[str, str] = {}
        try:
            if tokens:
                fresh = tokens.fresh(self.provider, self.attributes, credential_id=credential_id)
                self.attributes, replaced = fresh.attributes, fresh.replaced
            result = self._checked(write=write)
        except CredentialError as error:
            state = State.UNREACHABLE if isinstance(error, TransientError) else State.INVALID
            result = Result(state, error.message, error.field)
        if self.cancel.is_set():
            result = CANCELLED
        return replace(result, seconds=round(time.monotonic() - self.started, 4), replaced=dict(replaced))

    def _checked(self, *, write: bool) -> Result:
        self.say("Waiting for a free check.")
        with self.pool.take(self.left, self.cancel, self._tell_place) as daemon, self._watched(daemon):
            self.say(f"Asking {self.provider.label}.")
            failure = self._ask(daemon, *self._probe())
            if failure or not write:
                return failure or Result(self.provider.probe.success, self._success())
            self.say("Writing a small object and deleting it.")
            return self._written(daemon)

    def _tell_place(self, place: int) -> None:
        self.say(f"Waiting for a free check: place {place}.")

    def _success(self) -> str:
        target = self.attributes.get(self.provider.target) if self.provider.target else None
        return f"{self.provider.probe.message} It reaches {target}." if target else self.provider.probe.message

    def _probe(self) -> tuple[str, dict[str, object]]:
        if self.provider.probe.method == "about":
            return "operations/about", {}
        target = str(self.attributes.get(self.provider.target, "")).strip("/") if self.provider.target else ""
        # A random name inside the target: one small request, however much lies there.
        path = f"{target}/{_random_name()}" if target else self.provider.probe.path
        return "operations/list", {"remote": path, "opt": {"noModTime": True, "noMimeType": True}}

    def _ask(self, daemon: Daemon, method: str, parameters: Mapping[str, object], **more: object) -> Result | None:
        """Return nothing when rclone did it, else what went wrong."""
        request = {"fs": self._remote(), "_config": self._limits(daemon), **parameters, **more}
        try:
            status, reply = daemon.call(method, request, seconds=self.left + 1)
        except (OSError, http.client.HTTPException):
            return self._silence()
        if status == http.client.OK:
            return None
        found = classify(self.provider, str(reply.get("error", "")), self.attributes)
        return Result(found.state, found.message, found.field, found.detail)

    def _silence(self) -> Result:
        """Say why a daemon went away: it was stopped, its time was up, or it crashed over the reply."""
        if self.left <= 0:
            return Result(
                State.UNREACHABLE, "The provider did not answer in time. Check the address, or try again later."
            )
        message = "The provider sent a reply that rclone cannot read. Check the address, or try again later."
        return Result(State.UNREACHABLE, message)

    def _remote(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        return remote(self.provider, self.attributes) | dict(extra or {})

    def _limits(self, daemon: Daemon) -> dict[str, object]:
        certificate = self.attributes.get("ca_certificate")
        if not certificate:
            return dict(LIMITS)
        path = daemon.folder / "ca.pem"
        path.write_text(str(certificate), encoding="utf-8")
        return {**LIMITS, "CaCert": [str(path)]}

    def _written(self, daemon: Daemon) -> Result:
        """Put a small object under a random name and delete it again."""
        target = str(self.attributes.get(self.provider.target, "")).strip("/") if self.provider.target else ""
        if self.provider.bucket_word and not target:
            message = f"Name a {self.provider.bucket_word.lower()} to write into."
            return Result(State.MISCONFIGURED, message, self.provider.target)
        name = _random_name()
        path = f"{target}/{name}" if target else name
        (daemon.folder / name).write_text("Backup Credentials checks that it may write here.\n", encoding="utf-8")
        remote_options = self._remote(self.provider.write_options)
        put = {"srcFs": str(daemon.folder), "srcRemote": name, "dstFs": remote_options, "dstRemote": path}
        failure = self._ask(daemon, "operations/copyfile", put)
        if failure:
            return _unwritten("Reading works, writing does not", failure)
        failure = self._ask(daemon, "operations/deletefile", {"fs": remote_options, "remote": path})
        if failure:
            return _unwritten(f"Writing works, deleting does not: {path} stays there", failure)
        return Result(self.provider.probe.success, "Reading, writing and deleting work.")

    @contextmanager
    def _watched(self, daemon: Daemon) -> Generator[None]:
        """Kill the daemon when the time is up or the check is cancelled: the only end that always holds."""
        done = threading.Event()

        def watch() -> None:
            while not done.wait(0.02):
                if self.cancel.is_set() or self.left <= 0:
                    daemon.kill()
                    return

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()


def _unwritten(said: str, failure: Result) -> Result:
    """Return a refusal to write or delete; the sentences of the replies speak of listing, which has worked."""
    if failure.state is State.UNREACHABLE:
        return replace(failure, message=f"{said}. {failure.message}")
    return Result(State.INVALID, f"{said}. The provider refuses it: its own words stand below.", detail=failure.detail)


def _silent(_sentence: str) -> None:
    """Tell nobody."""


def _random_name() -> str:
    return f"backup-credentials-{secrets.token_hex(8)}"

"""Test connection: reachable, host key, authentication, a command, SFTP; each step with its result and its time."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import paramiko

from webapp.core.errors import CredentialError, TransientError
from webapp.core.fields import Attributes
from webapp.core.ssh.fields import CIPHERS, CONNECT_TIMEOUT, HOST_KEY, STANDARD
from webapp.core.ssh.hostkeys import SSH_PORT, KnownHost, key_line
from webapp.core.ssh.results import HostKeyOutcome, Step, StepState, Tested
from webapp.core.ssh.wire.scan import discover, no_safe_key
from webapp.core.ssh.wire.transport import CancelledError, Deadline, HostKeyRefusedError, Session, connect
from webapp.core.verification.states import State

DEADLINE = 60.0
"""Seconds that a test may take, whatever the server does."""

LABELS = {
    "reachable": "Reachable",
    "host_key": "Host key",
    "password": "Password",
    "install": "Public key",
    "authentication": "Authentication",
    "command": "Command",
    "sftp": "SFTP",
}
TEST_STEPS = ("reachable", "host_key", "authentication", "command", "sftp")

CHANGED = (
    "The server shows another host key than the known one. If it was not set up anew, someone stands between. Nothing was "
    "sent to it."
)
UNKNOWN = "The host key is not known yet. Compare the fingerprints with those on the server, then take them over."
STOPPED = "The test was stopped."

ANSWER = "backup-credentials"
"""What a command prints on the server; every shell knows `echo`."""

OnSteps = Callable[[tuple[Step, ...]], None]


@dataclass(frozen=True, slots=True)
class Target:
    """Where a session goes: the values of a connection that it needs."""

    host: str
    port: int
    username: str
    known: KnownHost
    timeout: float
    ciphers: tuple[str, ...]

    @classmethod
    def of(cls, attributes: Attributes) -> Target:
        """Return the target of a connection's values."""
        host, port = str(attributes["host"]), int(attributes.get("port", SSH_PORT))
        return cls(
            host,
            port,
            str(attributes.get("username", "root")),
            KnownHost.of(str(attributes.get(HOST_KEY, "")), host, port),
            float(attributes.get("connect_timeout", CONNECT_TIMEOUT)),
            CIPHERS.get(str(attributes.get("cipher", STANDARD)), ()),
        )


class StepFailedError(Exception):
    """A step failed, and with it the whole; carries the step's result."""

    def __init__(self, result: Tested) -> None:
        super().__init__(result.message)
        self.result = result


@dataclass
class Progress:
    """The steps of one run, told to whoever looks on as they happen."""

    keys: tuple[str, ...]
    tell: OnSteps
    steps: dict[str, Step] = field(default_factory=dict[str, Step])

    @contextmanager
    def step(self, key: str) -> Generator[StepNote]:
        """Do one step; an error of a person's kind becomes its result.

        Raises:
            StepFailedError: The step failed.
        """
        note, began = StepNote(), time.perf_counter()
        self._put(Step(key, LABELS[key], StepState.RUNNING))
        try:
            yield note
        except CredentialError as error:
            failed = _failed(error)
            self._put(Step(key, LABELS[key], StepState.FAILED, error.message, _since(began)))
            raise StepFailedError(failed) from error
        except StepFailedError as error:
            self._put(Step(key, LABELS[key], StepState.FAILED, error.result.message, _since(began)))
            raise
        except CancelledError:
            self._put(Step(key, LABELS[key], StepState.SKIPPED, STOPPED, _since(began)))
            raise
        self._put(Step(key, LABELS[key], note.state, note.message, _since(began)))

    def _put(self, step: Step) -> None:
        self.steps[step.key] = step
        self.tell(self.all)

    @property
    def all(self) -> tuple[Step, ...]:
        """Every step in order; those that were not reached are skipped."""
        return tuple(self.steps.get(key) or Step(key, LABELS[key], StepState.SKIPPED) for key in self.keys)


@dataclass
class StepNote:
    """What a step has to say when it ends well."""

    message: str = ""
    state: StepState = StepState.OK


def _since(began: float) -> float:
    return round(time.perf_counter() - began, 4)


def _failed(error: CredentialError) -> Tested:
    state = State.UNREACHABLE if isinstance(error, TransientError) else State.INVALID
    return Tested(state, error.message, error.field)


def load_key(private: str) -> paramiko.PKey:
    """Return a stored private key as paramiko wants it."""
    kind: type[paramiko.PKey]
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(private))
        except (paramiko.SSHException, ValueError):
            continue
    raise TransientError("The private key cannot be used for a log-in.", field="private_key")


def probe_connection(
    attributes: Attributes,
    private_key: str,
    *,
    deadline: float = DEADLINE,
    cancel: threading.Event | None = None,
    on_steps: OnSteps | None = None,
) -> Tested:
    """Test a connection; saves nothing and never raises for a server's trouble.

    Args:
        attributes: Its checked values; they need not be stored.
        private_key: The private half of its keypair.
        deadline: Seconds after which the test ends in any case.
        cancel: Ends the test at once when it is set.
        on_steps: Told all steps whenever one begins or ends.
    """
    began = time.perf_counter()
    progress = Progress(TEST_STEPS, on_steps or (lambda _steps: None))
    limit = Deadline(deadline, cancel)
    met = Met()
    try:
        result = _walk(Target.of(attributes), private_key, progress, limit, met)
    except StepFailedError as error:
        result = error.result
    except CancelledError:
        result = Tested(State.CANCELLED, STOPPED)
    return replace(
        result, steps=progress.all, host_key=met.outcome, found=met.found, seconds=round(time.perf_counter() - began, 4)
    )


@dataclass
class Met:
    """The host key that a server showed, and how it compares."""

    outcome: HostKeyOutcome = HostKeyOutcome.NONE
    found: tuple[str, ...] = ()


def _walk(target: Target, private_key: str, progress: Progress, limit: Deadline, met: Met) -> Tested:
    key = load_key(private_key)
    session = opened(target, progress, limit, met)
    try:
        with progress.step("authentication") as note:
            session.log_in_with_key(target.username, key, limit)
            note.message = f"The server took the key for {target.username}."
        return uses(session, progress, limit)
    finally:
        session.close()


def opened(target: Target, progress: Progress, limit: Deadline, met: Met) -> Session:
    """Reach a server and compare its host key; nothing of anyone's is sent to it.

    Raises:
        StepFailedError: It was not reached, or its host key is not known or another one.
    """
    with progress.step("reachable") as note:
        limit_here = limit.within(target.timeout)
        began = time.perf_counter()
        reached = connect(target.host, target.port, limit_here)
        note.message = f"Connected to {reached.getpeername()[0]} in {1000 * (time.perf_counter() - began):.0f} ms."
    session = Session(reached, target.known.offered(), target.ciphers)
    try:
        with progress.step("host_key") as note:
            note.message = _compare(session, target, limit, met)
    except BaseException:
        session.close()
        raise
    return session


def _compare(session: Session, target: Target, limit: Deadline, met: Met) -> str:
    try:
        session.shake_hands(limit.within(target.timeout))
    except HostKeyRefusedError:
        if not target.known.keys:
            raise no_safe_key(session.offered_keys) from None
        met.outcome = HostKeyOutcome.CHANGED
        met.found = _everything(target, limit)
        raise StepFailedError(Tested(State.MISCONFIGURED, CHANGED, HOST_KEY)) from None
    met.outcome = target.known.compare(session.host_key_blob)
    met.found = (key_line(session.host_key_blob),)
    if met.outcome is HostKeyOutcome.MATCH:
        return "The host key is the known one."
    met.found = _everything(target, limit) or met.found
    message = CHANGED if met.outcome is HostKeyOutcome.CHANGED else UNKNOWN
    raise StepFailedError(Tested(State.MISCONFIGURED, message, HOST_KEY))


def _everything(target: Target, limit: Deadline) -> tuple[str, ...]:
    """Return all keys of a server whose key is not known, so that a person can look at them."""
    try:
        found = discover(target.host, target.port, min(target.timeout, limit.left), cancel=limit.cancel)
    except CredentialError:
        return ()
    return tuple(key.line for key in found.keys)


def uses(session: Session, progress: Progress, limit: Deadline) -> Tested:
    """Try what a connection is for; one of the two has to work."""
    with progress.step("command") as note:
        # A server that lets only SFTP in may answer any command with success, so the answer itself counts.
        runs = ANSWER in session.command(f"echo {ANSWER}", limit)[1]
        note.state = StepState.OK if runs else StepState.LIMITED
        note.message = "Commands run." if runs else "The server runs no command for this user; SFTP may still work."
    with progress.step("sftp") as note:
        try:
            session.sftp(limit).close()
            note.message = "SFTP works."
        except CredentialError as error:
            if not runs:
                raise
            note.state, note.message = StepState.LIMITED, error.message
            return Tested(State.VALID_LIMITED, "The log-in works and commands run; there is no SFTP.")
    if not runs:
        return Tested(State.VALID_LIMITED, "The log-in works for SFTP alone; commands do not run.")
    return Tested(State.VALID, "The connection works.")

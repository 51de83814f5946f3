"""Pairing with any SSH server by a password that is used once: the public key goes there, and a log-in by key proves it."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass, replace

from webapp.core.errors import CredentialError, PermanentError
from webapp.core.fields import Attributes
from webapp.core.ssh.keys import PublicKey
from webapp.core.ssh.results import Tested
from webapp.core.ssh.wire.install import Installed, install, remove
from webapp.core.ssh.wire.probe import (
    Met,
    OnSteps,
    Progress,
    StepFailedError,
    Target,
    load_key,
    opened,
    uses,
)
from webapp.core.ssh.wire.transport import CancelledError, Deadline, Session
from webapp.core.verification.states import State

PAIR_STEPS = ("reachable", "host_key", "password", "install", "authentication", "command", "sftp")
DEADLINE = 120.0
STOPPED = "The pairing was stopped."
UNDO_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Halves:
    """The keypair that is put to work."""

    public: PublicKey
    private: str


def pair(
    attributes: Attributes,
    password: str,
    halves: Halves,
    *,
    deadline: float = DEADLINE,
    cancel: threading.Event | None = None,
    on_steps: OnSteps | None = None,
) -> Tested:
    """Let a keypair log in at a server; stores nothing and never raises for a server's trouble.

    What was put on the server is taken away again when the log-in by key does not work, and the message says so.

    Args:
        attributes: The values of the connection; the host key must be among them.
        password: The user's password, used once.
        halves: The keypair.
        deadline: Seconds after which it ends in any case.
        cancel: Ends it at once when it is set.
        on_steps: Told all steps whenever one begins or ends.
    """
    run = _Pairing(attributes, halves, Progress(PAIR_STEPS, on_steps or (lambda _: None)), Deadline(deadline, cancel))
    began = time.perf_counter()
    try:
        result = run.go(password)
    except StepFailedError as error:
        result = error.result
    except CancelledError:
        result = Tested(State.CANCELLED, STOPPED)
    met = run.met
    return replace(
        result,
        message=f"{result.message} {run.remark}".strip(),
        steps=run.progress.all,
        host_key=met.outcome,
        found=met.found,
        seconds=round(time.perf_counter() - began, 4),
    )


class _Pairing:
    """One pairing: its server, its keypair, what it met."""

    def __init__(self, attributes: Attributes, halves: Halves, progress: Progress, limit: Deadline) -> None:
        self.target, self.halves, self.progress, self.limit = Target.of(attributes), halves, progress, limit
        self.met, self.remark = Met(), ""

    def go(self, password: str) -> Tested:
        with contextlib.closing(opened(self.target, self.progress, self.limit, self.met)) as session:
            with self.progress.step("password") as note:
                session.log_in_with_password(self.target.username, password, self.limit)
                note.message = f"The server took the password of {self.target.username}."
            with self.progress.step("install") as note:
                installed = install(session, self.halves.public, self.limit)
                note.message = (
                    "Added to authorized_keys." if installed.added else "It stands in authorized_keys already."
                )
            try:
                return self._proven(installed)
            except BaseException:
                self._undo(session, installed)
                raise

    def _proven(self, installed: Installed) -> Tested:
        """Log in anew with nothing but the key."""
        with contextlib.closing(self._second()) as session:
            with self.progress.step("authentication") as note:
                try:
                    session.log_in_with_key(self.target.username, load_key(self.halves.private), self.limit)
                except PermanentError:
                    raise PermanentError(_why_not(self.target.username, installed), field="username") from None
                note.message = "The server lets the key in, without the password."
            return uses(session, self.progress, self.limit)

    def _second(self) -> Session:
        quiet = Progress(("reachable", "host_key"), lambda _: None)
        return opened(self.target, quiet, self.limit, Met())

    def _undo(self, session: Session, installed: Installed) -> None:
        if not installed.added:
            return
        removed = False
        with contextlib.suppress(CredentialError, CancelledError):
            removed = remove(session, self.halves.public, installed, Deadline(UNDO_SECONDS))
        self.remark = (
            "The public key was taken out of authorized_keys again."
            if removed
            else "The public key still stands in authorized_keys on the server; nothing else was changed there."
        )


def _why_not(username: str, installed: Installed) -> str:
    if installed.home_open:
        return (
            f"The key was put there, but others may write into {username}'s home, and sshd takes no key from such a home. "
            "On the server run: chmod go-w ~"
        )
    return (
        "The key was put there, but the server does not take it. See PubkeyAuthentication and AuthorizedKeysFile in its "
        "sshd_config, and whether others may write into the home."
    )

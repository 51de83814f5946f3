"""The set-up of a connection to a TrueNAS, from what was typed to the stored connection."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from webapp.core.errors import ConflictError, CredentialError
from webapp.core.fields import Attributes
from webapp.core.ssh import choosing
from webapp.core.ssh.connections import ConnectionService
from webapp.core.ssh.fields import CONNECT_TIMEOUT, HOST_KEY, KEYPAIR_OF
from webapp.core.ssh.keypairs import KeypairService
from webapp.core.ssh.results import Step, StepState, Tested
from webapp.core.ssh.truenas.address import parse
from webapp.core.ssh.truenas.fields import TRUENAS
from webapp.core.ssh.truenas.login import LogIn
from webapp.core.ssh.truenas.pairing import Paired, PairingError, Wish, pair, with_changes
from webapp.core.ssh.truenas.transport import Certificate, fingerprint
from webapp.core.ssh.wire.probe import probe_connection
from webapp.core.ssh.wire.running import SshCheck, SshChecks
from webapp.core.store import Keypair, Store
from webapp.core.store.names import clean_name, name_key
from webapp.core.validation import Findings, InvalidValuesError, check_fields
from webapp.core.verification.states import Result, State

PIN = "truenas-certificate:"
"""Under this name and the host's stands the fingerprint of a certificate that a person trusted."""


class TrueNASCheck(SshCheck):
    """A pairing with a TrueNAS.

    Attributes:
        certificate: The certificate to compare, when it was not trusted.
        changes: What was changed on the remote.
    """

    def __init__(self, key: str | None = None, owner: str = "") -> None:
        super().__init__(key, owner)
        self.certificate: Certificate | None = None
        self.changes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Steps:
    """Turns sentences about what is going on into steps with their times."""

    show: Callable[[tuple[Step, ...]], None]
    done: list[Step] = field(default_factory=list[Step])
    now: str = ""
    began: float = 0.0

    def tell(self, sentence: str) -> None:
        """Begin a step; the one before ended well."""
        self.end(StepState.OK)
        self.now, self.began = sentence, time.perf_counter()
        self.show((*self.done, Step(f"truenas{len(self.done)}", sentence.rstrip("."), StepState.RUNNING)))

    def end(self, state: StepState, message: str = "") -> None:
        """End the step that runs."""
        if self.now:
            seconds = round(time.perf_counter() - self.began, 4)
            self.done.append(Step(f"truenas{len(self.done)}", self.now.rstrip("."), state, message, seconds))
            self.now = ""
        self.show(tuple(self.done))


class TrueNASService:
    """Sets up connections to TrueNAS machines.

    Args:
        store: The encrypted store.
        keypairs: Gives the keypair, and takes a new one back when the set-up fails.
        connections: Saves the connection.
        checks: Gives the running set-ups when first asked for.
    """

    def __init__(
        self,
        store: Store,
        keypairs: KeypairService,
        connections: ConnectionService,
        checks: Callable[[], SshChecks],
    ) -> None:
        self._store, self._keypairs, self._connections, self._checks = store, keypairs, connections, checks

    def examine(self, raw: Mapping[str, object]) -> Findings:
        """Check values; the certificate that was trusted for this host stands in for one that was not typed."""
        raw, problems = choosing.with_keypair_ids(self._store.ssh, TRUENAS, raw)
        found = check_fields(TRUENAS, raw)
        if found.ok and "certificate" not in found.attributes and (pin := self._pin(found.attributes)):
            found = replace(found, attributes={**found.attributes, "certificate": pin})
        return replace(found, problems=(*found.problems, *problems))

    def trust(self, url: str, certificate: str) -> None:
        """Trust a certificate for the host of a URL from now on, after a person compared its fingerprint.

        Raises:
            PermanentError: It is no fingerprint, or no URL.
        """
        self._store.values.put(_pin_key({"url": url}), fingerprint(certificate))

    def start(self, name: str, raw: Mapping[str, object], *, by: str, owner: str = "") -> TrueNASCheck:
        """Start the set-up; its steps and its end are those of the returned check.

        Raises:
            InvalidValuesError: A value cannot work; nothing was asked of the remote.
            ConflictError: A keypair or a connection has this name.
        """
        name, found = clean_name(name), self.examine(raw)
        if not found.ok:
            raise InvalidValuesError(found)
        if name_key(name) in {name_key(taken) for taken in self._store.ssh.names()}:
            raise ConflictError("Another SSH keypair or connection has this name. Choose another one.", field="name")
        check = TrueNASCheck(f"pair:{owner}:{name_key(name)}" if owner else None, owner)
        running = self._checks().begin(check, lambda _: self._set_up(check, name, found.attributes, by))
        return running if isinstance(running, TrueNASCheck) else check

    def _set_up(self, check: TrueNASCheck, name: str, attributes: Attributes, by: str) -> Result:
        """Do all of it; what was made here is gone again when any part fails."""
        steps = _Steps(check.show)
        reference, key_type = choosing.stored_or_new(str(attributes[KEYPAIR_OF]))
        try:
            with self._keypairs.for_set_up(name, reference, key_type, by=by) as keypair:
                return self._with_keypair(check, steps, name, attributes, keypair, by)
        except PairingError as error:
            check.certificate, check.changes = error.untrusted, error.changes
            steps.end(StepState.SKIPPED if error.cancelled else StepState.FAILED, error.message)
            state = State.CANCELLED if error.cancelled else State.MISCONFIGURED
            return Tested(state, error.message, error.field, steps=tuple(steps.done))
        except _LogInFailedError as error:
            return error.result
        except CredentialError as error:
            message = with_changes(error.message, check.changes)
            steps.end(StepState.FAILED, message)
            return Tested(State.MISCONFIGURED, message, error.field, steps=tuple(steps.done))
        finally:
            self._store.release()

    def _with_keypair(
        self, check: TrueNASCheck, steps: _Steps, name: str, attributes: Attributes, keypair: Keypair, by: str
    ) -> Result:
        paired = pair(_wish(attributes), keypair.public_key, tell=steps.tell, cancel=check.cancelled)
        check.changes = paired.changes
        steps.end(StepState.OK)
        values = _connection(attributes, paired, keypair)
        tested = self._proof(check, steps, values, keypair)
        saved = self._connections.add(name, values, by=by, result=tested)
        if pin := attributes.get("certificate"):
            self._store.values.put(_pin_key(attributes), pin)
        check.made = saved.id
        return tested

    def _proof(self, check: TrueNASCheck, steps: _Steps, values: Attributes, keypair: Keypair) -> Tested:
        """Log in with the key alone, as the connection will.

        Raises:
            _LogInFailedError: It does not work.
        """
        tested = probe_connection(
            values,
            keypair.private_key,
            cancel=check.cancelled,
            on_steps=lambda shown: check.show((*steps.done, *shown)),
        )
        whole = replace(tested, steps=(*steps.done, *tested.steps))
        if tested.good:
            return whole
        message = with_changes(f"The pairing worked, but logging in did not. {tested.message}", check.changes)
        raise _LogInFailedError(replace(whole, message=message, field=""))

    def _pin(self, attributes: Attributes) -> str:
        return str(self._store.values.get(_pin_key(attributes), ""))


class _LogInFailedError(Exception):
    """The remote took the key and does not let it in; carries the result."""

    def __init__(self, result: Tested) -> None:
        super().__init__(result.message)
        self.result = result


def _pin_key(attributes: Attributes) -> str:
    address = parse(str(attributes["url"]))
    return f"{PIN}{address.host}:{address.port}"


def _wish(attributes: Attributes) -> Wish:
    """Return what the pairing itself wants to know."""
    values = {key: str(value) for key, value in attributes.items()}
    login = LogIn(
        values.get("admin_username", "root"),
        values.get("password", ""),
        values.get("api_key", ""),
        values.get("otp_token", ""),
    )
    return Wish(
        values["url"],
        login,
        values.get("username", "root"),
        values.get("certificate", ""),
        values.get("home", ""),
        sudo=bool(attributes.get("sudo")),
        connect_timeout=float(attributes.get("connect_timeout", CONNECT_TIMEOUT)),
    )


def _connection(attributes: Attributes, paired: Paired, keypair: Keypair) -> Attributes:
    """Return the values of the connection that is stored."""
    kept = {key: attributes[key] for key in ("cipher", "connect_timeout") if key in attributes}
    return {
        "host": paired.host,
        "port": paired.port,
        "username": paired.username,
        KEYPAIR_OF: keypair.id,
        HOST_KEY: paired.host_keys,
        **kept,
    }

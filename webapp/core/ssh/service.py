"""What pages, commands and the pairing with TrueNAS call: keypairs, connections, and setting them up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

from webapp.core.errors import CredentialError
from webapp.core.fields import Attributes, Problem
from webapp.core.ssh import choosing
from webapp.core.ssh.connections import ConnectionService
from webapp.core.ssh.fields import HOST_KEY, KEYPAIR_OF, PAIRING
from webapp.core.ssh.keypairs import KeypairService
from webapp.core.ssh.keys import DEFAULT_TYPE, KEY_TYPES, PublicKey
from webapp.core.ssh.results import Tested
from webapp.core.ssh.truenas.service import TrueNASService
from webapp.core.ssh.wire.pairing import Halves, pair
from webapp.core.ssh.wire.running import SshCheck, SshChecks
from webapp.core.store import Keypair, Store
from webapp.core.store.names import clean_name
from webapp.core.validation import Findings, InvalidValuesError, check_fields
from webapp.core.verification.states import Result, State

__all__ = ["SshService"]

NOT_COMPARED = "Discover the host key first and compare its fingerprints: the password is sent to no unknown machine."


class _NotPairedError(Exception):
    """A pairing failed; what was made for it is undone on the way out."""

    def __init__(self, result: Tested) -> None:
        super().__init__(result.message)
        self.result = result


class SshService:
    """The use cases of SSH.

    Attributes:
        keypairs: Those of keypairs.
        connections: Those of connections.
        truenas: The set-up of connections to TrueNAS machines.

    Args:
        store: The encrypted store.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.keypairs = KeypairService(store)
        self.connections = ConnectionService(store, lambda: self.checks)
        self.truenas = TrueNASService(store, self.keypairs, self.connections, lambda: self.checks)

    @cached_property
    def checks(self) -> SshChecks:
        """The tests and pairings that run and have run."""
        return SshChecks()

    def stop(self) -> None:
        """Stop every test and pairing."""
        if "checks" in self.__dict__:
            self.checks.stop()

    def examine_pairing(
        self, name: str, raw: Mapping[str, object], *, key_type: str = DEFAULT_TYPE, known: bool = True
    ) -> Findings:
        """Check what a pairing with any SSH server needs; nothing is asked of the server.

        Args:
            name: The name of the connection that it makes.
            raw: The values of `PAIRING`; without a keypair one is generated.
            key_type: The kind of a generated one.
            known: Whether the host key has to be there already; before it was discovered it is not.
        """
        raw, problems = choosing.with_keypair_ids(self.store.ssh, PAIRING, raw)
        found = check_fields(PAIRING, raw)
        problems += self._name_problems(name)
        if known and HOST_KEY not in found.attributes and HOST_KEY not in found.errors:
            problems.append(Problem(HOST_KEY, NOT_COMPARED))
        if not raw.get(KEYPAIR_OF) and key_type not in KEY_TYPES:
            problems.append(Problem(KEYPAIR_OF, f"Choose one of {', '.join(KEY_TYPES)}."))
        return replace(found, problems=(*found.problems, *problems))

    def _name_problems(self, name: str) -> list[Problem]:
        try:
            if self.store.ssh.free_name(name) != clean_name(name):
                return [Problem("name", "Another SSH keypair or connection has this name. Choose another one.")]
        except CredentialError as error:
            return [Problem("name", error.message)]
        return []

    def start_pairing(
        self, name: str, raw: Mapping[str, object], *, by: str, owner: str = "", key_type: str = DEFAULT_TYPE
    ) -> SshCheck:
        """Start to pair with any SSH server by a password that is used once; a connection is saved when it worked.

        The keypair may be named as one of a kind to make, `new:ed25519`; without any one of `key_type` is made. The check's `made` is the connection's id then. When it fails, a keypair that was generated for it is removed,
        and so is the public key on the server; the message says what stays.

        Raises:
            InvalidValuesError: A value cannot work; no server is asked.
        """
        reference = str(raw.get(KEYPAIR_OF) or "")
        if reference.startswith(choosing.NEW):
            reference, key_type = choosing.stored_or_new(reference)
            raw = {**raw, KEYPAIR_OF: reference}
        found = self.examine_pairing(name, raw, key_type=key_type)
        if not found.ok:
            raise InvalidValuesError(found)
        values = dict(found.attributes)
        password = str(values.pop("password"))

        def work(check: SshCheck) -> Result:
            try:
                return self._paired(check, name, values, password, key_type, by)
            except _NotPairedError as error:
                return error.result
            finally:
                self.store.release()

        key = f"pairing:{owner}" if owner else None
        return self.checks.begin(SshCheck(key, owner), work)

    def _paired(self, check: SshCheck, name: str, values: Attributes, password: str, key_type: str, by: str) -> Tested:
        with self.keypairs.for_set_up(name, str(values.get(KEYPAIR_OF, "")), key_type, by=by) as keypair:
            halves = Halves(_public(keypair), keypair.private_key)
            result = pair(values, password, halves, cancel=check.cancelled, on_steps=check.show)
            if not result.good:
                raise _NotPairedError(result)
            try:
                made = self.connections.add(name, {**values, KEYPAIR_OF: keypair.id}, by=by, result=result)
            except CredentialError as error:
                sentence = f"{error.message} The public key stands in authorized_keys on the server."
                raise _NotPairedError(replace(result, state=State.INVALID, message=sentence, field="name")) from error
            check.made = made.id
            return result


def _public(keypair: Keypair) -> PublicKey:
    """Return the public half of a keypair that can be read."""
    if keypair.public is None:
        raise _NotPairedError(Tested(State.MISCONFIGURED, keypair.damaged, KEYPAIR_OF))
    return keypair.public

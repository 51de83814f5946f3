"""The use cases of connections: examine, save, discover, test, accept a changed host key."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from webapp.core.errors import ConflictError, NotFoundError, readable
from webapp.core.fields import Attributes, with_defaults
from webapp.core.service import WAIT, InUseError, User
from webapp.core.ssh import choosing
from webapp.core.ssh.fields import ADDRESS, CONNECT_TIMEOUT, CONNECTION, HOST_KEY, KEYPAIR_OF
from webapp.core.ssh.hostkeys import SSH_PORT, KnownHost
from webapp.core.ssh.results import Tested
from webapp.core.ssh.wire.probe import probe_connection
from webapp.core.ssh.wire.running import SshCheck, SshChecks
from webapp.core.ssh.wire.scan import Discovered, discover
from webapp.core.store import Connection, Store
from webapp.core.store.audit import Action, about
from webapp.core.store.ssh import HostKeyChange
from webapp.core.validation import Findings, InvalidValuesError, check_fields
from webapp.core.verification.states import Result, State


class ConnectionService:
    """Makes, changes, tests and removes connections.

    Args:
        store: The encrypted store.
        checks: Gives the running tests when first asked for.
    """

    def __init__(self, store: Store, checks: Callable[[], SshChecks]) -> None:
        self._store = store
        self._connections = store.ssh.connections
        self._checks = checks

    def all(self, text: str = "") -> list[Connection]:
        """Return the connections whose name holds a text, by name."""
        return self._connections.all(text)

    def get(self, reference: str) -> Connection:
        """Return a connection by its id or its name.

        Raises:
            NotFoundError: There is none.
        """
        try:
            return self._connections.get(reference)
        except NotFoundError:
            return self._connections.find(reference)

    def examine(self, raw: Mapping[str, object]) -> Findings:
        """Check values without saving them; the keypair is named by its id or its name, and comes back by its id."""
        raw, problems = choosing.with_keypair_ids(self._store.ssh, CONNECTION, raw)
        found = check_fields(CONNECTION, raw)
        return replace(found, problems=(*found.problems, *problems))

    def add(self, name: str, raw: Mapping[str, object], *, by: str, result: Tested | None = None) -> Connection:
        """Save a new connection, with the result of its test when there was one.

        Its keypair is made with it when one of a kind is named, and gone again if that fails.

        Raises:
            InvalidValuesError: A value cannot work.
            ConflictError: A keypair or a connection has this name.
        """
        with choosing.new_keypair(self._store, CONNECTION, name, self._checked(raw), by=by) as attributes:
            made = self._connections.add(name, attributes, by=by)
        return self._with_result(made, result)

    def edit(
        self,
        connection_id: str,
        raw: Mapping[str, object] | None,
        *,
        version: int,
        by: str,
        name: str | None = None,
        result: Tested | None = None,
    ) -> Connection:
        """Save another name, new values or both over the given version; without `raw` the values stay.

        Host keys that are replaced by others are kept in the history.

        Raises:
            InvalidValuesError: A value cannot work; the old ones stay.
            EntryChangedError: Someone saved another version meanwhile.
        """
        stored = self._connections.get(connection_id)
        attributes = stored.attributes if raw is None else self._checked(raw)
        with (
            self._store.audit.failures(Action.CHANGE, **about("connection", stored, by)),
            choosing.new_keypair(self._store, CONNECTION, name or stored.name, attributes, by=by) as values,
            self._store.together(),
        ):
            attributes = None if raw is None else values
            changed = self._connections.change(connection_id, version=version, by=by, name=name, attributes=attributes)
            self._note_change(stored, values, by)
        return self._with_result(changed, result)

    def replaces_host_key(self, connection: Connection, raw: Mapping[str, object]) -> bool:
        """Tell whether values would take a known host key away: a person's own password is asked for that first."""
        found = self.examine(raw).attributes
        same_place = all(found.get(key) == connection.attributes.get(key) for key in ("host", "port"))
        old, new = _lines(connection.attributes), _lines(found)
        return same_place and bool(set(old) - set(new))

    def duplicate(self, connection_id: str, name: str = "", *, by: str) -> Connection:
        """Save a copy under another name, or under the same with a number; it has not been tested.

        Raises:
            PermanentError: The values cannot be read.
        """
        stored = readable(self._connections.get(connection_id))
        wanted = name or self._store.ssh.free_name(stored.name)
        return self._connections.add(wanted, stored.attributes, by=by)

    def delete(self, connection_id: str, *, version: int | None = None, by: str) -> None:
        """Remove a connection that nothing uses; its keypair stays.

        Raises:
            InUseError: It is in use; the sentence names its users.
            EntryChangedError: Someone saved another version meanwhile.
        """
        users, stored = self.used_by(connection_id), self._connections.get(connection_id)
        with self._store.audit.failures(Action.DELETE, **about("connection", stored, by)):
            if users:
                raise InUseError("connection", users, "Give them another connection first.")
            self._connections.delete(connection_id, by=by, version=version)

    def used_by(self, connection_id: str) -> tuple[User, ...]:
        """Return what would break without this connection.

        Raises:
            NotFoundError: There is no such connection.
        """
        self._connections.get(connection_id)
        return ()

    def discover(
        self,
        host: str,
        port: int = SSH_PORT,
        seconds: float = CONNECT_TIMEOUT,
        *,
        cancel: threading.Event | None = None,
    ) -> Discovered:
        """Ask a server for all of its host keys; nothing is stored. Serves SFTP credentials as well.

        Raises:
            TransientError: Nothing answers, or what answers is no SSH server.
        """
        return discover(host, port, seconds, cancel=cancel)

    def discover_at(self, raw: Mapping[str, object]) -> Discovered:
        """Ask the server that the values of `ADDRESS` name, as `discover` does.

        Raises:
            InvalidValuesError: A value cannot work; nothing is asked.
        """
        found = check_fields(ADDRESS, raw)
        if not found.ok:
            raise InvalidValuesError(found)
        values = with_defaults(ADDRESS.fields, found.attributes)
        return self.discover(str(values["host"]), int(values["port"]), float(values["connect_timeout"]))

    def start_test(self, raw: Mapping[str, object], *, owner: str = "", connection_id: str = "") -> SshCheck:
        """Start a test of values that are not saved, and save nothing.

        Args:
            raw: The values, as for `examine`.
            owner: Who asks; one test at a time for each connection of theirs.
            connection_id: The edited connection.

        Raises:
            InvalidValuesError: A value cannot work; no server is asked.
        """
        attributes = self._checked(raw)
        key = f"draft:{owner}:{connection_id}" if owner else None
        return self._start(SshCheck(key, owner), attributes)

    def start_stored_test(self, connection_id: str, *, owner: str = "") -> SshCheck:
        """Start a test of a stored connection; its result is recorded when it ends.

        Raises:
            NotFoundError: There is no such connection.
            PermanentError: Its values or its keypair cannot be read.
        """
        stored = readable(self._connections.get(connection_id))
        return self._start(SshCheck(stored.id, owner), stored.attributes, lambda result: self._record(stored, result))

    def test_stored(self, connection_id: str) -> Tested:
        """Test a stored connection, record the result and return it."""
        started = self.start_stored_test(connection_id)
        while (result := started.wait(WAIT)) is None:
            continue
        return as_tested(result)

    def accept_host_key(self, connection_id: str, fingerprints: Collection[str], *, by: str) -> Connection:
        """Take the keys that the last test met in the place of the known ones, after a person compared the fingerprints.

        Args:
            connection_id: The connection.
            fingerprints: Those that the person saw and accepted.
            by: Who accepted.

        Raises:
            ConflictError: The last test met other keys than these.
        """
        stored = readable(self._connections.get(connection_id))
        found = stored.verification.found if stored.verification else ()
        met = {key.fingerprint: key.line for key in KnownHost.of("\n".join(found)).keys}
        if not fingerprints or not set(fingerprints) <= met.keys():
            raise ConflictError(
                "The last test met other host keys than these. Test the connection again.", field=HOST_KEY
            )
        lines = "\n".join(line for mark, line in met.items() if mark in fingerprints)
        attributes = {**stored.attributes, HOST_KEY: lines}
        with self._store.together():
            changed = self._connections.change(stored.id, version=stored.version, by=by, attributes=attributes)
            self._note_change(stored, attributes, by)
        return changed

    def host_key_changes(self, connection_id: str) -> list[HostKeyChange]:
        """Return the accepted changes of a connection's host keys, the newest first."""
        return self._connections.host_key_changes(connection_id)

    def _start(self, check: SshCheck, attributes: Attributes, done: Callable[[Result], None] | None = None) -> SshCheck:
        private = choosing.private_key(self._store.ssh, str(attributes[KEYPAIR_OF]))

        def work(check: SshCheck) -> Result:
            return probe_connection(attributes, private, cancel=check.cancelled, on_steps=check.show)

        return self._checks().begin(check, work, done)

    def _record(self, tested: Connection, result: Result) -> None:
        """Keep what a test of a stored connection said, unless it was changed or deleted meanwhile."""
        try:
            if result.state is not State.CANCELLED:
                self._connections.record(tested.id, as_tested(result), version=tested.version)
        except NotFoundError:
            return
        finally:
            self._store.release()

    def _note_change(self, stored: Connection, attributes: Attributes, by: str) -> None:
        old, new = _lines(stored.attributes), _lines(attributes)
        if old and set(old) != set(new):
            self._connections.note_host_key_change(stored.id, old, new, by=by)

    def _checked(self, raw: Mapping[str, object]) -> Attributes:
        found = self.examine(raw)
        if not found.ok:
            raise InvalidValuesError(found)
        return found.attributes

    def _with_result(self, connection: Connection, result: Tested | None) -> Connection:
        if result is None:
            return connection
        self._connections.record(connection.id, result, version=connection.version)
        return self._connections.get(connection.id)


def as_tested(result: Result) -> Tested:
    """Return the result of a test; one that ended before its first step has none."""
    if isinstance(result, Tested):
        return result
    return Tested(result.state, result.message, result.field, result.detail, result.seconds)


def _lines(attributes: Attributes) -> tuple[str, ...]:
    return tuple(str(attributes.get(HOST_KEY, "")).splitlines())

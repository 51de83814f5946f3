"""The use cases: what a page, a command or the operator may do with credentials.

Every face calls these and nothing below them, so that a rule holds the same everywhere. Values come in as typed by a
person or sent as JSON; what goes out has been checked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from webapp.core.errors import ConflictError, NotFoundError, PermanentError, readable
from webapp.core.oauth.records import LoggedIn, meant, watch
from webapp.core.providers import provider as find_provider
from webapp.core.providers.base import Support
from webapp.core.ssh.choosing import new_keypair, with_keypair_ids
from webapp.core.store.audit import Action, about
from webapp.core.validation import Checked, InvalidValuesError, check

if TYPE_CHECKING:
    from webapp.core.fields import Attributes
    from webapp.core.providers.base import Provider
    from webapp.core.store import Credential, Store
    from webapp.core.verification.checks import Check, Checks
    from webapp.core.verification.states import Result, State

WAIT = 30.0
"""Seconds between two looks at a check that waits for its turn; the check itself has its own deadline."""

REFRESHED_BY = "token refresh"
"""Who changed a credential when a check renewed its token."""

KIND = "credential"
"""What the audit calls one."""

PAGE = 500
"""Credentials read at once when all of them are walked through."""


@dataclass(frozen=True, slots=True)
class User:
    """Something that uses a credential and would break without it: its kind, name and address in the app."""

    kind: str
    name: str
    address: str = ""


class InUseError(ConflictError):
    """Something that others use was to be deleted.

    Args:
        what: What it is, such as `credential`.
        users: What would break without it.
        advice: What to do first.
    """

    def __init__(self, what: str, users: Sequence[User], advice: str) -> None:
        named = ", ".join(f"{user.kind} “{user.name}”" for user in users)
        super().__init__(f"This {what} is in use by {named}. {advice}")
        self.users = tuple(users)


@dataclass(slots=True)
class Batch:
    """Many checks started together; read while they run."""

    checks: tuple[Check, ...]

    @property
    def total(self) -> int:
        """How many checks there are."""
        return len(self.checks)

    @property
    def done(self) -> int:
        """How many have ended."""
        return sum(self.counts.values())

    @property
    def counts(self) -> Counter[State]:
        """How many ended with which state."""
        return Counter(check.result.state for check in self.checks if check.result)

    @property
    def finished(self) -> bool:
        """Tell whether all have ended."""
        return self.done == self.total

    def cancel(self) -> None:
        """Stop what has not ended."""
        for started in self.checks:
            started.cancel()


class CredentialService:
    """Adds, changes, verifies and removes credentials.

    Args:
        store: The encrypted store.
        checks: Gives the running checks when first asked for; starting rclone is left to those who verify.
    """

    def __init__(self, store: Store, checks: Callable[[], Checks]) -> None:
        self.store = store
        self._checks = checks

    @property
    def checks(self) -> Checks:
        """The checks that run and have run."""
        return self._checks()

    def examine(
        self, provider_type: str, raw: Mapping[str, object], *, credential: Credential | None = None
    ) -> Checked:
        """Check values without saving them; an edited credential lends its stored secrets.

        Raises:
            NotFoundError: There is no such provider.
        """
        provider = find_provider(provider_type)
        raw, problems = with_keypair_ids(self.store.ssh, provider, raw)
        checked = check(provider, raw, stored_for(credential, provider_type))
        return replace(checked, problems=(*checked.problems, *problems))

    def add(
        self,
        name: str,
        provider_type: str,
        raw: Mapping[str, object],
        *,
        by: str,
        result: Result | None = None,
        imported: bool = False,
        logged_in: LoggedIn | None = None,
    ) -> Credential:
        """Save a new credential, with the result of its check when there was one.

        An imported one may be of a provider that is gone, so that nothing of an old configuration is lost.

        Raises:
            InvalidValuesError: A value cannot work.
            ConflictError: The name is taken.
            PermanentError: The provider is gone, or the name is not allowed.
        """
        if not imported:
            refuse_unsupported(find_provider(provider_type))
        checked = self._checked(provider_type, raw)
        with new_keypair(self.store, checked.provider, name, checked.attributes, by=by) as attributes:
            credential = self.store.credentials.add(name, provider_type, attributes, by=by)
        if attributes.get("token"):
            self._watch(credential, logged_in)
        return self._with_result(credential, result)

    def add_checked(self, new: Sequence[tuple[str, Checked]], *, by: str) -> None:
        """Save new credentials at once, each given by its name and its checked values: all or none.

        As with an import, one may be of a provider that is gone. A keypair that is to be made goes through `add`.

        Raises:
            ConflictError: A name is taken.
        """
        rows = [(name, checked.provider.type, checked.attributes) for name, checked in new]
        for identifier, (_, _, attributes) in zip(self.store.credentials.add_all(rows, by=by), rows, strict=True):
            if attributes.get("token"):
                watch(self.store, self.store.credentials.get(identifier))

    def edit(
        self,
        credential_id: str,
        raw: Mapping[str, object],
        *,
        version: int,
        by: str,
        name: str | None = None,
        result: Result | None = None,
        logged_in: LoggedIn | None = None,
    ) -> Credential:
        """Save new values over the given version; secrets that `raw` leaves out stay as they are.

        Raises:
            InvalidValuesError: A value cannot work; the old ones stay.
            ChangedError: Someone saved another version meanwhile.
        """
        credential = self.store.credentials.get(credential_id)
        checked = self._checked(credential.provider, raw, credential)
        with (
            self.store.audit.failures(Action.CHANGE, **about(KIND, credential, by)),
            new_keypair(self.store, checked.provider, name or credential.name, checked.attributes, by=by) as attributes,
        ):
            changed = self.store.credentials.change(
                credential_id, version=meant(self.store, credential, version), by=by, name=name, attributes=attributes
            )
        if checked.attributes != credential.attributes:
            self._watch(changed, logged_in, again=bool(credential.attributes.get("token")))
            self._note_host_keys(credential, checked.attributes, by)
        return self._with_result(changed, result)

    def _watch(self, credential: Credential, logged_in: LoggedIn | None, *, again: bool = False) -> None:
        """Begin to keep its token alive; a log-in that it was saved with is noted in the audit."""
        with self.store.together():
            watch(self.store, credential, logged_in)
            if logged_in:
                detail = {"provider": credential.provider, "what": "reconnected" if again else "connected"}
                self.store.audit.note(
                    Action.CONNECT, kind=KIND, subject=credential.id, name=credential.name, detail=detail
                )

    def _note_host_keys(self, before: Credential, attributes: Attributes, by: str) -> None:
        """Keep in the history that a pinned host key was replaced, as for SSH connections."""
        old, new = (str(values.get("host_keys", "")).splitlines() for values in (before.attributes, attributes))
        if old and set(old) != set(new):
            self.store.ssh.connections.note_host_key_change(before.id, old, new, by=by)

    def rename(self, credential_id: str, name: str, *, version: int, by: str) -> Credential:
        """Give a credential another name; its values and its verification stay."""
        return self.store.credentials.change(credential_id, version=version, by=by, name=name)

    def duplicate(self, credential_id: str, name: str, *, by: str) -> Credential:
        """Save a copy under another name."""
        return self.store.credentials.duplicate(credential_id, name=name, by=by)

    def delete(self, credential_id: str, *, version: int | None = None, by: str) -> None:
        """Remove a credential that nothing uses.

        Raises:
            InUseError: It is in use; the sentence names its users.
        """
        users, credential = self.used_by(credential_id), self.store.credentials.get(credential_id)
        with self.store.audit.failures(Action.DELETE, **about(KIND, credential, by)):
            if users:
                raise InUseError("credential", users, "Give them another credential, or withdraw it, first.")
            self.store.credentials.delete(credential_id, version=version, by=by)
        self.store.logins.remove(credential_id)

    def used_by(self, credential_id: str) -> tuple[User, ...]:
        """Return what would break without this credential.

        Raises:
            NotFoundError: There is no such credential.
        """
        self.store.credentials.get(credential_id)
        kept = {repository.name for repository in self.store.repositories.list(credential_id)}
        offered = [publication.pattern for publication in self.store.publications.list(credential_id)]
        return (
            *(User("repository", name) for name in sorted(kept)),
            *(User("the publication to", pattern) for pattern in offered),
        )

    def start_check(
        self,
        provider_type: str,
        raw: Mapping[str, object],
        *,
        credential: Credential | None = None,
        owner: str = "",
        write: bool = False,
    ) -> Check:
        """Start a check of values that are not saved, and save nothing.

        Raises:
            InvalidValuesError: A value cannot work; no provider is asked.
        """
        checked = self._checked(provider_type, raw, credential)
        key = f"draft:{owner}:{credential.id if credential else ''}" if owner else None
        return self.checks.start(checked.provider, checked.attributes, key=key, owner=owner, write=write)

    def start_stored_check(
        self, credential_id: str, *, owner: str = "", write: bool = False, target: str = ""
    ) -> Check:
        """Start a check of a stored credential; its result is recorded when it ends.

        With `target` another place is looked into than the one that is stored, and nothing is recorded.

        Raises:
            NotFoundError: There is no such credential.
            PermanentError: Its values cannot be read.
        """
        credential = readable(self.store.credentials.get(credential_id))
        provider = find_provider(credential.provider)
        elsewhere = bool(target and provider.target) and target != credential.attributes.get(provider.target)
        return self.checks.start(
            provider,
            {**credential.attributes, provider.target: target} if elsewhere else credential.attributes,
            key=f"{credential.id} {target}" if elsewhere else credential.id,
            owner=owner,
            write=write,
            done=None if elsewhere else lambda result: self._record(credential, result),
            credential_id=credential.id,
        )

    def verify_stored(self, credential_id: str, *, target: str = "") -> Result:
        """Check a stored credential and return the result, which is recorded as `start_stored_check` says."""
        started = self.start_stored_check(credential_id, target=target)
        while (result := started.wait(WAIT)) is None:
            continue
        return result

    def start_all(self, owner: str = "") -> Batch:
        """Start a check of every stored credential that can be read."""
        known = [credential.id for credential in self.all() if not credential.damaged]
        return Batch(tuple(self.start_stored_check(credential_id, owner=owner) for credential_id in known))

    def all(self) -> list[Credential]:
        """Return every stored credential by name."""
        found: list[Credential] = []
        while True:
            page = self.store.credentials.search(page=len(found) // PAGE + 1, size=PAGE)
            found += page.items
            if len(page.items) < PAGE:
                return found

    def _checked(self, provider_type: str, raw: Mapping[str, object], credential: Credential | None = None) -> Checked:
        checked = self.examine(provider_type, raw, credential=credential)
        if not checked.ok:
            raise InvalidValuesError(checked)
        return checked

    def _with_result(self, credential: Credential, result: Result | None) -> Credential:
        if result is None:
            return credential
        self.store.credentials.record(credential.id, result, version=credential.version)
        return self.store.credentials.get(credential.id)

    def _record(self, checked: Credential, result: Result) -> None:
        """Keep what a check of a stored credential said, unless it was changed or deleted meanwhile."""
        if result.state == "cancelled":
            return
        try:
            current = self.store.credentials.get(checked.id)
            if current.version == checked.version or current.changed_by == REFRESHED_BY:
                self.store.credentials.record(checked.id, result, version=current.version)
        except NotFoundError:
            return
        finally:
            self.store.release()


def stored_for(credential: Credential | None, provider_type: str) -> Attributes | None:
    """Return the attributes that an edit may keep: those of the same provider."""
    return credential.attributes if credential and credential.provider == provider_type else None


def refuse_unsupported(provider: Provider) -> None:
    """Refuse to make a new credential for a provider that is gone."""
    if provider.support is Support.UNSUPPORTED:
        raise PermanentError(f"{provider.label} cannot be used any more. {provider.note}", field="provider")

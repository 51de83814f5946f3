"""The use cases of keypairs: generate, import, change, replace, delete."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from webapp.core.errors import CredentialError, PermanentError
from webapp.core.fields import Attributes, Problem
from webapp.core.service import InUseError, User
from webapp.core.ssh import choosing
from webapp.core.ssh.fields import KEYPAIR, KEYPAIR_OF
from webapp.core.ssh.keys import PASSPHRASE, PRIVATE, PUBLIC, KeyMaterial, generate, read_keypair
from webapp.core.store import Connection, Credential, Keypair, Store
from webapp.core.store.audit import Action, about
from webapp.core.store.names import clean_name
from webapp.core.validation import Findings, InvalidValuesError, check_fields
from webapp.core.verification.states import Result, State

CONNECTION, CREDENTIAL = "SSH connection", "cloud credential"
PAGE = 500


@dataclass(frozen=True, slots=True)
class KeypairUser(User):
    """What logs in with a keypair.

    Attributes:
        id: Its id.
        effect: What Delete anyway does to it, as a sentence.
    """

    id: str = ""
    effect: str = ""


class KeypairService:
    """Makes, changes and removes keypairs.

    Args:
        store: The encrypted store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keypairs = store.ssh.keypairs

    def all(self, text: str = "") -> list[Keypair]:
        """Return the keypairs whose name holds a text, by name."""
        return self._keypairs.all(text)

    def get(self, reference: str) -> Keypair:
        """Return a keypair by its id or its name.

        Raises:
            NotFoundError: There is none.
        """
        return choosing.find_keypair(self._store.ssh, reference)

    def choices(self) -> list[Keypair]:
        """Return the keypairs that can log in: those with a private half that can be read."""
        return [keypair for keypair in self.all() if keypair.has_private and not keypair.damaged]

    def private_key(self, reference: str) -> str:
        """Return the private half of a keypair by its id or its name.

        Raises:
            PermanentError: There is none, it has no private half, or it cannot be read.
        """
        return choosing.private_key(self._store.ssh, reference)

    def reveal(self, reference: str, *, by: str) -> str:
        """Return the private half to a person who asked for it, and note in the audit that they have seen it.

        Raises:
            PermanentError: There is none, or it cannot be read.
        """
        keypair = self.get(reference)
        with self._store.audit.failures(Action.READ, **about("keypair", keypair, by)):
            choosing.usable(self._store.ssh, keypair.id)
        self._store.audit.note(Action.READ, **about("keypair", keypair, by))
        return keypair.private_key

    def make(self, key_type: str, name: str) -> KeyMaterial:
        """Make a new keypair and save nothing: what *Generate Keypair* puts into the form.

        Raises:
            PermanentError: There is no such type.
        """
        return generate(key_type, name.strip())

    def examine(self, raw: Mapping[str, object], name: str = "", *, keypair: Keypair | None = None) -> Findings:
        """Check values without saving them; an edited keypair lends its private half.

        What comes back is what would be stored: both halves, the public one derived when it was left out, and no
        passphrase.
        """
        stored = keypair.attributes if keypair else None
        given = _private_kept(raw, keypair)
        found = check_fields(KEYPAIR, given, stored)
        if not found.ok:
            return found
        values = found.attributes
        try:
            made = read_keypair(
                str(values.get(PRIVATE, "")),
                str(values.get(PUBLIC, "")),
                str(values.get(PASSPHRASE, "")),
                comment=name.strip(),
            )
        except CredentialError as error:
            return replace(found, problems=(*found.problems, Problem(error.field, error.message)))
        if keypair and values.get(PRIVATE) == keypair.private_key:  # written anew it would differ in its padding
            made = replace(made, private=keypair.private_key)
        return replace(found, attributes=halves(made))

    def generate(self, name: str, key_type: str, *, by: str) -> Keypair:
        """Make and save a keypair with its name as comment.

        Raises:
            PermanentError: There is no such type, or the name is not allowed.
            ConflictError: A keypair or a connection has this name.
        """
        name = clean_name(name)
        return self._keypairs.add(name, halves(generate(key_type, name)), by=by)

    def generate_for(self, owner: str, key_type: str, *, by: str) -> Keypair:
        """Make and save a keypair for something: `<owner> Key`, with ` (2)` and so on when that name is taken."""
        return self.generate(self._store.ssh.free_name(f"{clean_name(owner)[:90].rstrip()} Key"), key_type, by=by)

    @contextmanager
    def for_set_up(self, owner: str, reference: str, key_type: str, *, by: str) -> Generator[Keypair]:
        """Give the keypair of a set-up: a stored one, or a new one that is removed again when the set-up fails.

        Args:
            owner: What is set up; a new keypair is called after it.
            reference: Id or name of a stored keypair; empty for a new one.
            key_type: The kind of a new one.
            by: Who sets it up.

        Raises:
            PermanentError: The stored one is not there or cannot log in.
        """
        if reference:
            yield choosing.usable(self._store.ssh, reference)
            return
        made = self.generate_for(owner, key_type, by=by)
        try:
            yield made
        except BaseException:
            self._keypairs.delete(made.id, by=by)
            raise

    def add(self, name: str, raw: Mapping[str, object], *, by: str) -> Keypair:
        """Save a keypair that was pasted or uploaded.

        Raises:
            InvalidValuesError: It cannot be used; the sentence stands on its field.
            ConflictError: A keypair or a connection has this name.
        """
        return self._keypairs.add(name, self._checked(raw, clean_name(name)), by=by)

    def edit(
        self, keypair_id: str, raw: Mapping[str, object] | None, *, version: int, by: str, name: str | None = None
    ) -> Keypair:
        """Save another name, other halves or both over the given version; without `raw` the halves stay.

        A private half that `raw` leaves out stays as well; an empty text takes it away.

        Raises:
            InvalidValuesError: The new halves cannot be used or do not belong together; the old ones stay.
            EntryChangedError: Someone saved another version meanwhile.
        """
        stored = self._keypairs.get(keypair_id)
        attributes = None if raw is None else self._checked(raw, name or stored.name, stored)
        with self._store.audit.failures(Action.CHANGE, **about("keypair", stored, by)):
            return self._keypairs.change(keypair_id, version=version, by=by, name=name, attributes=attributes)

    def used_by(self, keypair_id: str) -> tuple[KeypairUser, ...]:
        """Return what logs in with a keypair, and what Delete anyway would do to each.

        Raises:
            NotFoundError: There is no such keypair.
        """
        self._keypairs.get(keypair_id)
        connections = (_connection(one) for one in self._store.ssh.connections.of_keypair(keypair_id))
        return (*connections, *(_credential(one) for one in self._credentials_of(keypair_id)))

    def users(self) -> dict[str, tuple[KeypairUser, ...]]:
        """Return what logs in with each keypair, by its id; quicker for a list than asking for each."""
        found: dict[str, list[KeypairUser]] = {}
        for connection in self._store.ssh.connections.all():
            found.setdefault(connection.keypair, []).append(_connection(connection))
        for credential in self._sftp():
            found.setdefault(str(credential.attributes.get(KEYPAIR_OF, "")), []).append(_credential(credential))
        return {keypair: tuple(users) for keypair, users in found.items()}

    def delete(self, keypair_id: str, *, version: int | None = None, by: str, anyway: bool = False) -> None:
        """Remove a keypair; one that is in use only with `anyway`, which deletes and detaches what uses it.

        Raises:
            InUseError: It is in use; the sentence names its users.
            EntryChangedError: Someone saved another version meanwhile.
        """
        stored = self._keypairs.get(keypair_id)
        with self._store.audit.failures(Action.DELETE, **about("keypair", stored, by)):
            self._refuse_used(keypair_id, anyway=anyway)
            with self._store.together():
                for connection in self._store.ssh.connections.of_keypair(keypair_id):
                    self._store.ssh.connections.delete(connection.id, by=by)
                for credential in self._credentials_of(keypair_id):
                    self._detach(credential, stored.name, by)
                self._keypairs.delete(keypair_id, by=by, version=version)

    def _refuse_used(self, keypair_id: str, *, anyway: bool) -> None:
        users = () if anyway else self.used_by(keypair_id)
        if users:
            raise InUseError("keypair", users, "Give them another keypair first, or delete it anyway.")

    def use_another(self, keypair_id: str, other: str, *, by: str) -> tuple[KeypairUser, ...]:
        """Let everything that logs in with a keypair log in with another one, all of it or nothing; return what it was.

        Raises:
            PermanentError: The other one is not there or cannot log in.
        """
        users = self.used_by(keypair_id)
        chosen = choosing.usable(self._store.ssh, other)
        if chosen.id == keypair_id:
            raise PermanentError("Choose another keypair than this one.", field=KEYPAIR_OF)
        with self._store.together():
            for connection in self._store.ssh.connections.of_keypair(keypair_id):
                values = {**connection.attributes, KEYPAIR_OF: chosen.id}
                self._store.ssh.connections.change(connection.id, version=connection.version, by=by, attributes=values)
            for credential in self._credentials_of(keypair_id):
                values = {**credential.attributes, KEYPAIR_OF: chosen.id}
                self._store.credentials.change(credential.id, version=credential.version, by=by, attributes=values)
        return users

    def _detach(self, credential: Credential, keypair: str, by: str) -> None:
        """Take a keypair out of a credential, and say so where its state stands."""
        values = {key: value for key, value in credential.attributes.items() if key != KEYPAIR_OF}
        changed = self._store.credentials.change(credential.id, version=credential.version, by=by, attributes=values)
        message = f"Its keypair “{keypair}” was deleted. Choose another one."
        self._store.credentials.record(
            changed.id, Result(State.MISCONFIGURED, message, KEYPAIR_OF), version=changed.version
        )

    def _credentials_of(self, keypair_id: str) -> list[Credential]:
        """Return the SFTP credentials that log in with a keypair."""
        return [one for one in self._sftp() if one.attributes.get(KEYPAIR_OF) == keypair_id]

    def _sftp(self) -> Iterator[Credential]:
        """Give every SFTP credential."""
        number, total = 0, 1
        while number * PAGE < total:
            number += 1
            page = self._store.credentials.search(provider="SFTP", page=number, size=PAGE)
            total = page.total
            yield from page.items

    def _checked(self, raw: Mapping[str, object], name: str, stored: Keypair | None = None) -> Attributes:
        found = self.examine(raw, name, keypair=stored)
        if not found.ok:
            raise InvalidValuesError(found)
        return found.attributes


def halves(made: KeyMaterial) -> Attributes:
    """Return both halves as they are stored."""
    return {PRIVATE: made.private, PUBLIC: made.public.text} if made.private else {PUBLIC: made.public.text}


def _connection(connection: Connection) -> KeypairUser:
    return KeypairUser(CONNECTION, connection.name, "", connection.id, "It is deleted as well.")


def _credential(credential: Credential) -> KeypairUser:
    effect = "It loses its key and cannot log in until it gets another one."
    return KeypairUser(CREDENTIAL, credential.name, "", credential.id, effect)


def _private_kept(raw: Mapping[str, object], stored: Keypair | None) -> Mapping[str, object]:
    """Leave the stored public half out when only the private one is new: it is derived anew."""
    if stored is None or not raw.get(PRIVATE):
        return raw
    unchanged = str(raw.get(PUBLIC) or "").strip() == stored.public_key.strip()
    return {**raw, PUBLIC: ""} if unchanged else raw

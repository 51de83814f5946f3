"""How a field names a stored keypair, and how its private half gets to where it is used."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from webapp.core.errors import NotFoundError, PermanentError
from webapp.core.fields import Attributes, Declared, Kind, Problem, as_text
from webapp.core.ssh.keys import DEFAULT_TYPE, KEY_TYPES

if TYPE_CHECKING:
    from webapp.core.store import Keypair, Store
    from webapp.core.store.ssh import SshEntries

PrivateKey = Callable[[str], str]
"""Returns the private half of a stored keypair by its id or name."""

NEW = "new:"
"""Stands before a kind of key where a keypair is named that shall be made on the spot: `new:ed25519`."""

KEY_PEM = "key_pem"
"""The field of an SFTP credential that holds a pasted key; a stored one takes its place on the way out."""


def find_keypair(entries: SshEntries, reference: str) -> Keypair:
    """Return a keypair by its id or by its name.

    Raises:
        NotFoundError: There is none.
    """
    try:
        return entries.keypairs.get(reference)
    except NotFoundError:
        return entries.keypairs.find(reference)


def stored_or_new(reference: str) -> tuple[str, str]:
    """Return the stored keypair that is meant, and the kind to make when that is empty."""
    if reference.startswith(NEW):
        return "", reference.removeprefix(NEW)
    return reference, DEFAULT_TYPE


def with_keypair_ids(
    entries: SshEntries, declared: Declared, raw: Mapping[str, object]
) -> tuple[Mapping[str, object], list[Problem]]:
    """Put ids in the place of keypairs' names, as they are stored, and find those that cannot log in."""
    ids, problems = dict[str, object](), list[Problem]()
    for field in (field for field in declared.fields if field.kind is Kind.KEYPAIR):
        reference = str(raw.get(field.key) or "").strip()
        if not reference or (reference.startswith(NEW) and reference.removeprefix(NEW) in KEY_TYPES):
            continue
        try:
            ids[field.key] = usable(entries, reference).id
        except PermanentError as error:
            problems.append(Problem(field.key, error.message))
    return ({**raw, **ids} if ids else raw), problems


@contextmanager
def new_keypair(
    store: Store, declared: Declared, owner: str, attributes: Attributes, *, by: str
) -> Generator[Attributes]:
    """Give values with a keypair made where one of a kind is named; it is gone again when what follows fails.

    Args:
        store: The encrypted store.
        declared: Whose values they are.
        owner: What the keypair is made for and named after.
        attributes: The checked values.
        by: Who does it.
    """
    from webapp.core.ssh.keypairs import KeypairService  # noqa: PLC0415  it imports this module

    wanted = [
        field.key
        for field in declared.fields
        if field.kind is Kind.KEYPAIR and as_text(attributes.get(field.key, "")).startswith(NEW)
    ]
    if not wanted:
        yield attributes
        return
    reference, key_type = stored_or_new(as_text(attributes[wanted[0]]))
    with KeypairService(store).for_set_up(owner, reference, key_type, by=by) as keypair:
        yield {**attributes, wanted[0]: keypair.id}


def usable(entries: SshEntries, reference: str) -> Keypair:
    """Return a keypair that can log in, by its id or name.

    Raises:
        PermanentError: There is none, it has no private half, or it cannot be read.
    """
    if reference.startswith(NEW):
        raise PermanentError(
            "The new keypair is made when you save. Put its public half on the server then.", field="private_key"
        )
    try:
        keypair = find_keypair(entries, reference)
    except NotFoundError:
        raise PermanentError("There is no such keypair. Choose another one.", field="private_key") from None
    if keypair.damaged:
        raise PermanentError(f"The keypair “{keypair.name}” cannot be read. {keypair.damaged}", field="private_key")
    if not keypair.has_private:
        raise PermanentError(
            f"The keypair “{keypair.name}” has no private key, so it cannot log in. Choose another one.",
            field="private_key",
        )
    return keypair


def private_key(entries: SshEntries, reference: str) -> str:
    """Return the private half of a keypair by its id or name; raises as `usable` does."""
    return usable(entries, reference).private_key


def with_private_key(declared: Declared, attributes: Attributes, key_of: PrivateKey | None) -> Attributes:
    """Return the values of a credential with the private half of the keypair that it names.

    Raises:
        PermanentError: The keypair is gone, has no private half, or cannot be read here.
    """
    named = [field.key for field in declared.fields if field.kind is Kind.KEYPAIR and attributes.get(field.key)]
    if not named:
        return attributes
    if key_of is None:
        raise PermanentError("The keypair of this credential cannot be read here.", field=named[0])
    return {**attributes, KEY_PEM: key_of(as_text(attributes[named[0]]))}

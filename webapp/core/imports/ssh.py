"""SSH keypairs and connections of an import: whether they can be kept, and how they are made."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from webapp.core.errors import CredentialError
from webapp.core.imports.base import Found
from webapp.core.ssh.fields import CONNECTION, KEYPAIR_OF
from webapp.core.ssh.keys import read_keypair
from webapp.core.validation import InvalidValuesError, check_fields

if TYPE_CHECKING:
    from webapp.core.store import Store

KEYPAIR = "SSH_KEY_PAIR"
KINDS: Mapping[str, str] = {KEYPAIR: "SSH keypair", "SSH_CREDENTIALS": "SSH connection"}
"""TrueNAS's types of what is kept beside cloud credentials, and what each is called here."""


def reason(found: Found, keypairs: Collection[str]) -> str:
    """Return why a keypair or a connection cannot be kept; empty when it can.

    Args:
        found: The thing.
        keypairs: Rows of the keypairs that are imported.
    """
    if found.provider == KEYPAIR:
        try:
            read_keypair(str(found.raw["private_key"]), str(found.raw["public_key"]))
        except CredentialError as error:
            return error.message
        return ""
    if found.keypair not in keypairs:
        return "Its keypair is not imported."
    checked = check_fields(CONNECTION, {**found.raw, KEYPAIR_OF: found.keypair})
    return next((" ".join(messages) for messages in checked.errors.values()), "")


def make(store: Store, name: str, found: Found, keypairs: dict[str, str], *, by: str) -> None:
    """Make a keypair or a connection; the id of a new keypair is put behind its row in `keypairs`.

    Raises:
        PermanentError: It cannot be kept.
    """
    if found.provider == KEYPAIR:
        made = read_keypair(str(found.raw["private_key"]), str(found.raw["public_key"]), comment=name)
        values = {"private_key": made.private, "public_key": made.public.text}
        kept = store.ssh.keypairs.add(name, {key: value for key, value in values.items() if value}, by=by)
        keypairs[found.row] = kept.id
        return
    checked = check_fields(CONNECTION, {**found.raw, KEYPAIR_OF: keypairs[found.keypair]})
    if not checked.ok:
        raise InvalidValuesError(checked)
    store.ssh.connections.add(name, checked.attributes, by=by)


def with_keypair(raw: Mapping[str, object], keypair: str) -> dict[str, object]:
    """Return the values of a credential that logs in with a keypair that is stored here."""
    return {**{key: value for key, value in raw.items() if key != "key_pem"}, KEYPAIR_OF: keypair}

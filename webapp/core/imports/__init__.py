"""Takes credentials over from other tools' files: first a preview, then all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from webapp.core.errors import PermanentError
from webapp.core.imports import awsfile, rcloneconf, resticenv, ssh, truenas
from webapp.core.imports.base import Found, PasswordNeededError
from webapp.core.providers import PROVIDERS
from webapp.core.store.audit import Action
from webapp.core.store.names import clean_name, name_key
from webapp.core.validation import Checked, check

if TYPE_CHECKING:
    from webapp.core.service import CredentialService
    from webapp.core.store import Store

__all__ = [
    "KINDS",
    "LABELS",
    "Found",
    "Item",
    "PasswordNeededError",
    "Plan",
    "carry_out",
    "detect",
    "names_in_use",
    "plan",
    "read",
]

SSH_SPACE = "\0ssh "
"""Keypairs and connections have names of their own; no name begins like this."""

BATCH = 100
"""Credentials written at once; after each batch progress is shown."""

KINDS: Mapping[str, Callable[..., list[Found]]] = {
    "rclone": rcloneconf.read,
    "aws": awsfile.read,
    "truenas": truenas.read,
    "restic": resticenv.read,
}
"""What can be imported, and what reads it."""

LABELS: Mapping[str, str] = {
    "rclone": "rclone.conf",
    "aws": "AWS shared credentials file",
    "truenas": "TrueNAS configuration with Password Secret Seed",
    "restic": "Environment file of restic",
}
"""What each is called."""


@dataclass(frozen=True, slots=True)
class Item:
    """What becomes of one thing in a file.

    Attributes:
        found: The thing.
        name: The name it gets.
        skipped: Why nothing becomes of it; empty when it will be made.
        checked: The values of a credential as they would be stored.
    """

    found: Found
    name: str
    skipped: str = ""
    checked: Checked | None = field(default=None, repr=False)

    @property
    def alone(self) -> bool:
        """Whether it is made by itself, since something else is made or asked with it."""
        return self.checked is None or bool(self.found.keypair or self.found.password)

    @property
    def happens(self) -> str:
        """What happens with it, for the preview; no value stands in it."""
        left = f"; not taken over: {', '.join(self.found.left_out)}" if self.found.left_out else ""
        kept = f"; with the password of {self.found.repository}" if self.found.password else ""
        note = f"; {self.found.note}" if self.found.note else ""
        return f"skipped: {self.skipped}" if self.skipped else f"made{kept}{note}{left}"


@dataclass(frozen=True, slots=True)
class Plan:
    """A preview: nothing has been written yet."""

    kind: str
    items: tuple[Item, ...]

    @property
    def made(self) -> tuple[Item, ...]:
        """What will be made."""
        return tuple(item for item in self.items if not item.skipped)


def detect(data: bytes) -> str:
    """Return what a file is.

    Raises:
        PermanentError: It is nothing that can be imported.
    """
    if data.startswith(truenas.MAGIC) or truenas.is_tar(data):
        return "truenas"
    start = data[: 64 * 1024]
    if b"aws_access_key_id" in start and b"[" in start:
        return "aws"
    if b"RESTIC_REPOSITORY=" in start:
        return "restic"
    if rcloneconf.ENCRYPTED.encode() in start or (b"[" in start and b"type" in start):
        return "rclone"
    raise PermanentError(
        "This is no rclone.conf, no AWS credentials file, no TrueNAS configuration and no environment file of restic.",
        field="file",
    )


def read(data: bytes, *, kind: str = "", password: str = "") -> tuple[str, list[Found]]:
    """Return what a file is and what stands in it.

    Raises:
        PasswordNeededError: It is encrypted and no password was given.
        PermanentError: It cannot be read.
    """
    kind = kind or detect(data)
    found = KINDS[kind](data, password)
    if not found:
        raise PermanentError("There is nothing in this file.", field="file")
    return kind, found


def names_in_use(store: Store) -> frozenset[str]:
    """Return the names of all credentials, and those of keypairs and connections in their own space."""
    credentials = (name_key(name) for name in store.credentials.names())
    return frozenset((*credentials, *(SSH_SPACE + name_key(name) for name in store.ssh.names())))


def plan(kind: str, found: list[Found], taken: frozenset[str], *, rename: bool = False) -> Plan:
    """Return what would become of each thing.

    Args:
        kind: What the file is.
        found: What stands in it.
        taken: The names that are in use, as `name_key` gives them.
        rename: Whether a name that is in use gets a number behind it; otherwise its thing is skipped.
    """
    used, keypairs = set(taken), set[str]()
    items: list[Item] = []
    for one in found:
        items.append(_item(one, used, keypairs, rename=rename))
        if one.row and not items[-1].skipped:
            keypairs.add(one.row)
    return Plan(kind, tuple(items))


def _item(found: Found, used: set[str], keypairs: Collection[str], *, rename: bool) -> Item:
    space = SSH_SPACE if found.provider in ssh.KINDS else ""
    checked = check(PROVIDERS[found.provider], found.raw) if found.provider in PROVIDERS else None
    try:
        name = clean_name(found.name)
        reason = found.skipped or _reason(found, checked, keypairs)
    except PermanentError as error:
        name, reason = found.name[:100], error.message
    if not reason and space + name_key(name) in used:
        what = f"an {ssh.KINDS[found.provider]}" if space else "a credential"
        name, reason = (_free(name, used, space), "") if rename else (name, f"There is {what} of this name already.")
    if not reason:
        used.add(space + name_key(name))
    return Item(found, name, reason, None if reason else checked)


def _reason(found: Found, checked: Checked | None, keypairs: Collection[str]) -> str:
    """Return why values cannot be saved; empty when they can."""
    if checked is None:
        return ssh.reason(found, keypairs)
    return next((" ".join(messages) for messages in checked.errors.values()), "")


def _free(name: str, used: set[str], space: str) -> str:
    return next(free for free in _numbered(name) if space + name_key(free) not in used)


def _numbered(name: str) -> Iterator[str]:
    number = 2
    while True:
        yield f"{name[:90].rstrip()} {number}"
        number += 1


def carry_out(
    planned: Plan, service: CredentialService, *, by: str, progress: Callable[[int, int], None] | None = None
) -> int:
    """Make everything that a plan names, in one transaction, and return how much it was.

    Raises:
        PermanentError: Something cannot be made; then nothing is.
    """
    made, done = planned.made, 0
    with service.store.together():
        for count in _steps(made, service, by):
            done += count
            if progress:
                progress(done, len(made))
        service.store.audit.note(Action.IMPORT, name=planned.kind, who=by, detail={"made": len(made)})
    return len(made)


def _steps(made: Sequence[Item], service: CredentialService, by: str) -> Iterator[int]:
    """Make everything and say after each step how much it made: keypairs first, since others name them."""
    keypairs = dict[str, str]()
    for item in made:
        if item.alone:
            _make(service, item, keypairs, by)
            yield 1
    plain = [(item.name, item.checked) for item in made if item.checked and not item.alone]
    for start in range(0, len(plain), BATCH):
        service.add_checked(plain[start : start + BATCH], by=by)
        yield len(plain[start : start + BATCH])


def _make(service: CredentialService, item: Item, keypairs: dict[str, str], by: str) -> None:
    """Make a keypair, a connection, or a credential with its keypair or with the secret of its repository."""
    found = item.found
    if found.provider in ssh.KINDS:
        ssh.make(service.store, item.name, found, keypairs, by=by)
        return
    raw = ssh.with_keypair(found.raw, keypairs[found.keypair]) if found.keypair in keypairs else found.raw
    credential = service.add(item.name, found.provider, raw, by=by, imported=True)
    if found.password:
        service.store.repositories.secret(credential.id, found.repository, "password", by=by, given=found.password)

"""What a backup says about itself, and what is refused about one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from webapp.core.errors import PermanentError
from webapp.core.store.envelope import Place

FORMAT = 1
"""Of the file; a newer one is refused."""
PROGRAM = "backup-credentials"

MANIFEST, RECORDS, SEED, README = "manifest.json", "records.jsonl", "secret-seed.age", "README.txt"


class BackupError(PermanentError):
    """A file is no backup, is damaged, or cannot be restored here."""

    def __init__(self, message: str, *, field: str = "file") -> None:
        super().__init__(message, field=field)


@dataclass(frozen=True, slots=True)
class Needed:
    """A key that a backup needs.

    Attributes:
        uses: How many of its sealed values need it.
        proof: A value that only this key opens; empty when the store had none.
    """

    uses: int
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The first thing that is read of a backup.

    Attributes:
        id: Of this backup.
        made: When.
        version: Of the program that made it.
        migrations: Numbers of the schema that its records have.
        counts: How many rows of each table.
        keys: Which master keys it needs, by id.
        sha256: Of the records.
        size: Bytes of the records.
        seed: Whether the key ring is in it, under a passphrase.
        proof: The hash, sealed: with the seed it shows that nobody changed what stands in clear.
        format: Of the file.
        program: Whose file it is.
    """

    id: str
    made: str
    version: str
    migrations: tuple[int, ...]
    counts: Mapping[str, int]
    keys: Mapping[str, Needed]
    sha256: str
    size: int
    seed: bool
    proof: str = ""
    format: int = FORMAT
    program: str = PROGRAM

    def to_json(self) -> bytes:
        """Return it as it stands in the file."""
        return json.dumps(asdict(self), indent=1).encode() + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> Manifest:
        """Read it.

        Raises:
            BackupError: It is none, or of a newer version.
        """
        try:
            found: dict[str, Any] = json.loads(data)
            _refuse_foreign(found["program"], int(found["format"]))
            keys = {str(key): Needed(int(one["uses"]), str(one["proof"])) for key, one in found["keys"].items()}
            return cls(
                str(found["id"]),
                str(found["made"]),
                str(found["version"]),
                tuple(int(number) for number in found["migrations"]),
                {str(table): int(count) for table, count in found["counts"].items()},
                keys,
                str(found["sha256"]),
                int(found["size"]),
                bool(found["seed"]),
                str(found["proof"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BackupError("This is no backup of Backup Credentials, or it is damaged.") from None


def _refuse_foreign(program: str, version: int) -> None:
    if program != PROGRAM:
        raise BackupError("This is no backup of Backup Credentials.")
    if version > FORMAT:
        raise BackupError("This backup was made by a newer version. Install that version first.")


def place_of_backup(identifier: str) -> Place:
    """Return where the hash of a backup is bound to."""
    return Place("backup", identifier, "sha256", FORMAT)


def place_in_backup(table: str, identifier: str, column: str) -> Place:
    """Return where a column is bound to that stands in clear in the database and sealed in a backup."""
    return Place(f"backup of {table}", identifier, column, FORMAT)

"""A TrueNAS configuration: its database, or the tar of the database with the secret seed.

The tables and the cipher are those of TrueNAS's middleware (`system_cloudcredentials`, `system_keychaincredential`;
AES-256 in counter mode without authentication, so a wrong seed shows by values that are no JSON).
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import sqlite3
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import cast

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from webapp.core.errors import PermanentError
from webapp.core.imports.base import UNCHECKED_HOST, Found
from webapp.core.providers import PROVIDERS
from webapp.core.ssh.fields import CONNECTION

MAGIC = b"SQLite format 3\0"
DATABASE, SEED = "freenas-v1.db", "pwenc_secret"
SEED_BYTES, NONCE_BYTES = 32, 8
LARGEST = 64 * 1024 * 1024
"""Bytes that a database may have; TrueNAS itself takes 10 MiB."""

KEYPAIR = "SSH_KEY_PAIR"
"""TrueNAS's type of a keypair in its keychain; the other one is a connection."""

STORJ = "STORJ_IX"
"""TrueNAS's type for Storj, whose gateway speaks S3; its form names this address when none was typed."""

GATEWAY = "https://gateway.storjshare.io"

Row = tuple[str, str, str]
"""Name, type and sealed attributes."""


def is_tar(data: bytes) -> bool:
    """Tell whether this is a tar, packed or not."""
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            return archive.next() is not None
    except (tarfile.TarError, EOFError, OSError):
        return False


def unpacked(data: bytes, seed: bytes) -> tuple[bytes, bytes]:
    """Return database and seed.

    Raises:
        PermanentError: It is no configuration of TrueNAS, or its seed is missing.
    """
    if not data.startswith(MAGIC):
        data, seed = _from_tar(data, seed)
    if len(seed) != SEED_BYTES:
        raise PermanentError(
            "The secret seed is missing or damaged. Download the configuration from TrueNAS again with Export Password "
            "Secret Seed, and import the whole tar.",
            field="file",
        )
    return data, seed


def _from_tar(data: bytes, seed: bytes) -> tuple[bytes, bytes]:
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member in archive:
                name = member.name.removeprefix("./")
                if name in {DATABASE, SEED} and member.isfile() and member.size <= LARGEST:
                    found[name] = cast("io.BufferedReader", archive.extractfile(member)).read()
    except (tarfile.TarError, EOFError, OSError):
        raise PermanentError("This tar is damaged.", field="file") from None
    if not found.get(DATABASE, b"").startswith(MAGIC):
        raise PermanentError(f"There is no {DATABASE} in this tar.", field="file")
    return found[DATABASE], found.get(SEED, seed)


def decrypt(seed: bytes, sealed: str) -> Mapping[str, object] | None:
    """Return sealed attributes; nothing when they cannot be read with this seed."""
    try:
        packed = base64.b64decode(sealed, validate=True)
        counter = packed[:NONCE_BYTES] + (1).to_bytes(8, "big")
        opened = Cipher(AES(seed), CTR(counter)).decryptor().update(packed[NONCE_BYTES:])
        values = json.loads(opened.rstrip(b"{"))
    except (binascii.Error, UnicodeDecodeError, ValueError, RecursionError):
        return None
    return cast("Mapping[str, object]", values) if isinstance(values, dict) else None


def read(data: bytes, password: str = "", *, seed: bytes = b"") -> list[Found]:  # noqa: ARG001  as every reader
    """Return the cloud credentials, the keypairs and the connections of a configuration.

    Raises:
        PermanentError: It is none, it is damaged, or the seed is not the one it was sealed with.
    """
    database, seed = unpacked(data, seed)
    clouds, keychain = _rows(database)
    opened = {identifier: decrypt(seed, row[2]) for identifier, row in keychain.items()}
    credentials = [(row, decrypt(seed, row[2])) for row in clouds]
    sealed = [*opened.values(), *(values for _, values in credentials)]
    if sealed and all(values is None for values in sealed):
        raise PermanentError("The secret seed does not belong to this database: nothing in it can be read.")
    keys = {identifier: values for identifier, values in opened.items() if values}
    chain = [_of_keychain(identifier, keychain[identifier], values) for identifier, values in opened.items()]
    return [
        *(found for found in chain if found.provider == KEYPAIR),
        *(_credential(row, values, keys) for row, values in credentials),
        *(found for found in chain if found.provider != KEYPAIR),
    ]


def _rows(database: bytes) -> tuple[list[Row], dict[int, Row]]:
    """Read both tables from memory; nothing in the database is run."""
    with closing(sqlite3.connect(":memory:")) as opened:
        try:
            opened.deserialize(database)
            clouds = opened.execute("SELECT name, provider, attributes FROM system_cloudcredentials ORDER BY id")
            found = [cast("Row", tuple(map(str, row))) for row in clouds]
            chain = opened.execute("SELECT id, name, type, attributes FROM system_keychaincredential ORDER BY id")
            return found, {int(row[0]): cast("Row", tuple(map(str, row[1:]))) for row in chain}
        except (sqlite3.Error, ValueError, OverflowError):
            raise PermanentError("This database is damaged, or it is not one of TrueNAS.", field="file") from None


def _credential(row: Row, values: Mapping[str, object] | None, keys: Mapping[int, Mapping[str, object]]) -> Found:
    name, kind, _ = row
    if kind == STORJ:
        kind, values = "S3", values and {**values, "provider": "Storj", "endpoint": values.get("endpoint") or GATEWAY}
    provider = PROVIDERS.get(kind)
    if provider is None:
        return Found(name, skipped=f"TrueNAS's “{kind[:40]}” is none of the providers here.")
    if values is None:
        return Found(name, kind, skipped="Its values cannot be read with this secret seed.")
    known = {field.key for field in provider.fields}
    raw = {key: value for key, value in values.items() if key in known and value is not None}
    raw |= dict(_adapted(kind, raw, keys))
    left_out = tuple(sorted(key for key, value in values.items() if key not in known | {"type"} and value))
    keypair = str(values["private_key"]) if kind == "SFTP" and isinstance(values.get("private_key"), int) else ""
    note = UNCHECKED_HOST if kind == "SFTP" else ""
    return Found(name, kind, raw, left_out=left_out, keypair=keypair, note=note)


def _adapted(
    kind: str, raw: Mapping[str, object], keys: Mapping[int, Mapping[str, object]]
) -> Iterator[tuple[str, object]]:
    """Give what TrueNAS keeps in another way: a key by its row, no host key, and no vendor."""
    if kind == "SFTP":
        yield "skip_host_key_check", True
    if kind == "SFTP" and isinstance(raw.get("private_key"), int):
        keypair = keys.get(cast("int", raw["private_key"]), {})
        yield "private_key", ""
        yield "key_pem", keypair.get("private_key", "")  # what is left when the keypair itself is not imported
    if kind == "S3" and not raw.get("provider"):
        yield "provider", "Other" if raw.get("endpoint") else "AWS"


def _of_keychain(identifier: int, row: Row, values: Mapping[str, object] | None) -> Found:
    name, kind, _ = row
    if values is None:
        what = "SSH keypair" if kind == KEYPAIR else "SSH connection"
        return Found(name, skipped=f"This {what} cannot be read with this secret seed.")
    if kind == KEYPAIR:
        raw = {key: values.get(key) or "" for key in ("private_key", "public_key")}
        return Found(name, kind, raw, row=str(identifier))
    known = {field.key for field in CONNECTION.fields} - {"private_key", "cipher"}
    raw = {key: value for key, value in values.items() if key in known and value is not None}
    left_out = tuple(sorted(key for key, value in values.items() if key not in known | {"private_key"} and value))
    return Found(name, kind, raw, left_out=left_out, keypair=str(values.get("private_key", "")))

"""The key ring: master keys by id. Its file is the secret seed.

The file holds JSON, `{"primary": ID, "keys": {ID: KEY}}`, with each 256-bit key in base64 and its id the first eight
bytes of the key's SHA-256 in hexadecimal, so that a wrong key can never pass under a right id.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from webapp.core.store.faults import SeedError

KEY_BYTES = 32
MODE = 0o600
Keys = Mapping[str, bytes]


def key_id(key: bytes) -> str:
    """Return the id of a master key."""
    return hashlib.sha256(key).digest()[:8].hex()


def new_seed() -> str:
    """Return a new secret seed, one key, as its file holds it."""
    key = os.urandom(KEY_BYTES)
    return _format({key_id(key): key}, key_id(key))


class KeyRing:
    """Master keys; one of them, the primary, wraps what is written from now on. Its repr shows ids only."""

    def __init__(
        self, keys: Mapping[str, bytes], primary: str, *, path: Path | None = None, create: bool = False
    ) -> None:
        self._keys = dict(keys)
        self._primary = primary
        self._path = path
        self._create = create
        self._obstacle = ""
        self._signature = _signature(path)

    @classmethod
    def from_file(cls, path: Path, *, create: bool) -> KeyRing:
        """Read the seed file. A missing one gives an empty ring that `fill` may make when nothing needs an old key.

        Raises:
            SeedError: The file is no seed.
        """
        before = _signature(path)  # what is put there while it is read counts as another file
        if not path.exists():
            return cls({}, "", path=path, create=create)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SeedError(f"The secret seed {path} cannot be read. Check its owner and mode.") from error
        keys, primary = _parse(text)
        ring = cls(keys, primary, path=path)
        ring._signature = before
        return ring

    @classmethod
    def from_text(cls, text: str) -> KeyRing:
        """Read a seed from the environment or a form: the file's JSON, or one key in base64.

        Raises:
            SeedError: It is no seed.
        """
        keys, primary = _parse(text)
        return cls(keys, primary)

    def __repr__(self) -> str:
        return f"KeyRing(ids={self.ids}, primary={self._primary!r})"

    @property
    def primary_id(self) -> str:
        """Id of the key that wraps new data keys; empty while there is none."""
        return self._primary

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of all keys."""
        return tuple(self._keys)

    def key(self, identifier: str) -> bytes | None:
        """Return a master key, or nothing when this ring has it not."""
        return self._keys.get(identifier)

    def fill(self) -> None:
        """Make the first key and its file, unless there is one. Two processes that do so at once get the same key.

        Where nothing can be written, such as the place of a mounted Secret that is missing, the ring stays empty and
        `lack` says why.
        """
        if self._keys or not self._create or self._path is None:
            return
        try:
            _write_new(self._path, new_seed())
        except OSError as error:
            self._obstacle = error.strerror or type(error).__name__
            return
        self.read_again()

    @property
    def lack(self) -> str:
        """Say why an empty ring has no key, and what to do."""
        if not self._obstacle:
            return "it has no secret seed yet, and none may be made here. Give one."
        return (
            f"there is no secret seed at {self._path}, and none can be made there ({self._obstacle}). "
            "Put one there: it is noticed within seconds."
        )

    def read_again(self) -> None:
        """Take what the file has by now, when this ring was read before another process made it.

        Raises:
            SeedError: The file is no seed.
        """
        if self._keys or self._path is None or not self._path.exists():
            return
        made = KeyRing.from_file(self._path, create=False)
        self._keys, self._primary = made._keys, made._primary  # noqa: SLF001  the same class
        self._signature = made._signature  # noqa: SLF001  as above

    @property
    def writable(self) -> bool:
        """Tell whether it stands in a file that may be written: not in the environment, not in a mounted Secret."""
        return self._path is not None and os.access(self._path.parent, os.W_OK)

    @property
    def where(self) -> str:
        """Say where it stands, for people."""
        return str(self._path) if self._path else "the environment"

    def follow(self) -> bool:
        """Take what the file has now, when it is another one than the one that was read; cheap when it is not.

        A file that cannot be read or is no seed changes nothing: what was read before is still right.

        Returns:
            Whether it was another file.
        """
        found = _signature(self._path)
        if self._path is None or not found or found == self._signature:
            return False
        with suppress(SeedError):
            made = KeyRing.from_file(self._path, create=False)
            self._keys, self._primary = made._keys, made._primary  # noqa: SLF001  the same class
        self._signature = found
        return True

    def text(self) -> str:
        """Return the seed as its file holds it. It is the secret itself."""
        return _format(self._keys, self._primary)

    def copy(self) -> KeyRing:
        """Return the same keys apart from their file: what happens to the copy, nobody else sees."""
        return KeyRing(self._keys, self._primary)

    def grown(self) -> KeyRing:
        """Return the same ring with a new key that leads; this one stays as it is."""
        key = os.urandom(KEY_BYTES)
        return KeyRing({**self._keys, key_id(key): key}, key_id(key), path=self._path)

    def take(self, other: KeyRing, *, lead: bool = True) -> None:
        """Add the keys of another ring; a ring that came from a file is written first, with the old keys in it.

        Args:
            other: Has the keys.
            lead: Whether its primary key becomes the one of this ring; an empty ring takes it in any case.

        Raises:
            SeedError: The file cannot be written; then nothing has changed.
        """

        def grow(keys: Keys, primary: str) -> tuple[Keys, str]:
            leads = other.primary_id if lead or not primary else primary
            return {**keys, **other._keys}, leads or primary

        self._become(grow)

    def drop(self, identifier: str) -> None:
        """Remove a key that does not lead.

        Raises:
            SeedError: It leads, or the file cannot be written.
        """

        def shrink(keys: Keys, primary: str) -> tuple[Keys, str]:
            if identifier == primary:
                raise SeedError("This key leads: it seals what is saved now. Rotate first.")
            return {name: key for name, key in keys.items() if name != identifier}, primary

        self._become(shrink)

    def _become(self, change: Callable[[Keys, str], tuple[Keys, str]]) -> None:
        """Change keys and primary, those of the file as it is by now: another process may have added one to it."""
        try:
            with _alone(self._path):
                self.follow()
                keys, primary = change(self._keys, self._primary)
                if self._path is not None:
                    _replace(self._path, _format(keys, primary))
                    self._signature = _signature(self._path)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise SeedError(f"The secret seed {self._path} cannot be written: {reason}.") from None
        self._keys, self._primary = dict(keys), primary


@contextmanager
def _alone(path: Path | None) -> Generator[None]:
    """Hold the folder of a seed file against everyone else who changes it: who read it before would write over a key."""
    if path is None:
        yield
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # the kernel lets go, however this ends
        yield
    finally:
        os.close(folder)


def _signature(path: Path | None) -> tuple[int, int, int] | None:
    """Return what tells one file in a place from another one."""
    try:
        found = os.stat(path) if path else None  # noqa: PTH116  each time that something is sealed
    except OSError:
        return None
    return (found.st_ino, found.st_mtime_ns, found.st_size) if found else None


def _parse(text: str) -> tuple[dict[str, bytes], str]:
    text = text.strip()
    if not text.startswith("{"):
        key = _decode(text)
        return {key_id(key): key}, key_id(key)
    try:
        found: dict[str, Any] = json.loads(text)
        keys = {name: _decode(value) for name, value in found["keys"].items()}
        primary = str(found["primary"])
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        raise SeedError(
            "This is no secret seed: it is JSON with primary and keys. Use the file as it was made."
        ) from None
    if primary not in keys or any(key_id(key) != name for name, key in keys.items()):
        raise SeedError("This secret seed is damaged: a key does not fit its id.")
    return keys, primary


def _decode(text: object) -> bytes:
    try:
        key = base64.b64decode(str(text), altchars=b"-_" if set(str(text)) & set("-_") else None, validate=True)
    except ValueError:
        raise SeedError("This is no secret seed: its key is not base64.") from None
    if len(key) != KEY_BYTES:
        raise SeedError(f"This is no secret seed: a key has {KEY_BYTES} bytes.")
    return key


def _format(keys: Mapping[str, bytes], primary: str) -> str:
    listed = {name: base64.b64encode(key).decode() for name, key in keys.items()}
    return json.dumps({"primary": primary, "keys": listed}, indent=1) + "\n"


def _write_new(path: Path, text: str) -> None:
    """Write a file that must not exist; one that appeared meanwhile stays as it is."""
    aside = _written_aside(path, text)
    try:
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        aside.unlink()
    _sync_folder(path.parent)


def _replace(path: Path, text: str) -> None:
    _written_aside(path, text).replace(path)
    _sync_folder(path.parent)


def _written_aside(path: Path, text: str) -> Path:
    """Write a file of mode 0600 beside the target and make sure that it is on the disk."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".seed-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, MODE)
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    return Path(name)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

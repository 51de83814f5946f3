"""A seed outside its store: under a passphrase in the age format, or as words on paper.

What `age` makes with a passphrase is opened by the plain `age` tool (age-encryption.org/v1, scrypt). The words are those
of BIP-39, 24 for each key, with a checksum in the last one.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from webapp.core.store.faults import SeedError
from webapp.core.store.keyring import KeyRing

AGE = (b"age-encryption.org/", b"-----BEGIN AGE ENCRYPTED FILE-----")
WORDS = 24
SHORTEST = 10
"""Characters of a passphrase; how strong it is says `strength`."""
LONGEST = 1024
TRIES = 10
"""How often a passphrase is tried while the machine is found too slow."""
STRONG = 3
"""From here on a passphrase withstands somebody who has the file (zxcvbn's scale of 0 to 4)."""

LABELS = ("very weak", "weak", "fair", "strong", "very strong")


@dataclass(frozen=True, slots=True)
class Strength:
    """How long a passphrase withstands guessing.

    Attributes:
        score: 0 to 4.
        label: The same in words.
        advice: What would make it stronger; empty when it is strong.
        time: How long guessing takes for somebody who has the file, as words.
    """

    score: int
    label: str
    advice: str
    time: str


def strength(passphrase: str) -> Strength:
    """Estimate a passphrase."""
    from zxcvbn import zxcvbn  # noqa: PLC0415  its dictionaries take a while to load

    found = zxcvbn(passphrase[:100] or " ", max_length=100)
    advice = " ".join(
        part.rstrip(".") + "." for part in (found["feedback"]["warning"], *found["feedback"]["suggestions"]) if part
    )
    time = str(found["crack_times_display"]["offline_slow_hashing_1e4_per_second"])
    return Strength(found["score"], LABELS[found["score"]], advice if found["score"] < STRONG else "", time)


def check_passphrase(passphrase: str, again: str | None = None) -> None:
    """Refuse a passphrase that was mistyped or that protects nothing.

    Raises:
        SeedError: It is too short, too weak, or the second one differs.
    """
    if again is not None and passphrase != again:
        raise SeedError("The two passphrases differ. Type the same one twice.", field="again")
    if len(passphrase) < SHORTEST:
        raise SeedError(f"Use at least {SHORTEST} characters; a few words do well.", field="passphrase")
    if len(passphrase) > LONGEST:
        raise SeedError(f"Use at most {LONGEST} characters.", field="passphrase")
    found = strength(passphrase)
    if found.score < STRONG - 1:
        raise SeedError(
            f"This passphrase is {found.label}: who has the file guesses it in {found.time}. {found.advice}".strip(),
            field="passphrase",
        )


def protect(ring: KeyRing, passphrase: str, *, armored: bool = False) -> bytes:
    """Return the seed under a passphrase, in the age format; armored it is lines of ASCII."""
    return _age().passphrase.encrypt(ring.text().encode(), passphrase, armored=armored)


def unprotect(data: bytes, passphrase: str) -> KeyRing:
    """Return the seed that a passphrase protects.

    Raises:
        SeedError: The passphrase is wrong, the data is damaged, or this machine is too slow for it.
    """
    for _ in range(TRIES):
        with suppress(_TooMuchWorkError):
            return KeyRing.from_text(_opened(data, passphrase))
    raise SeedError(
        "This machine is too slow or too busy to open it now. Try again, or open it elsewhere with `age -d`.",
        field="passphrase",
    )


class _TooMuchWorkError(Exception):
    """The library found this machine too slow for the work that the file asks for."""


def _opened(data: bytes, passphrase: str) -> str:
    """Return the text in the data.

    The library measures a few milliseconds of work each time and refuses what would take this machine more than about
    sixteen seconds (rage, `age/src/scrypt.rs`); where the processor was taken away meanwhile, it finds it too slow.
    """
    age = _age()
    try:
        return age.passphrase.decrypt(data, passphrase).decode()
    except (age.DecryptError, UnicodeDecodeError, ValueError) as error:
        if "xcessive work" in str(error):
            raise _TooMuchWorkError from None
        raise SeedError("The passphrase is wrong, or the file is damaged.", field="passphrase") from None


def _age() -> Any:
    """Return the age library: native code without annotations that few commands need."""
    import pyrage  # noqa: PLC0415

    return pyrage


def is_protected(data: bytes) -> bool:
    """Tell whether data is in the age format, armored or not."""
    return data.lstrip().startswith(AGE)


def to_words(ring: KeyRing) -> list[str]:
    """Return the words of each key, the primary one first: a line of 24 words for each."""
    keys = sorted(ring.ids, key=lambda identifier: identifier != ring.primary_id)
    return [_bip39().to_mnemonic(key) for identifier in keys if (key := ring.key(identifier))]


def from_words(lines: Sequence[str]) -> KeyRing:
    """Return the ring of words that were typed back; the first 24 are the primary key.

    Raises:
        SeedError: A word is none of the list, some are missing, or the checksum does not fit.
    """
    words = " ".join(lines).lower().split()
    if not words or len(words) % WORDS:
        raise SeedError(f"These are {len(words)} words. Each key has {WORDS}.", field="seed")
    unknown = [place for place, word in enumerate(words, 1) if word not in _bip39().wordlist]
    if unknown:
        named = ", ".join(map(str, unknown[:5]))
        raise SeedError(f"Not in the list of words: number {named}. Look again at how it is written.", field="seed")
    groups = [words[start : start + WORDS] for start in range(0, len(words), WORDS)]
    rings = [
        KeyRing.from_text(base64.b64encode(_key(group, number)).decode()) for number, group in enumerate(groups, 1)
    ]
    first = rings[0]
    for other in rings[1:]:
        first.take(other, lead=False)
    return first


def _key(words: Sequence[str], number: int) -> bytes:
    try:
        return bytes(_bip39().to_entropy(list(words)))
    except (ValueError, LookupError):
        raise SeedError(
            f"The checksum of key {number} does not fit: a word is another one, or two changed places.", field="seed"
        ) from None


def _bip39() -> Any:
    from mnemonic import Mnemonic  # noqa: PLC0415

    return Mnemonic("english")


def read_seed(data: bytes, passphrase: str = "") -> KeyRing:
    """Return the ring of whatever form of a seed: its file, one key in base64, the age format, or words.

    Raises:
        SeedError: It is none of them; for the age format without a passphrase the field is `passphrase`.
    """
    if is_protected(data):
        if not passphrase:
            raise SeedError("This seed is protected. Give its passphrase.", field="passphrase")
        return unprotect(data, passphrase)
    text = data.decode(errors="replace").strip()
    return from_words([text]) if len(text.split()) >= WORDS and not text.startswith("{") else KeyRing.from_text(text)

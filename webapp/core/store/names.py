"""Names of credentials and accounts."""

from __future__ import annotations

import unicodedata

from webapp.core.errors import PermanentError

LONGEST = 100


def clean_name(name: object) -> str:
    """Return a name trimmed and with single blanks.

    Raises:
        PermanentError: It is empty, too long or holds control characters.
    """
    if not isinstance(name, str):
        raise PermanentError("The name is a text.", field="name")
    if any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in name):
        raise PermanentError("The name must be one line without control characters.", field="name")
    text = unicodedata.normalize("NFC", " ".join(name.split()))
    if not text:
        raise PermanentError("Enter a name.", field="name")
    if len(text) > LONGEST:
        raise PermanentError(f"The name is too long: at most {LONGEST} characters.", field="name")
    return text


def name_key(name: str) -> str:
    """Return what makes two names the same: case, width and blanks do not count."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())

"""What an import finds in a file, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from webapp.core.errors import PermanentError

UNCHECKED_HOST = "the host key is not checked until it is discovered"
"""What a person should know of an SFTP remote that comes without a host key."""


class PasswordNeededError(PermanentError):
    """The file is encrypted: it can be read with its password only."""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing in a file that may become a record.

    Attributes:
        name: Its name in the file.
        provider: The provider's type; empty when there is none for it.
        raw: Values by field key, as a form would send them.
        skipped: Why it cannot become a record; empty when it can.
        left_out: What of it is not taken over, by the file's own names.
        repository: A repository that it leads to.
        password: That repository's password.
        row: What other things in the file name it by.
        keypair: The row of the keypair that it logs in with.
        note: What a person should know of it, as half a sentence.
    """

    name: str
    provider: str = ""
    raw: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)
    skipped: str = ""
    left_out: tuple[str, ...] = ()
    repository: str = ""
    password: str = field(default="", repr=False)
    row: str = ""
    keypair: str = ""
    note: str = ""


def text_of(data: bytes) -> str:
    """Return a file's text.

    Raises:
        PermanentError: It is no UTF-8 text.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise PermanentError("This file is no UTF-8 text.", field="file") from None
    if "\0" in text:
        raise PermanentError("This file is no text.", field="file")
    return text

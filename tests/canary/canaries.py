"""Values that must never come out, and the search for them in all their forms."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from urllib.parse import quote, quote_plus


@dataclass(frozen=True)
class Sight:
    """Something that came out: where it was seen, and its bytes."""

    where: str
    content: bytes


@dataclass
class Canaries:
    """Every planted value by what it is, and everything that came out."""

    planted: dict[str, str] = field(default_factory=dict)
    sights: list[Sight] = field(default_factory=list)

    def mint(self, label: str, value: str = "") -> str:
        """Return a value to plant; the label says of what kind it is and where it goes in.

        Args:
            label: As a person would say it, such as `B2 key, add form`.
            value: The secret itself, where it cannot be any text (a private key); by default one is made up.
        """
        value = value or f"{MARK}{secrets.token_hex(12)}+/&"
        while label in self.planted:
            label += "'"
        self.planted[label] = value
        return value

    def saw(self, where: str, content: str | bytes) -> None:
        """Note something that came out."""
        self.sights.append(Sight(where, content.encode(errors="replace") if isinstance(content, str) else content))

    def found(self) -> list[str]:
        """Return what came out although it must not, as `label in form at place`."""
        marked = [sight for sight in self.sights if any(mark in sight.content for mark in MARKS)]
        return [
            f"{label} ({form}) in {sight.where}"
            for label, value in self.planted.items()
            for sights in [marked if value.startswith(MARK) else self.sights]
            for form, needle in forms(value)
            for sight in sights
            if needle in sight.content
        ]


MARK = "qzvw"
"""Every value that was made up begins with this: where none of its forms stands, no such value does."""

MARKS = (
    MARK.encode(),
    MARK.encode().hex().encode(),
    *(base64.b64encode(b"\0" * offset + MARK.encode())[(0, 2, 3)[offset] :].rstrip(b"=")[:4] for offset in range(3)),
)


def forms(value: str) -> Iterator[tuple[str, bytes]]:
    """Give each form in which a value may travel; the long ones begin inside, so that what stands before is no cover."""
    plain = value.encode()
    yield "as it is", plain
    yield "URL-encoded", quote(value, safe="").encode()
    yield "URL-encoded with pluses", quote_plus(value).encode()
    yield "in HTML", escape(value).encode()
    yield "in JSON", json.dumps(value)[1:-1].encode()
    yield "in JSON with / escaped", json.dumps(value)[1:-1].replace("/", "\\/").encode()
    yield "hexadecimal", plain.hex().encode()
    for offset in range(3):  # base64 of something that holds the value at any place
        inside = base64.b64encode(b"\0" * offset + plain)[4 : -4 - (len(plain) + offset) % 3]
        yield f"base64, {offset}", inside
        yield f"base64url, {offset}", inside.replace(b"+", b"-").replace(b"/", b"_")
    for line in value.splitlines() if "\n" in value else ():
        if len(line) > 40:  # a line of a private key is as bad as all of it
            yield "a line of it", line.encode()

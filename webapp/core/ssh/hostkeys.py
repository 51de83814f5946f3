"""Host keys: read from what people paste, written as tools read them, compared with what a server shows.

Kept as lines without the host: `ssh-ed25519 AAAA…`, `SHA256:…`, or `@cert-authority PATTERN ssh-ed25519 AAAA…` (sshd(8)).
"""

from __future__ import annotations

import base64
import fnmatch
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha1

from webapp.core.errors import PermanentError
from webapp.core.ssh.hostcerts import is_signed_by
from webapp.core.ssh.keys import PUBLIC_LABELS, PublicKey, WeakKeyError, fingerprint, read_public
from webapp.core.ssh.results import HostKeyOutcome

SSH_PORT = 22
AUTHORITY = "@cert-authority"
REVOKED = "@revoked"
FINGERPRINT = re.compile(r"SHA256:([A-Za-z0-9+/]{43})=?")
PORT = re.compile(r"\d{1,5}", re.ASCII)
CERTIFICATE = "-cert-v01@openssh.com"

ALGORITHMS = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}
"""The signature algorithms of a kind of key where they are not called like the kind (RFC 8332)."""

KINDS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa")
"""The kinds in the order in which they are asked for."""

HELP = "A host key looks like ssh-ed25519 AAAA…; Discover Remote Host Key or `ssh-keyscan HOST` brings it."


def algorithms(kind: str) -> tuple[str, ...]:
    """Return the signature algorithms of a kind of key."""
    return ALGORITHMS.get(kind, (kind,))


@dataclass(frozen=True, slots=True)
class HostKey:
    """One line of what is known of a host.

    Attributes:
        line: As it is kept.
        key: The key, none for a fingerprint.
        pattern: For a certificate authority: the host names it speaks for.
        fingerprint: `SHA256:…`.
    """

    line: str
    key: PublicKey | None
    fingerprint: str
    pattern: str = ""

    @property
    def label(self) -> str:
        """What it is, for people, such as `Ed25519`."""
        name = self.key.label if self.key else "Fingerprint"
        return f"Certificate authority, {name}" if self.pattern else name


def read_host_keys(text: str, host: str = "", port: int = SSH_PORT) -> str:
    """Return host keys in the form in which they are kept, one a line, none twice.

    Understood are lines of known_hosts (with host column, port, hashed names and markers), of `.pub` files, of
    ssh-keyscan, `SHA256:` fingerprints, and several of them with commas between. Lines for other hosts are left out
    when one is for this host.

    Args:
        text: What was pasted.
        host: The host that they are for; empty when it is not known yet.
        port: Its port.

    Raises:
        PermanentError: A line is no host key, or none of them is for this host.
    """
    read = [_read_line(line) for line in _lines(text)]
    named = [(columns, key) for columns, key in read if columns and not key.pattern]
    here = [key for columns, key in named if host and _is_for(columns, host, port)]
    if named and not here and len({columns for columns, _ in named}) > 1 and host:
        raise PermanentError(
            f"These lines are for several hosts, and none for {host}. Paste the lines of this host, without the first "
            "column.",
        )
    wanted = [key for columns, key in read if not here or not columns or key.pattern or key in here]
    return "\n".join(dict.fromkeys(key.line for key in wanted))


def of_this_host(raw: Mapping[str, object], key: str) -> Mapping[str, object]:
    """Choose among pasted lines of known_hosts those of the host that the other values name.

    Raises:
        PermanentError: None of them is for this host, or one is no host key.
    """
    text, host, port = raw.get(key), raw.get("host"), str(raw.get("port") or "").strip()
    if not isinstance(text, str) or not text.strip() or not isinstance(host, str):
        return raw
    try:
        found = read_host_keys(text, host.strip(), int(port) if PORT.fullmatch(port) else SSH_PORT)
    except PermanentError as error:
        raise PermanentError(error.message, field=key) from None
    return {**raw, key: found}


COMMA = re.compile(rf",\s*(?=SHA256:|(?:{'|'.join(map(re.escape, PUBLIC_LABELS))})\s)")
"""Parts the keys that rclone keeps in one line; a host column has commas as well, with no kind of key behind them."""


def _lines(text: str) -> Iterator[str]:
    for line in re.split(r"[\r\n]", text):
        line = line.strip()  # noqa: PLW2901  blanks mean nothing
        if not line or line.startswith("#"):
            continue
        yield from (part for part in COMMA.split(line) if part.strip())


def _read_line(line: str) -> tuple[str, HostKey]:
    """Return the host column, empty when there is none, and the key."""
    found = FINGERPRINT.search(line)
    if found and not any(word in PUBLIC_LABELS for word in line.split()):
        text = f"SHA256:{found[1]}"
        return "", HostKey(text, None, text)
    words = line.split()
    marker = words.pop(0) if words[0].startswith("@") else ""
    if marker == REVOKED:
        raise PermanentError("A revoked host key cannot be kept. Leave its line out.")
    if marker and marker != AUTHORITY:
        raise PermanentError(HELP)
    at = next((number for number, word in enumerate(words) if word in PUBLIC_LABELS), None)
    if at is None or at > 1 or len(words) < at + 2:
        raise PermanentError(HELP)
    return _made(words[0] if at else "", words[at], words[at + 1], is_authority=bool(marker))


def _made(columns: str, kind: str, data: str, *, is_authority: bool) -> tuple[str, HostKey]:
    try:
        key = read_public(f"{kind} {data}")
    except WeakKeyError as error:
        raise PermanentError(error.message) from None
    except PermanentError:
        raise PermanentError("This host key is damaged or incomplete. Copy the whole line.") from None
    pattern = (columns or "*") if is_authority else ""
    line = f"{AUTHORITY} {pattern} {key.line}" if pattern else key.line
    return columns, HostKey(line, key, key.fingerprint, pattern)


def _is_for(columns: str, host: str, port: int) -> bool:
    """Tell whether a host column speaks of a host: by name, by pattern, or hashed (sshd(8))."""
    bare = host.strip("[]").lower()
    names = [f"[{bare}]:{port}"] if port != SSH_PORT else [bare, f"[{bare}]:{port}"]
    if columns.startswith("|1|"):
        return any(_is_hash_of(columns, name) for name in names)
    patterns = columns.lower().split(",")
    if any(matches(name, pattern[1:]) for name in names for pattern in patterns if pattern.startswith("!")):
        return False
    return any(matches(name, pattern) for name in names for pattern in patterns)


def matches(name: str, pattern: str) -> bool:
    """Tell whether a name fits a pattern with `*` and `?`; brackets mean themselves."""
    return fnmatch.fnmatchcase(name, pattern.replace("[", "[[]"))


def _is_hash_of(columns: str, name: str) -> bool:
    """Tell whether a hashed host column is that of a name: HMAC-SHA1 with the salt that stands before it."""
    try:
        salt, digest = (base64.b64decode(part) for part in columns.split("|")[2:4])
    except ValueError:
        return False
    return hmac.compare_digest(hmac.new(salt, name.encode(), sha1).digest(), digest)


def known_hosts_name(host: str, port: int) -> str:
    """Return how known_hosts names a host: `[host]:port` for another port than 22 (sshd(8))."""
    bare = host.strip("[]")
    return bare if port == SSH_PORT else f"[{bare}]:{port}"


@dataclass(frozen=True)
class KnownHost:
    """What is known of one host."""

    keys: tuple[HostKey, ...]
    host: str = ""
    port: int = SSH_PORT

    @classmethod
    def of(cls, text: str, host: str = "", port: int = SSH_PORT) -> KnownHost:
        """Return what lines in the form in which they are kept say."""
        return cls(tuple(_read_line(line)[1] for line in _lines(text)), host, port)

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Each key as it is kept."""
        return tuple(key.line for key in self.keys)

    def offered(self) -> tuple[str, ...]:
        """Return the signature algorithms to ask the server for: those of the known kinds only.

        A server that has got a key of another kind since then must not look like another server. Fingerprints do not
        say their kind, and with nothing known every kind is asked for.
        """
        plain = {key.key.kind for key in self.keys if key.key and not key.pattern}
        if any(key.key is None for key in self.keys) or not self.keys:
            plain = set(KINDS)
        wanted = [name for kind in KINDS if kind in plain for name in algorithms(kind)]
        if any(key.pattern for key in self.keys):
            wanted = [name + CERTIFICATE for kind in KINDS for name in algorithms(kind)] + wanted
        return tuple(wanted)

    def compare(self, blob: bytes) -> HostKeyOutcome:
        """Say how a key that a server showed, as it came over the wire, compares with what is known."""
        if not self.keys:
            return HostKeyOutcome.UNKNOWN
        data = base64.b64encode(blob).decode()
        plain = {key.key.data for key in self.keys if key.key and not key.pattern}
        if data in plain or fingerprint(data) in {key.fingerprint for key in self.keys if key.key is None}:
            return HostKeyOutcome.MATCH
        if any(is_signed_by(blob, authority, self.host) for authority in self._authorities()):
            return HostKeyOutcome.MATCH
        return HostKeyOutcome.CHANGED

    def _authorities(self) -> Iterator[PublicKey]:
        """Give those that speak for this host: named with its port, or without, as ssh looks for them."""
        for known in self.keys:
            if known.key and known.pattern:
                here = (_is_for(known.pattern, self.host, port) for port in (self.port, SSH_PORT))
                yield from (known.key,) if any(here) else ()


def known_hosts_lines(text: str, host: str, port: int) -> list[str]:
    """Return lines of known_hosts for a host; fingerprints cannot stand there and become comments."""
    name, found = known_hosts_name(host, port), list[str]()
    for key in KnownHost.of(text, host).keys:
        if key.key is None:
            found.append(f"# {name} {key.fingerprint}")
        else:
            found.append(key.line if key.pattern else f"{name} {key.line}")
    return found


def key_line(blob: bytes) -> str:
    """Return the line `kind base64` of a key as it came over the wire."""
    kind = blob[4 : 4 + int.from_bytes(blob[:4], "big")].decode("ascii", "replace")
    return f"{kind} {base64.b64encode(blob).decode()}"


def fingerprint_command(kind: str) -> str:
    """Return the command that prints a host key's fingerprint on the server itself."""
    return f"ssh-keygen -l -f /etc/ssh/ssh_host_{ {'ssh-rsa': 'rsa', 'ssh-ed25519': 'ed25519'}.get(kind, 'ecdsa') }_key.pub"

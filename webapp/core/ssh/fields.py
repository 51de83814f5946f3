"""The fields of keypairs, connections and pairings, as data (`webapp.core.fields`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from webapp.core.fields import Attributes, Choice, Field, FieldSet, Kind, Level, Problem, Rule
from webapp.core.ssh.hostkeys import HELP, SSH_PORT, of_this_host, read_host_keys
from webapp.core.ssh.keys import PASSPHRASE, PRIVATE, PUBLIC

CONNECT_TIMEOUT = 10
LONGEST_TIMEOUT = 120
MORE = "More Options"
HOST_KEY = "remote_host_key"
KEYPAIR_OF = "private_key"
"""The field of a connection that names its keypair, as TrueNAS calls it."""

STANDARD, FAST = "STANDARD", "FAST"
CIPHERS: Mapping[str, tuple[str, ...]] = {
    STANDARD: (),
    FAST: ("aes128-gcm@openssh.com", "aes128-ctr"),
}
"""What each choice of Cipher asks the server for; empty for the usual list."""


def read_host_key(text: str) -> str:
    """Return host keys in the form in which they are kept; raises `PermanentError` with a sentence."""
    return read_host_keys(text)


KEYPAIR = FieldSet(
    "An SSH keypair",
    (
        Field(
            PRIVATE,
            "Private Key",
            "The private half in OpenSSH or PEM form, pasted whole or as a file. Never shown again without your password.",
            Kind.FILE_SECRET,
            placeholder="-----BEGIN OPENSSH PRIVATE KEY-----",
        ),
        Field(
            PASSPHRASE,
            "Passphrase",
            "Only when the private key is protected by one. It is used once: the key is kept without it, encrypted by the "
            "store.",
            Kind.SECRET,
        ),
        Field(
            PUBLIC,
            "Public Key",
            "Leave it empty and it is derived from the private key. With a public key alone nothing can log in.",
            Kind.LONG_TEXT,
            placeholder="ssh-ed25519 AAAA…",
        ),
    ),
)
"""What a person types to make or change a keypair; the store keeps the two halves."""


def _name_of_user(value: object) -> bool:
    return not any(letter.isspace() for letter in str(value)) and not str(value).startswith("-")


def host_field() -> Field:
    """Return the host of a connection."""
    return Field(
        "host",
        "Host",
        "The name or address of the other machine.",
        Kind.HOST,
        placeholder="nas.example.com",
        required=True,
    )


def port_field() -> Field:
    """Return the port of a connection."""
    return Field("port", "Port", "The port of its SSH server.", Kind.PORT, placeholder=str(SSH_PORT), default=SSH_PORT)


def username_field() -> Field:
    """Return the user of a connection."""
    return Field(
        "username",
        "Username",
        "The account on the other machine.",
        default="root",
        rules=(Rule(_name_of_user, "A user name has no blanks and does not begin with a hyphen."),),
    )


def timeout_field() -> Field:
    """Return the connect timeout."""
    return Field(
        "connect_timeout",
        "Connect Timeout (seconds)",
        "How long to try before giving up.",
        Kind.INTEGER,
        group=MORE,
        default=CONNECT_TIMEOUT,
        rules=(
            Rule(lambda value: 1 <= int(value) <= LONGEST_TIMEOUT, f"The timeout is 1 to {LONGEST_TIMEOUT} seconds."),
        ),
    )


def host_key_field() -> Field:
    """Return the host keys of a connection."""
    return Field(
        HOST_KEY,
        "Remote Host Key",
        "The public keys of the other machine: a connection to any other is refused.",
        Kind.LONG_TEXT,
        long_help="Discover Remote Host Key fills this in. Lines of `known_hosts` and of `.pub` files, `SHA256:` "
        "fingerprints and `@cert-authority` lines are understood, too.",
        placeholder="ssh-ed25519 AAAA…",
        normalize=read_host_key,
    )


CIPHER = Field(
    "cipher",
    "Cipher",
    "Standard is right nearly everywhere.",
    Kind.CHOICE,
    long_help="Kept for those who come from TrueNAS. Fast asks for AES with 128-bit keys only. Turning encryption off is "
    "not offered: no current SSH server allows it.",
    group=MORE,
    default=STANDARD,
    choices=(Choice(STANDARD, "Standard (secure)"), Choice(FAST, "Fast (AES-128)")),
)


def _for_this_host(raw: Mapping[str, object]) -> Mapping[str, object]:
    """Choose among pasted lines of known_hosts those of the host that the form names."""
    return of_this_host(raw, HOST_KEY)


def _host_key_missing(attributes: Attributes) -> Iterable[Problem]:
    if not attributes.get(HOST_KEY):
        yield Problem(
            HOST_KEY,
            "Without a host key nobody knows which machine answers, so nothing logs in. Discover it or paste it. "
            + HELP,
            Level.WARNING,
        )


ADDRESS = FieldSet("The address of an SSH server", (host_field(), port_field(), timeout_field()))
"""Whom discovering host keys asks."""

CONNECTION = FieldSet(
    "An SSH connection",
    (
        host_field(),
        port_field(),
        username_field(),
        Field(KEYPAIR_OF, "Private Key", "The keypair that logs in.", Kind.KEYPAIR, required=True),
        host_key_field(),
        CIPHER,
        timeout_field(),
    ),
    checks=(_host_key_missing,),
    expand=_for_this_host,
)
"""A connection, set up by hand or found out; the keypair is named by its id or its name."""

PAIRING = FieldSet(
    "An SSH server",
    (
        host_field(),
        port_field(),
        username_field(),
        Field(
            "password",
            "Password",
            "Used once to put the public key there, and never stored.",
            Kind.SECRET,
            required=True,
        ),
        Field(
            KEYPAIR_OF,
            "Private Key",
            "A keypair that is stored here; empty to generate a new one.",
            Kind.KEYPAIR,
            placeholder="Generate New: RSA 3072",
        ),
        host_key_field(),
        CIPHER,
        timeout_field(),
    ),
    expand=_for_this_host,
)
"""What setting up a connection to any SSH server by a password asks for."""

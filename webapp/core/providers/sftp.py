"""SFTP over SSH."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from webapp.core.errors import PermanentError
from webapp.core.fields import Attributes, Field, Kind, Level, OneOf, Problem, RcloneOption, ShownWhen
from webapp.core.providers.base import Provider, Reply
from webapp.core.providers.common import host_field, password_field, port_field, user_field
from webapp.core.ssh.hostkeys import KnownHost, of_this_host, read_host_keys
from webapp.core.ssh.keyfiles import cipher
from webapp.core.ssh.keys import PASSPHRASE, read_private, refuse_other_texts, with_line_ends
from webapp.core.verification.states import State

ANY_HOST = "skip_host_key_check"
"""The field by which a person chooses not to check the host key."""

CIPHERS = frozenset({"aes256-ctr", "aes256-cbc"})
"""The ciphers of OpenSSH's key files that rclone opens; of the other forms it opens those with a line DEK-Info (measured
with rclone 1.75)."""

UNOPENED = (
    "rclone cannot open a key that is protected in this way. Write it anew with ssh-keygen -p -f FILE, or keep it here as "
    "an SSH keypair."
)


def private_key(text: str) -> str:
    """Return a private key with Unix line ends and a final one.

    Raises:
        PermanentError: It is a public key, a PuTTY key or no key at all.
    """
    key = with_line_ends(text)
    refuse_other_texts(key)
    return key


def host_keys(text: str) -> str:
    """Return host keys, one `type base64` a line; host names and comments are dropped.

    Raises:
        PermanentError: A line holds no host key, or one that rclone cannot compare with.
    """
    found = read_host_keys(text)
    if any(key.key is None or key.pattern for key in KnownHost.of(found).keys):
        raise PermanentError(
            "rclone compares whole keys only. Discover the host key and compare its fingerprint with this one."
        )
    return found


FIELDS = (
    host_field("The SSH server's name or address."),
    port_field(22),
    user_field("The account on the server."),
    password_field("The account's password; leave it empty when a key is used."),
    Field(
        "private_key",
        "SSH keypair",
        "A keypair that is stored here. Empty for a key that is pasted below, or for a password.",
        Kind.KEYPAIR,
        group="Key",
    ),
    Field(
        "key_pem",
        "Private key",
        "A private key in OpenSSH or PEM form, pasted whole.",
        Kind.LONG_SECRET,
        long_help="It stands in `~/.ssh/id_ed25519` or the like. Its public half belongs into the server's authorized_keys.",
        placeholder="-----BEGIN OPENSSH PRIVATE KEY-----",
        group="Key",
        normalize=private_key,
        # rclone wants one line with each line end as the two characters \n.
        rclone=RcloneOption("key_pem", lambda value: str(value).replace("\n", "\\n")),
    ),
    Field(
        "key_file_pass",
        "Passphrase",
        "Only when the private key is protected by one.",
        Kind.SECRET,
        group="Key",
        rclone=RcloneOption("key_file_pass", obscured=True),
    ),
    Field(
        "host_keys",
        "Host key",
        "The server's public key: a connection to any other server is refused.",
        Kind.LONG_TEXT,
        long_help="Discover Remote Host Key brings it, and so does `ssh-keyscan HOST`. Lines of known_hosts are understood, "
        "too.",
        placeholder="ssh-ed25519 AAAA…",
        shown_when=(ShownWhen(ANY_HOST, frozenset({"", "false"})),),
        normalize=host_keys,
        rclone=RcloneOption("host_keys", lambda value: ",".join(str(value).splitlines())),
    ),
    Field(
        ANY_HOST,
        "Do not check the host key",
        "Whoever answers at this address gets the log-in and the backups. Only for a network that you trust.",
        Kind.BOOLEAN,
        default=False,
    ),
)

REPLIES = (
    Reply(
        r"host key mismatch|knownhosts: key mismatch",
        State.MISCONFIGURED,
        "The server showed another host key than the one given here. If it was not set up anew, someone stands between.",
        "host_keys",
    ),
    Reply(r"couldn't parse host_keys", State.MISCONFIGURED, "The host key cannot be read.", "host_keys"),
    Reply(
        r"passphrase protected",
        State.MISCONFIGURED,
        "The private key is protected by a passphrase. Enter it.",
        "key_file_pass",
    ),
    Reply(
        r"decryption password incorrect", State.MISCONFIGURED, "The passphrase does not open the key.", "key_file_pass"
    ),
    Reply(
        r"key is not password protected|not an encrypted key",
        State.MISCONFIGURED,
        "The private key has no passphrase. Leave the passphrase empty.",
        "key_file_pass",
    ),
    Reply(
        r"pem key not formatted|no key found|failed to parse private key|couldn't parse private key",
        State.MISCONFIGURED,
        "The private key is damaged. Paste the whole file.",
        "key_pem",
    ),
    Reply(
        r"attempted methods \[none publickey\]",
        State.INVALID,
        "The server rejected this key. Put its public half into the account's authorized_keys.",
        "key_pem",
    ),
    Reply(
        r"attempted methods \[none\]",
        State.INVALID,
        "The server offers this account no such log-in. Give a key where it takes no passwords, and the other way round.",
        "user",
    ),
    Reply(
        r"unable to authenticate|unexpected message type 51",
        State.INVALID,
        "The server rejected this user name or password.",
        "pass",
    ),
    Reply(
        r"couldn't initialise SFTP|subsystem request failed",
        State.MISCONFIGURED,
        "The log-in worked, but the server offers no SFTP to this account.",
    ),
)


def _checks(attributes: Attributes) -> Iterable[Problem]:
    if attributes.get(ANY_HOST):
        yield Problem(ANY_HOST, "Any server that answers is trusted with the log-in.", Level.WARNING)
    elif "host_keys" not in attributes:
        yield Problem(
            "host_keys",
            "Discover or paste the server's host key, or choose not to check it. `ssh-keyscan HOST` prints it.",
        )
    if "key_pem" in attributes:
        yield from _key_problems(str(attributes["key_pem"]), str(attributes.get("key_file_pass", "")))
    elif "private_key" in attributes and "key_file_pass" in attributes:
        yield Problem("key_file_pass", "A keypair that is stored here has no passphrase. Leave this empty.")


def _key_problems(key: str, passphrase: str) -> Iterable[Problem]:
    """Read the key as rclone will; it keeps its passphrase."""
    try:
        _, protected = read_private(key, passphrase)
    except PermanentError as error:
        locked = error.field == PASSPHRASE
        missing = locked and not passphrase
        message = "The private key is protected by a passphrase. Enter it." if missing else error.message
        yield Problem("key_file_pass" if locked else "key_pem", message)
        return
    if protected and "DEK-Info:" not in key and cipher(key) not in CIPHERS:
        yield Problem("key_pem", UNOPENED)
    if passphrase and not protected:
        yield Problem("key_file_pass", "This private key has no passphrase. Leave this empty.")


def _for_this_host(raw: Mapping[str, object]) -> Mapping[str, object]:
    """Choose among pasted lines of known_hosts those of the host that the form names."""
    return of_this_host(raw, "host_keys")


SFTP = Provider(
    "SFTP",
    "SFTP",
    "A server with SSH.",
    "terminal-2",
    FIELDS,
    "sftp",
    one_of=(
        OneOf((("pass",), ("private_key",), ("key_pem",)), "Enter a password or a private key.", "pass"),
        OneOf(
            ((), ("private_key",), ("key_pem",)),
            "Choose a stored keypair or paste a key, not both.",
            "key_pem",
            exclusive=True,
        ),
    ),
    checks=(_checks,),
    expand=_for_this_host,
    replies=REPLIES,
    hint=("user", "host"),
)

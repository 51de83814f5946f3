"""SFTP over SSH."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

from webapp.core.errors import PermanentError
from webapp.core.fields import Attributes, Field, Kind, Level, OneOf, Problem, RcloneOption
from webapp.core.providers.base import Provider, Reply
from webapp.core.providers.common import host_field, password_field, port_field, user_field
from webapp.core.verification.states import State

KEY_TYPES = re.compile(r"(ssh-(rsa|ed25519|dss)|ecdsa-sha2-\S+|sk-\S+) [A-Za-z0-9+/=]+")


def private_key(text: str) -> str:
    """Return a private key with Unix line ends and a final one.

    Raises:
        PermanentError: It is a public key, a PuTTY key or no key at all.
    """
    key = text.replace("\r\n", "\n").replace("\r", "\n").strip() + "\n"
    if key.startswith("PuTTY-User-Key-File"):
        raise PermanentError("This is a PuTTY key (.ppk). In PuTTYgen choose Conversions > Export OpenSSH key.")
    if KEY_TYPES.match(key):
        raise PermanentError("This is the public half. Paste the private key: it begins with -----BEGIN.")
    if not key.startswith("-----BEGIN ") or "PRIVATE KEY-----" not in key:
        raise PermanentError("This is no private key. It begins with -----BEGIN OPENSSH PRIVATE KEY----- or the like.")
    return key


def host_keys(text: str) -> str:
    """Return host keys as rclone reads them: `type base64`, by commas; host names and comments are dropped.

    Raises:
        PermanentError: A line holds no public key.
    """
    found: list[str] = []
    for line in re.split(r"[\n,]", text):
        match = KEY_TYPES.search(line)
        if match:
            found.append(match.group())
        elif line.strip() and not line.strip().startswith("#"):
            raise PermanentError("A host key looks like ssh-ed25519 AAAA…; `ssh-keyscan HOST` prints it.")
    return "\n".join(found)


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
        long_help="`ssh-keyscan HOST` prints it. Lines of known_hosts are understood, too.",
        placeholder="ssh-ed25519 AAAA…",
        normalize=host_keys,
        rclone=RcloneOption("host_keys", lambda value: ",".join(str(value).splitlines())),
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
    if "host_keys" not in attributes:
        yield Problem(
            "host_keys", "Without a host key any server that answers is trusted with the log-in.", Level.WARNING
        )
    if "key_pem" in attributes:
        yield from _key_problems(str(attributes["key_pem"]), str(attributes.get("key_file_pass", "")))


def _key_problems(key: str, passphrase: str) -> Iterable[Problem]:
    load = load_ssh_private_key if "OPENSSH" in key.splitlines()[0] else load_pem_private_key
    try:
        load(key.encode(), passphrase.encode() or None)
    except TypeError:
        if not passphrase:
            yield Problem("key_file_pass", "The private key is protected by a passphrase. Enter it.")
    except (ValueError, UnsupportedAlgorithm):
        field, message = "key_pem", "This private key is damaged or incomplete. Paste the whole file."
        if passphrase:
            field, message = "key_file_pass", "The passphrase does not open this key, or the key is damaged."
        yield Problem(field, message)


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
    replies=REPLIES,
    hint=("user", "host"),
)

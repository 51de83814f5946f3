"""Remotes of an rclone.conf, plain or encrypted."""

from __future__ import annotations

import base64
import binascii
import hashlib
import unicodedata
from collections.abc import Mapping

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from webapp.core.errors import PermanentError
from webapp.core.fields import Field, Kind
from webapp.core.imports.base import UNCHECKED_HOST, Found, PasswordNeededError, text_of
from webapp.core.providers import PROVIDERS
from webapp.core.providers.base import Provider
from webapp.core.providers.sftp import ANY_HOST
from webapp.core.rclone.conffile import ENCRYPTED, is_encrypted, read_conf
from webapp.core.rclone.obscure import reveal

ALIASES = {"gcs": "google cloud storage", "gphotos": "google photos"}
"""rclone's prefixes that differ from its names."""

DERIVED = frozenset({"type", "description", "project_number", "root_folder_id", "no_check_bucket"})
"""Options that say nothing of their own here: they are derived from the fields again, or are for people."""


KNOWN_HOSTS = "known_hosts_file"
"""A file on the machine that the rclone.conf comes from; without its lines the check of the host key would be lost."""


def decrypted(text: str, password: str) -> str:
    """Return what an encrypted rclone.conf holds (rclone, fs/config/crypt.go: NaCl's secretbox).

    Raises:
        PasswordNeededError: No password was given.
        PermanentError: The password is wrong, or the file is damaged.
    """
    if not password:
        raise PasswordNeededError("This rclone.conf is encrypted. Give its password.", field="password")
    packed = "".join(text.partition(ENCRYPTED)[2].split())
    normal = unicodedata.normalize("NFKC", password)  # as rclone does
    key = hashlib.sha256(f"[{normal}][rclone-config]".encode()).digest()
    try:
        return SecretBox(key).decrypt(base64.b64decode(packed, validate=True)).decode()
    except (CryptoError, binascii.Error, UnicodeDecodeError, ValueError):
        raise PermanentError("The password is wrong, or the file is damaged.", field="password") from None


def read(data: bytes, password: str = "") -> list[Found]:
    """Return the remotes of a file.

    Raises:
        PasswordNeededError: It is encrypted and no password was given.
        PermanentError: It is no rclone.conf, or the password is wrong.
    """
    text = text_of(data)
    if is_encrypted(text):
        text = decrypted(text, password)
    return [remote(name, options) for name, options in read_conf(text).items()]


def remote(name: str, options: Mapping[str, str]) -> Found:
    """Return one remote as the fields of its provider."""
    given = options.get("type", "")
    kind = ALIASES.get(given, given)
    found = next((known for known in PROVIDERS.values() if _same(known.rclone_type, kind)), None)
    if kind == "hubic":
        found = PROVIDERS["HUBIC"]
    if found is None:
        return Found(name, skipped=f"rclone's “{given[:40]}” is none of the providers here.")
    try:
        return _taken(name, found, options)
    except (ValueError, PermanentError):
        return Found(name, found.type, skipped="A password in it is not obscured as rclone does it.")


def _same(rclone_type: str, kind: str) -> bool:
    return bool(rclone_type) and rclone_type.replace(" ", "") == kind.replace(" ", "")


def _taken(name: str, provider: Provider, options: Mapping[str, str]) -> Found:
    raw: dict[str, object] = {}
    known = set(DERIVED)
    for field in provider.fields:
        option = field.rclone.name if field.rclone else field.key
        if option in options and (field.rclone or provider.type == "HUBIC"):
            known.add(option)
            raw[field.key] = _value(field, options[option])
    known |= _special(provider, options, raw)
    left_out = tuple(sorted(key for key, value in options.items() if key not in known and value))
    if KNOWN_HOSTS in left_out and not raw.get("host_keys"):
        return Found(name, provider.type, skipped="Its host keys stand in a file that is not read. Add it by hand.")
    return Found(name, provider.type, raw, left_out=left_out, note=UNCHECKED_HOST if raw.get(ANY_HOST) else "")


def _value(field: Field, text: str) -> object:
    """Undo what is done to a value when a remote is written."""
    if field.rclone and field.rclone.obscured:
        return reveal(text) if text else ""
    if field.key == "key_pem":
        return text.replace("\\n", "\n")
    return text.lower() if field.kind is Kind.BOOLEAN else text


def _special(provider: Provider, options: Mapping[str, str], raw: dict[str, object]) -> set[str]:
    """Read what has no field of the same meaning; returns the options that were read."""
    if provider.type == "FTP":
        implicit, explicit = options.get("tls") == "true", options.get("explicit_tls") == "true"
        raw["encryption"] = "IMPLICIT" if implicit else "EXPLICIT" if explicit else "NONE"
        return {"tls", "explicit_tls"}
    if provider.type == "SFTP" and not options.get("host_keys"):
        raw[ANY_HOST] = True  # as rclone does with this remote
    if provider.type == "S3" and not options.get("provider"):
        raw["provider"] = "Other" if options.get("endpoint") else "AWS"
    if provider.type == "S3" and options.get("region") == "other-v2-signature":
        raw |= {"region": "", "skip_region": True, "signatures_v2": True}
    return set()

"""Environment files of restic: lines of NAME=value, with or without `export`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import unquote, urlsplit, urlunsplit

from webapp.core.errors import PermanentError
from webapp.core.formats.accounts import SWIFT_VARIABLES
from webapp.core.imports.base import Found, text_of
from webapp.core.imports.rcloneconf import remote

VARIABLE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
WORD = re.compile(r"""(?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+(?=\s|$)""", re.ASCII)
"""One word of a shell's line. The standard library's shlex would end it at a `#` in its middle, as in a password."""

BLANKS = " \t\r"


def read(data: bytes, password: str = "") -> list[Found]:  # noqa: ARG001  every reader is given a password
    """Return the credential of a file.

    Raises:
        PermanentError: It is no such file.
    """
    values = variables(text_of(data))
    repository = values.get("RESTIC_REPOSITORY", "")
    scheme, colon, place = repository.partition(":")
    reader = READERS.get(scheme) if colon else None
    if reader is None:
        raise PermanentError("This file names no repository at a provider that is known here.", field="file")
    try:
        return [reader(place, values)]
    except ValueError:
        raise PermanentError("The address in RESTIC_REPOSITORY cannot be read.", field="file") from None


def variables(text: str) -> dict[str, str]:
    """Return the variables; nothing in them is run or replaced.

    Raises:
        PermanentError: A line is something else; its number is told, never the line.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        words = list(_words(line, number))
        for word in words[1:] if words[:1] == ["export"] else words:
            match = VARIABLE.fullmatch(word)
            if match is None:
                raise PermanentError(f"Line {number} is no NAME=value.", field="file")
            found[match[1]] = match[2]
    return found


def _words(line: str, number: int) -> Iterator[str]:
    """Give the words of a line without their quotes, up to a comment."""
    rest = line.strip(BLANKS)
    while rest and not rest.startswith("#"):
        word = WORD.match(rest)
        if word is None:
            raise PermanentError(f"Line {number} has a quote that does not end.", field="file")
        yield from shlex.split(word[0])
        rest = rest[word.end() :].strip(BLANKS)


def _made(provider: str, place: str, values: Mapping[str, str], raw: Mapping[str, object]) -> Found:
    given = {key: value for key, value in raw.items() if value}
    repository = place.strip("/")
    return Found(
        f"restic {repository}"[:100].strip(),
        provider,
        given,
        repository=repository,
        password=values.get("RESTIC_PASSWORD", ""),
    )


def _s3(place: str, values: Mapping[str, str]) -> Found:
    url = urlsplit(place if "://" in place else f"https://{place.lstrip('/')}")
    amazon = bool(re.fullmatch(r"s3[.a-z0-9-]*\.amazonaws\.com", url.hostname or ""))
    raw = {
        "provider": "AWS" if amazon else "Other",
        "endpoint": "" if amazon else urlunsplit((url.scheme, url.netloc, "", "", "")),
        "access_key_id": values.get("AWS_ACCESS_KEY_ID", ""),
        "secret_access_key": values.get("AWS_SECRET_ACCESS_KEY", ""),
        "session_token": values.get("AWS_SESSION_TOKEN", ""),
        "region": values.get("AWS_DEFAULT_REGION", "") or _region(url.hostname or "", amazon=amazon),
    }
    return _made("S3", unquote(url.path), values, raw)


def _region(host: str, *, amazon: bool) -> str:
    found = re.fullmatch(r"s3[.-]([a-z0-9-]+)\.amazonaws\.com", host)
    return found[1] if amazon and found else ""


def _b2(place: str, values: Mapping[str, str]) -> Found:
    raw = {"account": values.get("B2_ACCOUNT_ID", ""), "key": values.get("B2_ACCOUNT_KEY", "")}
    return _made("B2", place.replace(":", "/", 1), values, raw)


def _azure(place: str, values: Mapping[str, str]) -> Found:
    account, sas = values.get("AZURE_ACCOUNT_NAME", ""), values.get("AZURE_ACCOUNT_SAS", "").lstrip("?")
    suffix = values.get("AZURE_ENDPOINT_SUFFIX", "")
    host = f"https://{account}.blob.{suffix or 'core.windows.net'}"
    raw = {
        "account": "" if sas else account,
        "key": values.get("AZURE_ACCOUNT_KEY", ""),
        "sas_url": f"{host}/?{sas}" if sas else "",
        "endpoint": host if suffix and not sas else "",
    }
    return _made("AZUREBLOB", _bucket(place), values, raw)


def _bucket(place: str) -> str:
    bucket, _, path = place.partition(":")
    return f"{bucket}/{path.strip('/')}"


def _swift(place: str, values: Mapping[str, str]) -> Found:
    fields = {key: values[name] for name, key in SWIFT_VARIABLES.items() if name in values}
    first = {"auth": values.get("ST_AUTH", ""), "user": values.get("ST_USER", ""), "key": values.get("ST_KEY", "")}
    raw: dict[str, object] = {**fields, "auth_version": "3"} if "OS_AUTH_URL" in values else {**first}
    return _made("OPENSTACK_SWIFT", _bucket(place), values, raw)


def _rclone(place: str, values: Mapping[str, str]) -> Found:
    name, _, path = place.partition(":")
    prefix = f"RCLONE_CONFIG_{name}_".upper()
    options = {key[len(prefix) :].lower(): value for key, value in values.items() if key.upper().startswith(prefix)}
    if not options:
        return Found(name, skipped="Its remote stands in an rclone.conf. Import that file.")
    found = remote(name, options)
    return found if found.skipped else _made(found.provider, path, values, found.raw)


def _elsewhere(what: str) -> Callable[[str, Mapping[str, str]], Found]:
    def reader(place: str, values: Mapping[str, str]) -> Found:  # noqa: ARG001  all readers are called alike
        return Found("restic", skipped=f"{what} stands in a file beside it, which is not read. Add it by hand.")

    return reader


READERS: Mapping[str, Callable[[str, Mapping[str, str]], Found]] = {
    "s3": _s3,
    "b2": _b2,
    "azure": _azure,
    "swift": _swift,
    "rclone": _rclone,
    "gs": _elsewhere("Google's key"),
    "sftp": _elsewhere("The SSH key"),
}

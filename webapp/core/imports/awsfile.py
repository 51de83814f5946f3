"""Profiles of AWS's shared credentials file."""

from __future__ import annotations

import configparser

from webapp.core.errors import PermanentError
from webapp.core.imports.base import Found, text_of

KEYS = {
    "aws_access_key_id": "access_key_id",
    "aws_secret_access_key": "secret_access_key",
    "aws_session_token": "session_token",
    "region": "region",
    "endpoint_url": "endpoint",
}
"""Key in the file → field (docs.aws.amazon.com/sdkref/latest/guide/file-format.html)."""


def read(data: bytes, password: str = "") -> list[Found]:  # noqa: ARG001  every reader is given a password
    """Return the profiles of a file.

    Raises:
        PermanentError: It is no such file.
    """
    parser = configparser.RawConfigParser(default_section="")
    try:
        parser.read_string(text_of(data))
    except configparser.Error:
        raise PermanentError("This is no credentials file of AWS.", field="file") from None
    return [_profile(name, dict(parser.items(name))) for name in parser.sections()]


def _profile(section: str, values: dict[str, str]) -> Found:
    name = section.removeprefix("profile ").strip()
    left_out = tuple(sorted(key for key in values if key not in KEYS))
    if "aws_access_key_id" not in values:
        return Found(name, "S3", skipped="This profile has no key of its own.", left_out=left_out)
    raw: dict[str, object] = {KEYS[key]: value for key, value in values.items() if key in KEYS}
    raw["provider"] = "Other" if raw.get("endpoint") else "AWS"
    return Found(name, "S3", raw, left_out=left_out)

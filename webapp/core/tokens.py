"""OAuth tokens: rclone's JSON form, and every form in which people paste one.

rclone keeps a token as one line of JSON with `access_token`, `token_type`, `refresh_token` and `expiry` (RFC 3339;
absent or the year 1 means that it never ends): https://rclone.org/docs/#config-token.
"""

from __future__ import annotations

import base64
import binascii
import configparser
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

from webapp.core.errors import PermanentError

BARE_ALLOWED = frozenset({"BOX", "DROPBOX", "PCLOUD"})
"""Providers whose access token works alone."""

NEVER = "0001-01-01"
"""How rclone begins the expiry of a token that never ends."""

EARLY = timedelta(seconds=60)
"""A token that ends within this time counts as ended: the request that uses it takes a while, too."""

LONGEST = 100 * 365 * 86_400
"""Seconds that a token lives at most; a larger figure would be no date any more."""

SPARE = timedelta(minutes=10)
"""What a tool is handed lasts at least so long: a Secret takes minutes to reach its pods, and a backup takes a while."""

_SPELLINGS = {
    "accessToken": "access_token",
    "refreshToken": "refresh_token",
    "tokenType": "token_type",
    "expiresIn": "expires_in",
}
_OBJECT = re.compile(r"\{.*\}", re.DOTALL)
_BARE = re.compile(r"[\w.~+/=|!*-]{8,}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_=\s-]{40,}")


@dataclass(frozen=True, slots=True)
class Token:
    """One OAuth token; its repr shows nothing secret."""

    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    token_type: str = "Bearer"
    expiry: datetime | None = None

    @classmethod
    def from_json(cls, text: str) -> Token:
        """Read rclone's JSON form.

        Raises:
            PermanentError: It is no such token.
        """
        return cls.from_mapping(_json_object(text) or {})

    @classmethod
    def from_mapping(cls, values: Mapping[str, object], *, now: datetime | None = None) -> Token:
        """Read a token endpoint's answer or a stored token; `expires_in` counts from `now`.

        Raises:
            PermanentError: There is no access token in it.
        """
        named = {_SPELLINGS.get(key, key): value for key, value in values.items()}
        access = named.get("access_token")
        if not isinstance(access, str) or not access:
            raise PermanentError("This has no access_token. Paste the whole token as rclone prints it.", field="token")
        return cls(
            access,
            str(named.get("refresh_token") or ""),
            str(named.get("token_type") or "Bearer"),
            _expiry(named, now or datetime.now(UTC)),
        )

    def to_json(self) -> str:
        """Return rclone's JSON form on one line."""
        values = {"access_token": self.access_token, "token_type": self.token_type}
        if self.refresh_token:
            values["refresh_token"] = self.refresh_token
        if self.expiry:
            values["expiry"] = self.expiry.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return json.dumps(values, separators=(",", ":"))

    def expired(self, now: datetime | None = None, *, spare: timedelta = EARLY) -> bool:
        """Tell whether it has ended or ends within `spare`."""
        return self.expiry is not None and self.expiry - spare <= (now or datetime.now(UTC))


def unpack_token(text: str, provider_type: str) -> dict[str, str]:
    """Return what a pasted text holds by rclone option: `token` as JSON, and `client_id`, `drive_id` … beside it.

    Understood are JSON in any layout and spelling, a block of rclone.conf, the output of `rclone authorize` with its
    arrows or as base64, quotes around either, and for some providers a bare access token.

    Raises:
        PermanentError: It is something else; the sentence says what, on the field `token`.
    """
    text = _unquoted(text.strip())
    block = _conf_block(text)
    if block is not None:
        return _from_block(block)
    values = _json_object(text) or _json_object(_decoded(text))
    if values is not None:
        return _from_object(values)
    return {"token": _bare(text, provider_type)}


def _from_block(block: Mapping[str, str]) -> dict[str, str]:
    if not block.get("token"):
        raise PermanentError("This section of rclone.conf has no token. Paste the whole section.", field="token")
    return {**block, "token": Token.from_json(block["token"]).to_json()}


def _from_object(values: Mapping[str, object]) -> dict[str, str]:
    _refuse_other_files(values)
    inner = values.get("token")
    if inner is None:
        return {"token": Token.from_mapping(values).to_json()}
    found = {key: value for key, value in values.items() if isinstance(value, str) and value}
    token = cast("Mapping[str, object]", inner) if isinstance(inner, dict) else _json_object(str(inner)) or {}
    return {**found, "token": Token.from_mapping(token).to_json()}


def _refuse_other_files(values: Mapping[str, object]) -> None:
    if "installed" in values or "web" in values:
        raise PermanentError(
            "This is the file of a Google OAuth client, not a token. Put its client_id and client_secret into their "
            "fields and paste the token that `rclone authorize` prints.",
            field="token",
        )
    if values.get("type") == "service_account":
        raise PermanentError(
            "This is a service account key, not a token. Use the Service Account field instead.", field="token"
        )


def _bare(text: str, provider_type: str) -> str:
    if provider_type not in BARE_ALLOWED or not _BARE.fullmatch(text):
        raise PermanentError(
            "This is not a token that rclone can use. Run `rclone authorize` on a computer with a browser and paste "
            'all that it prints, or paste the JSON that begins with {"access_token".',
            field="token",
        )
    return Token(text, token_type="bearer").to_json()


def _conf_block(text: str) -> dict[str, str] | None:
    if not text.startswith("[") or "\n" not in text:
        return None
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  keys keep their case
    try:
        parser.read_string(text)
    except configparser.Error:
        return None
    return dict(parser.items(parser.sections()[0])) if parser.sections() else None


def _json_object(text: str) -> dict[str, object] | None:
    """Return the JSON object in a text, also between the arrows of `rclone authorize`."""
    found = _OBJECT.search(text)
    try:
        value = json.loads(found.group()) if found else None
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def _decoded(text: str) -> str:
    """Return the text in base64, or nothing; the arrows around it do not matter."""
    for run in sorted(_BASE64.findall(text), key=len, reverse=True):
        packed = "".join(run.split())
        try:
            return base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_").decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
    return ""


def _unquoted(text: str) -> str:
    """Take one layer of quotes or of a shell's escapes away."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"`":
        text = text[1:-1]
    return text.replace('\\"', '"') if text.startswith('{\\"') else text


def _expiry(values: Mapping[str, object], now: datetime) -> datetime | None:
    written = values.get("expiry")
    if isinstance(written, str) and written and not written.startswith(NEVER):
        return _time(written)
    seconds = values.get("expires_in")
    if isinstance(seconds, int | float | str) and str(seconds).replace(".", "", 1).isdecimal() and float(seconds) > 0:
        return now + timedelta(seconds=min(float(seconds), LONGEST))
    return None


def _time(text: str) -> datetime:
    """Read RFC 3339; Go writes nanoseconds, Python reads microseconds."""
    try:
        read = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise PermanentError(
            "The token's expiry is no time in RFC 3339, such as 2026-01-31T12:00:00Z.", field="token"
        ) from error

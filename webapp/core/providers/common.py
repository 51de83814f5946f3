"""Fields and rules that several providers share."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from cryptography import x509

from webapp.core.errors import PermanentError
from webapp.core.fields import Attributes, Field, Kind, Level, Problem, RcloneOption, Rule, ShownWhen, Value
from webapp.core.providers.base import Reply
from webapp.core.tokens import Token, unpack_token
from webapp.core.verification.states import State

ADVANCED = "Advanced"

NO_BLANKS = Rule(
    lambda value: not any(letter.isspace() for letter in str(value)),
    "This holds a blank. Paste only the key itself.",
    pattern=r"^\S*$",
)


def _is_certificate(value: Value) -> bool:
    try:
        return bool(x509.load_pem_x509_certificates(str(value).encode()))
    except ValueError:
        return False


CA_CERTIFICATE = Field(
    "ca_certificate",
    "CA certificate",
    "For a server with a certificate of a private authority: the authority's certificate in PEM.",
    Kind.LONG_TEXT,
    long_help=(
        "Leave this empty for public services. It replaces the system's authorities for this credential alone. "
        "Paste the text from `-----BEGIN CERTIFICATE-----` to `-----END CERTIFICATE-----`; several may follow one "
        "another."
    ),
    placeholder="-----BEGIN CERTIFICATE-----",
    group=ADVANCED,
    rules=(Rule(_is_certificate, "This is no certificate in PEM. It begins with -----BEGIN CERTIFICATE-----."),),
)
"""Passed to rclone apart from a remote's options, so it maps to none."""


def verify_target(word: str) -> Field:
    """Return the optional field that names the bucket (and folder) a verification looks into."""
    return Field(
        "verify_target",
        f"{word} to verify",
        f"Optional: a {word.lower()}, or {word.lower()}/folder, that verification looks into. No secret.",
        long_help=(
            f"Keys that may use one {word.lower()} only are often not allowed to list all of them. "
            f"Name theirs here and verification asks for it instead."
        ),
        placeholder="backups/nightly",
        rules=(
            Rule(
                lambda value: not str(value).startswith("/") and ".." not in str(value).split("/"),
                f"Begin with the {word.lower()}'s name, without a slash before it.",
            ),
        ),
    )


def host_field(help_text: str) -> Field:
    """Return the host of a server."""
    return Field(
        "host",
        "Host",
        help_text,
        Kind.HOST,
        placeholder="nas.example.com",
        required=True,
        guards_secrets=True,
        rclone=RcloneOption("host", lambda value: str(value).strip("[]")),
    )


def port_field(default: int, also: str = "") -> Field:
    """Return the port of a server, with the protocol's own as default, and what else an empty one may mean."""
    return Field(
        "port",
        "Port",
        f"Leave empty for {default}{also}.",
        Kind.PORT,
        placeholder=str(default),
        guards_secrets=True,
        rclone=RcloneOption("port"),
    )


def user_field(help_text: str, *, required: bool = True) -> Field:
    """Return a user name; rclone's own default would be the account that runs it."""
    return Field(
        "user",
        "Username",
        help_text,
        required=required,
        redacted=False,
        guards_secrets=True,
        rclone=RcloneOption("user"),
    )


def password_field(help_text: str, *, required: bool = False, keep_empty: bool = False) -> Field:
    """Return a password, which rclone wants obscured."""
    return Field(
        "pass",
        "Password",
        help_text,
        Kind.SECRET,
        required=required,
        rclone=RcloneOption("pass", obscured=True, keep_empty=keep_empty),
    )


def with_scheme(text: str) -> str:
    """Put https:// before an address that has no scheme."""
    return text if "://" in text else f"https://{text}"


NO_PATH = Rule(
    lambda value: urlsplit(str(value)).path in {"", "/"} and not urlsplit(str(value)).query,
    "Leave the path away: the address ends after the host and its port. A bucket is named where it is used.",
    pattern=r"^([A-Za-z]*:?//)?[^/?]*/?$",
)


def oauth_fields(label: str, link: str) -> tuple[Field, ...]:
    """Return client id, client secret and token, as every provider with OAuth has them."""
    return (
        Field(
            "client_id",
            "OAuth Client ID",
            f"The public identifier of your own {label} app. Empty when the token came from `rclone authorize` alone.",
            link=link,
            redacted=True,
            rclone=RcloneOption("client_id"),
        ),
        Field(
            "client_secret",
            "OAuth Client Secret",
            "The secret that belongs to the client ID.",
            Kind.SECRET,
            link=link,
            rclone=RcloneOption("client_secret"),
        ),
        Field(
            "token",
            "Access Token",
            'The token as rclone prints it: JSON that begins with {"access_token".',
            Kind.LONG_SECRET,
            long_help=(
                "On a computer with a browser run `rclone authorize` for this service and paste all that it prints. A "
                "section of rclone.conf is understood, too. A token with a `refresh_token` is renewed when it ends."
            ),
            required=True,
            rclone=RcloneOption("token"),
        ),
    )


def client_pair(attributes: Attributes) -> Iterable[Problem]:
    """A client id and its secret belong together."""
    has_id, has_secret = "client_id" in attributes, "client_secret" in attributes
    if has_id and not has_secret:
        yield Problem("client_secret", "Enter the client secret that belongs to the client ID, or clear both.")
    if has_secret and not has_id:
        yield Problem("client_id", "Enter the client ID that belongs to the client secret, or clear both.")


def client_id_first(attributes: Attributes) -> Iterable[Problem]:
    """A client secret needs its id; an app of a vendor that knows public clients may have no secret (RFC 7636)."""
    if "client_secret" in attributes and "client_id" not in attributes:
        yield Problem("client_id", "Enter the client ID that belongs to the client secret, or clear both.")


def token_lifetime(attributes: Attributes) -> Iterable[Problem]:
    """Warn of a token that cannot be renewed."""
    if "token" not in attributes:
        return
    token = Token.from_json(str(attributes["token"]))
    if token.expiry and not token.refresh_token:
        ends = token.expiry.strftime("%Y-%m-%d %H:%M UTC")
        message = f"This token has no refresh_token and ends at {ends}. Afterwards a new one has to be pasted."
        yield Problem("token", message, Level.WARNING)
    elif token.refresh_token and "client_id" not in attributes:
        message = "Only the app that made a token can renew it. Enter your own client ID and secret to have it renewed."
        yield Problem("token", message, Level.WARNING)


def token_unpacker(provider_type: str, mapped: Mapping[str, str]) -> Any:
    """Return an `expand` that spreads a pasted token over the fields that `mapped` names by rclone option."""

    def expand(raw: Mapping[str, object]) -> Mapping[str, object]:
        text = raw.get("token")
        if not isinstance(text, str) or not text.strip() or text.strip() == "********":
            return raw
        found = unpack_token(text, provider_type)
        _refuse_other_provider(provider_type, found)
        beside = {mapped[name]: value for name, value in found.items() if name in mapped}
        empty = {key: value for key, value in beside.items() if raw.get(key) in (None, "")}
        return {**raw, **empty, "token": found["token"]}

    return expand


def _refuse_other_provider(provider_type: str, found: Mapping[str, str]) -> None:
    """Refuse a section of rclone.conf, or a token, that is another provider's: it would be sent to this one.

    Raises:
        PermanentError: It says whose it is.
    """
    from webapp.core.providers import PROVIDERS  # noqa: PLC0415  the providers import this module

    own, named = PROVIDERS[provider_type], found.get("type", "")
    if named and named != own.rclone_type:
        other = next((known.label for known in PROVIDERS.values() if known.rclone_type == named), "another service")
        message = f"This section of rclone.conf is for {other}, not for {own.label}."
        raise PermanentError(f"{message} Choose that provider, or paste a section of {own.label}.", field="token")
    access = Token.from_json(found["token"]).access_token
    label = next((label for start, (label, types) in MARKS.items()
                  if access.startswith(start) and provider_type not in types), "")  # fmt: skip
    if label:
        message = f"This token was made by {label}, not for {own.label}."
        raise PermanentError(f"{message} Choose that provider, or log in at {own.label}.", field="token")


MARKS: Mapping[str, tuple[str, frozenset[str]]] = {
    "ya29.": ("Google", frozenset({"GOOGLE_DRIVE", "GOOGLE_PHOTOS"})),
    "sl.": ("Dropbox", frozenset({"DROPBOX"})),
    "y0_": ("Yandex", frozenset({"YANDEX"})),
}
"""How access tokens begin that show whose they are, in the vendors' own examples: developers.google.com/identity/
protocols/oauth2/web-server, developers.dropbox.com/oauth-guide, yandex.com/dev/id/doc/en/tokens/refresh-client. Those of
Box, Microsoft and pCloud begin in no such way."""

CLIENT_OPTIONS = {"client_id": "client_id", "client_secret": "client_secret"}

GOOGLE_PROJECT = (
    Reply(
        r"accessNotConfigured|SERVICE_DISABLED|has not been used in project",
        State.MISCONFIGURED,
        "The API is not enabled in the Google Cloud project that this belongs to. Enable it under APIs & Services > "
        "Library.",
    ),
    Reply(
        r"accountDisabled|UserProjectAccountProblem|billing account",
        State.INVALID,
        "Google has closed the project that this belongs to, or its billing is switched off. Its console says why.",
    ),
)
"""What Google says of the project and not of the credential: developers.google.com/drive/api/guides/handle-errors,
cloud.google.com/storage/docs/json_api/v1/status-codes."""

GOOGLE_TOKEN_URIS = frozenset({"https://oauth2.googleapis.com/token", "https://accounts.google.com/o/oauth2/token"})
"""Where Google's key files send the signed assertion; rclone posts it to whatever address stands in the file."""


def service_account(text: str) -> str:
    """Return a service account key as one line of JSON.

    Raises:
        PermanentError: It is another file, incomplete, or names a token address that is not Google's.
    """
    try:
        key = json.loads(text)
    except (ValueError, RecursionError):
        raise PermanentError("This is not JSON. Choose the key file that Google's console made.") from None
    if not isinstance(key, dict):
        raise PermanentError("This is not a key file of a service account.")
    found = cast("dict[str, object]", key)
    _refuse_other_keys(found)
    for name in ("project_id", "client_email", "private_key"):
        if not isinstance(found.get(name), str) or not found[name]:
            raise PermanentError(f"This key file has no {name}. Download a new one from Google's console.")
    _refuse_wrong_parts(found)
    return json.dumps(found, separators=(",", ":"))


def _refuse_other_keys(key: Mapping[str, object]) -> None:
    if "installed" in key or "web" in key:
        raise PermanentError("This is the file of an OAuth client. A service account's key file is needed.")
    if key.get("type") != "service_account":
        raise PermanentError(
            "This file's type is not service_account. Make a key for a service account and use its file."
        )


def _refuse_wrong_parts(key: Mapping[str, object]) -> None:
    if not str(key["private_key"]).startswith("-----BEGIN"):
        raise PermanentError("The private_key in this file is damaged: it begins with -----BEGIN PRIVATE KEY-----.")
    if str(key.get("token_uri", next(iter(GOOGLE_TOKEN_URIS)))) not in GOOGLE_TOKEN_URIS:
        raise PermanentError(
            "The token_uri in this file is not Google's. Download the key again from Google's console."
        )


def service_account_summary(key: str) -> Any:
    """Return a `summarize` that shows whose key a file is, and never the key."""

    def summarize(attributes: Attributes) -> Mapping[str, str]:
        if key not in attributes:
            return {}
        found = cast("dict[str, object]", json.loads(str(attributes[key])))
        shown = {"Project": "project_id", "Client e-mail": "client_email", "Key ID": "private_key_id"}
        return {label: str(found[name]) for label, name in shown.items() if found.get(name)}

    return summarize


def is_base64(value: Value) -> bool:
    """Tell whether a text is base64."""
    try:
        return bool(base64.b64decode(str(value), validate=True))
    except ValueError:  # also for letters outside ASCII
        return False


def shown_for(key: str, *values: str) -> tuple[ShownWhen, ...]:
    """Show a field only for these values of another."""
    return (ShownWhen(key, frozenset(values)),)


def last_path_part(text: str) -> str:
    """Return the last part of a pasted address, or the text itself."""
    return re.sub(r"[?#].*$", "", text).rstrip("/").split("/")[-1] if "://" in text else text

"""rclone: its configuration file, and the same as environment variables."""

from __future__ import annotations

import json
from collections.abc import Mapping

from webapp.core.fields import Attributes, Choice, Field, Kind
from webapp.core.formats.base import Carrier, Format, KeyNote, Names, Rendered, Source, UnsupportedFormatError
from webapp.core.formats.options import FOLDER, REMOTE
from webapp.core.providers import PROVIDERS
from webapp.core.providers.base import Provider
from webapp.core.rclone.config import remote
from webapp.core.tokens import Token

CA_KEY = "ca.pem"
"""The key of a CA certificate; rclone takes one for all remotes and none in a remote's section."""

NO_REFRESH = "none"
"""Yandex's backend wants some refresh token before it asks anything; this one renews nothing."""

TOKEN = Field(
    "token",
    "OAuth token",
    "What of an OAuth token is handed out. Two places that renew one token end each other's access with Box, "
    "OneDrive and other providers whose refresh tokens work once.",
    Kind.CHOICE,
    default="access",
    choices=(
        Choice("access", "The access token only; it ends, and is handed out afresh"),
        Choice("whole", "The whole token; from then on renew it in that one place only"),
    ),
)


def options_of(source: Source, options: Attributes) -> dict[str, str]:
    """Return the remote's options with the token as the option `token` asks."""
    found = remote(source.provider, source.attributes)
    if "token" in found and options.get("token", TOKEN.default) == "access":
        found["token"] = access_only(found["token"], source.provider)
    return found


def access_only(token: str, provider: Provider) -> str:
    """Return a token that rclone cannot renew."""
    read = Token.from_json(token)
    refresh = NO_REFRESH if provider.type == "YANDEX" else ""
    return Token(read.access_token, refresh, read.token_type, read.expiry).to_json()


def ini_value(name: str, value: str) -> str:
    """Return a value as rclone's configuration file must have it (measured; unknwon/goconfig reads it).

    Raises:
        UnsupportedFormatError: No way of writing it would be read back.
    """
    if "%(" in value and ")s" in value[value.index("%(") :]:
        raise UnsupportedFormatError(
            f"The value of {name} holds “%(…)s”, which rclone replaces in a configuration file. Use the format "
            "rclone-env, whose values are taken as they are.",
            field="format",
        )
    if "\n" in value or "\r" in value:
        raise UnsupportedFormatError(
            f"The value of {name} has several lines, which a configuration file cannot hold. Use the format rclone-env.",
            field="format",
        )
    if value == value.strip() and not value.startswith(("`", '"""')):
        return value
    return f"`{value}`" if "`" not in value else f'"""{value}"""'


def section(name: str, options: Mapping[str, str]) -> str:
    """Return one section of rclone.conf."""
    return f"[{name}]\n" + "".join(f"{key} = {ini_value(key, value)}\n" for key, value in options.items())


def remote_variables(name: str, options: Mapping[str, str]) -> dict[str, str]:
    """Return one remote as environment variables."""
    return {f"RCLONE_CONFIG_{name}_{key}".upper(): value for key, value in options.items()}


def _conf(source: Source, options: Attributes) -> Rendered:
    text = section(str(options["remote"]), options_of(source, options))
    ca = source.text("ca_certificate")
    data = {"rclone.conf": text.encode()} | ({CA_KEY: ca.encode()} if ca else {})
    return Rendered(data, files={"rclone.conf": "RCLONE_CONFIG", CA_KEY: "RCLONE_CA_CERT"})


def environment(source: Source, options: Attributes) -> Rendered:
    """Return the remote as environment variables, a CA certificate as a file beside them."""
    values = remote_variables(str(options["remote"]), options_of(source, options))
    ca = source.text("ca_certificate")
    if ca:
        values["RCLONE_CA_CERT"] = f"{str(options['folder']).rstrip('/')}/{CA_KEY}"
    data = {key: value.encode() for key, value in values.items()} | ({CA_KEY: ca.encode()} if ca else {})
    return Rendered(data, files={CA_KEY: "RCLONE_CA_CERT"})


def carried_by(carrier: Carrier) -> dict[str, Carrier]:
    """Return a carrier for every provider that rclone has a backend for."""
    return {listed.type: carrier for listed in PROVIDERS.values() if listed.rclone_type}


def _conf_usage(names: Names) -> str:
    return (
        f"rclone --config rclone.conf lsd {names.option('remote')}:\n\n"
        "# in a pod: rclone rewrites its file when it renews a token, and a Secret is read-only\n"
        f"volumes:\n- name: rclone\n  secret: {{secretName: {json.dumps(names.secret)}}}\n"
    )


def _env_usage(names: Names) -> str:
    return f"rclone lsd {names.option('remote')}:\n\n# in a pod\nenvFrom:\n- secretRef: {{name: {names.secret}}}\n"


RCLONE = Format(
    "rclone",
    "rclone (configuration file)",
    "rclone",
    "rclone.conf with one remote.",
    carried_by(_conf),
    (
        KeyNote("rclone.conf", "one section; passwords are obscured, which is no encryption"),
        KeyNote(CA_KEY, "the CA certificate, when there is one: `--ca-cert`"),
    ),
    _conf_usage,
    options=(REMOTE, TOKEN),
    source="rclone.org/docs",
)
RCLONE_ENV = Format(
    "rclone-env",
    "rclone (environment)",
    "rclone",
    "The same remote as environment variables, whose values are taken as they are.",
    carried_by(environment),
    (
        KeyNote("RCLONE_CONFIG_<REMOTE>_<OPTION>", "one variable for each option"),
        KeyNote(CA_KEY, "the CA certificate, when there is one; RCLONE_CA_CERT names it"),
    ),
    _env_usage,
    options=(REMOTE, TOKEN, FOLDER),
    source="rclone.org/docs",
)

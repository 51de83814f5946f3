"""Settings: read once at the start, from options and the environment, into one frozen object.

The `Settings` class below is the only list. Environment names, command line options and the table in
`help/settings.md` are derived from it.
"""

# ruff: noqa: RUF009  `setting` wraps dataclasses.field, which is what this rule asks for

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import platformdirs

from webapp.core.errors import PermanentError

PREFIX = "BACKUP_CREDENTIALS_"
"""Every setting can be given in the environment under its name with this in front."""

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
"""Names under which a browser on the same machine asks."""

EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104  named to tell them apart, not to listen there
"""Addresses that stand for all addresses of the machine."""


class SettingError(PermanentError):
    """A setting has a value that cannot be used; the sentence names the setting and never repeats a secret."""


class Scope(StrEnum):
    """Which commands offer a setting as an option."""

    ENVIRONMENT = "environment"
    """None: it may hold a secret, or is rarely changed."""
    EVERY = "every"
    """Every command that opens the store."""
    SERVE = "serve"
    """Only `serve`."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting, as data.

    Attributes:
        key: Attribute of `Settings`.
        help: One or more sentences for the help text and the table.
        read: Text in, value out; raises ValueError with the end of a sentence that starts with the setting's name.
        scope: Where it is an option.
        flag: Whether the option takes no value.
        default: What it is when nothing was said, as shown in the table.
    """

    key: str
    help: str
    read: Callable[[str], object]
    scope: Scope
    flag: bool
    default: str

    @property
    def environment(self) -> str:
        """Name of the environment variable."""
        return PREFIX + self.key.upper()

    @property
    def option(self) -> str:
        """Name of the command line option; empty when there is none."""
        return "" if self.scope is Scope.ENVIRONMENT else "--" + self.key.replace("_", "-")


def as_path(text: str) -> Path:
    """Read a path; `~` stands for the home folder."""
    if "\0" in text:
        raise ValueError("must not hold a NUL character")
    return Path(text).expanduser().absolute()


def as_file(text: str) -> Path:
    """Read the path of a file that has to be there."""
    path = as_path(text)
    if not path.is_file():
        raise ValueError(f"names a file that does not exist: {path}")
    return path


def as_database(text: str) -> str:
    """Read a database address; its password stays out of the message."""
    try:
        url = urlsplit(text)
        if url.scheme == "sqlite" and url.path.startswith("/") and not url.netloc:
            return text
        if url.scheme in {"postgresql", "postgres"}:
            return text
    except ValueError:  # it repeats the part with the password
        pass
    raise ValueError("must be sqlite:////path/to/file.db or postgresql://user:password@host/name")


def as_whole(low: int, high: int) -> Callable[[str], int]:
    """Make a reader of whole numbers within limits, both included."""

    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(text)

    return read


def as_number(of: str, low: float, high: float) -> Callable[[str], float]:
    """Make a reader of numbers of hours or days within limits, both included."""

    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = -1.0
        if not low <= number <= high:  # "nan" fails both comparisons
            raise ValueError(f"must be a number of {of} from {low:g} to {high:g}, such as 24 or 0.5")
        return number

    return read


as_hours = as_number("hours", 0, 8784)
"""A year of hours is more than anyone means."""


def as_flag(text: str) -> bool:
    """Read yes or no."""
    word = text.strip().lower()
    if word in {"1", "true", "yes", "on"}:
        return True
    if word in {"0", "false", "no", "off"}:
        return False
    raise ValueError("must be true or false")


def as_names(text: str) -> tuple[str, ...]:
    """Read host names separated by commas or blanks."""
    names = tuple(text.replace(",", " ").lower().split())
    if any("/" in name or "@" in name for name in names):
        raise ValueError("must be host names such as backup.example.com, without http:// and without a path")
    return names


def as_host(text: str) -> str:
    """Read an address to listen on."""
    host = text.strip().removeprefix("[").removesuffix("]")
    if not host or any(character in host for character in "/@ "):
        raise ValueError("must be an address such as 127.0.0.1, or 0.0.0.0 for every one")
    return host


def setting(
    text: str,
    *,
    read: Callable[[str], object],
    default: object = None,
    default_factory: Callable[[], object] | None = None,
    shown: str | None = None,
    scope: Scope = Scope.ENVIRONMENT,
    secret: bool = False,
) -> Any:
    """Declare one setting: help text, reader and default; `shown` is the default in words."""
    words = shown if shown is not None else f"`{str(default).lower() if isinstance(default, bool) else default}`"
    metadata = {"help": text, "read": read, "shown": words, "scope": scope}
    arguments: dict[str, Any] = {"metadata": metadata, "repr": not secret}
    if default_factory is not None:
        return dataclasses.field(default_factory=default_factory, **arguments)
    return dataclasses.field(default=default, **arguments)


def default_data_dir() -> Path:
    """Return the platform's own folder for a program's data."""
    return Path(platformdirs.user_data_dir("backup-credentials", appauthor=False))


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """All settings; the order is that of the table."""

    data_dir: Path = setting(
        "Folder for the database and the secret seed. It is made with mode 0700 when it is missing.",
        read=as_path,
        default_factory=default_data_dir,
        shown="the platform's data folder, on Linux `~/.local/share/backup-credentials`",
        scope=Scope.EVERY,
    )
    database: str = setting(
        "Address of the database: `sqlite:////path/to/file.db`, or `postgresql://user:password@host/name` for several "
        "processes on several machines. It may hold a password, so it is no option.",
        read=as_database,
        default="",
        shown="`backup-credentials.db` in the data folder",
        secret=True,
    )
    seed: str = setting(
        "The secret seed itself, as it stands in a seed file. It is a secret, so it is no option.",
        read=str,
        default="",
        shown="the seed file",
        secret=True,
    )
    seed_file: Path | None = setting(
        "File with the secret seed, such as a mounted Secret.",
        read=as_path,
        shown="`secret-seed.json` in the data folder",
        scope=Scope.EVERY,
    )
    administrator_folder: Path | None = setting(
        "Folder with the files `name` and `password` of the first account, such as a mounted Secret. Read when there is "
        "no account yet; without it a one-time code makes the first one.",
        read=as_path,
        shown="none",
    )
    host: str = setting(
        "Address to listen on. An address that other machines can reach needs TLS.",
        read=as_host,
        default="127.0.0.1",
        scope=Scope.SERVE,
    )
    port: int = setting(
        "Port to listen on; 0 takes a free one.", read=as_whole(0, 65535), default=8765, scope=Scope.SERVE
    )
    tls_certificate: Path | None = setting(
        "File with the certificate chain (PEM) for HTTPS; needs the key as well.",
        read=as_file,
        shown="none",
        scope=Scope.SERVE,
    )
    tls_key: Path | None = setting(
        "File with the private key (PEM) of the certificate.", read=as_file, shown="none", scope=Scope.SERVE
    )
    behind_proxy: bool = setting(
        "A reverse proxy stands in front, ends TLS and sets `X-Forwarded-For`, `X-Forwarded-Proto` and "
        "`X-Forwarded-Host`. Never say so without one: anybody could then claim any address.",
        read=as_flag,
        default=False,
        scope=Scope.SERVE,
    )
    insecure_http: bool = setting(
        "Listen on a public address without TLS. Passwords and secrets then cross the network in clear text.",
        read=as_flag,
        default=False,
        scope=Scope.SERVE,
    )
    host_names: tuple[str, ...] = setting(
        "Names under which browsers reach the app, separated by commas. Requests for other names are refused. The "
        "address to listen on and the names of the machine itself (`localhost`, `127.0.0.1`, `[::1]`) always count.",
        read=as_names,
        default=(),
        shown="none",
        scope=Scope.SERVE,
    )
    threads: int = setting("Requests that are answered at the same time.", read=as_whole(1, 200), default=10)
    stop_seconds: int = setting(
        "Seconds that running requests have to finish when the server is told to stop.",
        read=as_whole(0, 600),
        default=10,
    )
    pool_size: int = setting("rclone processes that are kept ready for checks.", read=as_whole(1, 64), default=2)
    reverify_hours: float = setting(
        "Hours between two background checks of a stored credential; 0 turns them off.", read=as_hours, default=24.0
    )
    backup_folder: Path | None = setting(
        "Folder for scheduled backups and for the backup that is made before each restore. Another disk is better than "
        "the one with the database.",
        read=as_path,
        shown="`backups` in the data folder",
        scope=Scope.EVERY,
    )
    backup_hours: float = setting(
        "Hours between two scheduled backups; 0 turns them off. They hold no secret seed.", read=as_hours, default=24.0
    )
    backup_keep: int = setting("Scheduled backups that are kept.", read=as_whole(1, 10_000), default=14)
    audit_days: float = setting(
        "Days after which entries of the audit are cleared away; 0 keeps them for ever.",
        read=as_number("days", 0, 36_600),
        default=400.0,
    )
    session_idle_hours: float = setting(
        "Hours without a request after which a browser has to log in again; every log-in ends after a week.",
        read=as_number("hours", 0.1, 168),
        default=12.0,
    )

    @property
    def tls(self) -> bool:
        """Tell whether the server speaks HTTPS itself."""
        return self.tls_certificate is not None

    @property
    def secure_cookies(self) -> bool:
        """Tell whether browsers reach the app over HTTPS only, so that cookies may be marked `Secure`."""
        return self.tls or self.behind_proxy

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        """Return every name that a request may be for, without ports; IPv6 addresses in brackets."""
        own = f"[{self.host}]" if ":" in self.host else self.host
        return tuple(dict.fromkeys((*self.host_names, *LOOPBACK_NAMES, own)))

    @property
    def is_public(self) -> bool:
        """Tell whether other machines can reach the address that is listened on."""
        if self.host == "localhost":
            return False
        try:
            return not ip_address(self.host).is_loopback
        except ValueError:
            return True  # a name; whether it points to this machine alone is not known

    @property
    def scheme(self) -> str:
        """Return `http` or `https`."""
        return "https" if self.tls else "http"


def as_data(field: dataclasses.Field[Any]) -> Setting:
    """Turn the declaration of a setting into data."""
    meta = field.metadata
    return Setting(field.name, meta["help"], meta["read"], meta["scope"], meta["read"] is as_flag, meta["shown"])


SETTINGS: tuple[Setting, ...] = tuple(as_data(field) for field in dataclasses.fields(Settings))
"""Every setting, in the order of the table."""


def read_settings(environment: Mapping[str, str], options: Mapping[str, str | None] | None = None) -> Settings:
    """Read the settings; an option wins over the environment, and an empty text counts as not given.

    Args:
        environment: Usually `os.environ`.
        options: Texts of command line options by key.

    Raises:
        SettingError: A value cannot be used, or two settings do not go together.
    """
    values: dict[str, Any] = {}
    for known in SETTINGS:
        option = (options or {}).get(known.key)
        name, text = (known.option, option) if option else (known.environment, from_environment(known, environment))
        if text:
            values[known.key] = read_value(known, name, text)
    settings = Settings(**values)
    refuse_contradictions(settings)
    return settings


def from_environment(known: Setting, environment: Mapping[str, str]) -> str:
    """Return the text of a variable.

    Kubernetes sets `BACKUP_CREDENTIALS_PORT=tcp://10.0.0.1:80` in every pod beside a Service of that name; that is not
    meant for us.
    """
    text = environment.get(known.environment, "").strip()
    return "" if known.key == "port" and text.startswith("tcp://") else text


def read_value(known: Setting, name: str, text: str) -> object:
    """Turn a text into a value, or say what is wrong with it under the name that the person used."""
    try:
        return known.read(text)
    except (ValueError, OSError, RuntimeError) as error:  # RuntimeError: the home folder of nobody
        reason = str(error) if isinstance(error, ValueError) else "names a file that cannot be read"
        raise SettingError(f"{name} {reason}.", field=known.key) from None


def refuse_contradictions(settings: Settings) -> None:
    """Refuse settings that do not go together."""
    if (settings.tls_certificate is None) != (settings.tls_key is None):
        raise SettingError("Give both --tls-certificate and --tls-key, or neither.", field="tls_certificate")
    if settings.seed and settings.seed_file:
        raise SettingError(
            f"Give the secret seed once: either {PREFIX}SEED or {PREFIX}SEED_FILE, not both.", field="seed"
        )


def unknown_names(environment: Mapping[str, str]) -> list[str]:
    """Return variables with our prefix that mean nothing, such as misspelt ones.

    Those that Kubernetes makes for a Service named `backup-credentials` are left out.
    """
    known = {known.environment for known in SETTINGS}
    made = (PREFIX + "SERVICE_", PREFIX + "PORT_")
    return sorted(
        name for name in environment if name.startswith(PREFIX) and name not in known and not name.startswith(made)
    )

"""Checks what a person typed or a program sent against the fields of a provider or of another set of fields.

Nothing is changed here and nothing is asked of a provider. Every finding is a sentence on the field it belongs to and
never repeats a value.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from webapp.core.errors import CredentialError, PermanentError
from webapp.core.fields import (
    LONG_KINDS,
    Attributes,
    Choice,
    Declared,
    Field,
    Kind,
    Level,
    OneOf,
    Problem,
    Value,
    as_text,
    with_defaults,
)
from webapp.core.providers.base import Provider
from webapp.core.redaction import MASK

__all__ = ["MASK", "Checked", "Findings", "InvalidValuesError", "check", "check_fields"]

_TRUE = frozenset({"true", "on", "yes", "1"})
_FALSE = frozenset({"false", "off", "no", "0", ""})
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_PORTS = range(1, 65536)
LARGEST_INTEGER = 999_999_999_999
"""Whole numbers have at most twelve digits."""


@dataclass(frozen=True, slots=True)
class Findings:
    """Values after the check, and what was found.

    Attributes:
        attributes: The values that would be stored.
        problems: Errors and warnings.
    """

    attributes: dict[str, Value]
    problems: tuple[Problem, ...] = ()

    @property
    def errors(self) -> dict[str, list[str]]:
        """Sentences of what cannot work, by field key; the empty key is the whole form."""
        return self._messages(Level.ERROR)

    @property
    def warnings(self) -> dict[str, list[str]]:
        """Sentences of what is unusual, by field key."""
        return self._messages(Level.WARNING)

    @property
    def ok(self) -> bool:
        """Tell whether the values may be saved."""
        return not self.errors

    def _messages(self, level: Level) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for problem in self.problems:
            if problem.level is level:
                found.setdefault(problem.field, []).append(problem.message)
        return found


@dataclass(frozen=True, slots=True)
class Checked(Findings):
    """The checked values of a cloud credential.

    Attributes:
        provider: Whose fields they are.
    """

    provider: Provider = dataclasses.field(kw_only=True)


class InvalidValuesError(PermanentError):
    """Values that cannot work; `problems` says which and why, on their fields."""

    def __init__(self, checked: Findings) -> None:
        first = next(problem for problem in checked.problems if problem.level is Level.ERROR)
        super().__init__(first.message, field=first.field)
        self.checked = checked

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that was found, warnings included."""
        return self.checked.problems


class _WrongValueError(Exception):
    """A value that its field cannot take; the text is the sentence for it."""


def check(provider: Provider, raw: Mapping[str, object], stored: Attributes | None = None) -> Checked:
    """Check values by field key and return what would be stored.

    A form sends texts, JSON may send numbers and booleans. With `stored`, the attributes of an edited credential, a
    secret field that `raw` leaves out keeps its stored value, and an empty text clears it.
    """
    found = check_fields(provider, raw, stored)
    return Checked(found.attributes, found.problems, provider=provider)


def check_fields(declared: Declared, raw: Mapping[str, object], stored: Attributes | None = None) -> Findings:
    """Check values by field key, as `check` does, for any set of fields."""
    problems: list[Problem] = list(_unknown(declared, raw))
    raw = _expanded(declared, raw, problems)
    values: dict[str, Value] = {}
    for field in declared.fields:
        try:
            value = _read(field, raw.get(field.key))
        except _WrongValueError as error:
            problems.append(Problem(field.key, str(error)))
            continue
        if value not in (None, ""):
            values[field.key] = value  # pyright: ignore[reportArgumentType]  None was left out
    kept = _kept(declared, raw, values, stored)
    problems += _moved(declared, values, stored or {}, kept)
    values |= {key: (stored or {})[key] for key in kept}
    attributes = _shown_only(declared, values)
    problems += _findings(declared, attributes, {problem.field for problem in problems})
    return Findings(attributes, tuple(problems))


def _unknown(declared: Declared, raw: Mapping[str, object]) -> Iterator[Problem]:
    known = {field.key for field in declared.fields}
    for key in raw:
        if key not in known:
            name = "".join(letter for letter in str(key)[:40] if letter.isprintable())
            yield Problem(key, f"{declared.label} has no field “{name}”.")


def _expanded(declared: Declared, raw: Mapping[str, object], problems: list[Problem]) -> Mapping[str, object]:
    """Let the provider spread a pasted text over its fields."""
    if declared.expand is None:
        return raw
    try:
        return declared.expand(raw)
    except CredentialError as error:
        problems.append(Problem(error.field, error.message))
        return {key: value for key, value in raw.items() if key != error.field}


def _kept(
    declared: Declared, raw: Mapping[str, object], values: Attributes, stored: Attributes | None
) -> tuple[str, ...]:
    """Return the secrets that stay as they are stored."""
    secrets = (field.key for field in declared.fields if field.secret)
    return tuple(key for key in secrets if stored and key in stored and key not in raw and key not in values)


def _moved(declared: Declared, values: Attributes, stored: Attributes, kept: tuple[str, ...]) -> Iterator[Problem]:
    """Ask for kept secrets again when they would be sent to another place than they were given for."""
    moved = [
        field.label
        for field in declared.fields
        if field.guards_secrets and as_text(values.get(field.key, "")) != as_text(stored.get(field.key, ""))
    ]
    for key in kept if moved else ():
        label = next(field.label for field in declared.fields if field.key == key)
        yield Problem(key, f"Enter {label} again: {moved[0]} was changed, so it would be sent to another place.")


def _shown_only(declared: Declared, values: dict[str, Value]) -> dict[str, Value]:
    """Drop what the form hides for these values; what is missing counts as its default."""
    filled = with_defaults(declared.fields, values)
    return {field.key: values[field.key] for field in declared.fields if field.key in values and field.is_shown(filled)}


def _findings(declared: Declared, attributes: Attributes, already: set[str]) -> Iterator[Problem]:
    """Check what depends on more than one value; a field that already has an error gets no second one."""
    filled = with_defaults(declared.fields, attributes)
    for field in declared.fields:
        if field.key in already or not field.is_shown(filled):
            continue
        if field.key in attributes:
            yield from _rule_problems(field, attributes[field.key])
            yield from _choice_problems(field, attributes[field.key], filled)
        elif field.required and field.default is None:
            yield Problem(field.key, f"{field.label} is required.")
    for one_of in declared.one_of:
        if not already & {key for keys in one_of.sets for key in keys}:
            yield from _set_problems(one_of, attributes)
    for cross_check in declared.checks:
        yield from (problem for problem in cross_check(filled) if problem.field not in already)


def _rule_problems(field: Field, value: Value) -> Iterator[Problem]:
    for rule in field.rules:
        if not rule.check(value):
            yield Problem(field.key, rule.message, rule.level)


def _choice_problems(field: Field, value: Value, filled: Attributes) -> Iterator[Problem]:
    if field.kind is not Kind.CHOICE:
        return
    if as_text(value) not in {choice.value for choice in choices_for(field, filled)}:
        yield Problem(field.key, f"Choose one of the values that {field.label} offers.")


def choices_for(field: Field, attributes: Attributes) -> tuple[Choice, ...]:
    """Return the choices that hold for these values of the other fields."""
    texts = {as_text(value) for value in attributes.values()}
    return tuple(choice for choice in field.choices if not choice.only_for or choice.only_for & texts)


def _set_problems(one_of: OneOf, attributes: Attributes) -> Iterator[Problem]:
    complete = [keys for keys in one_of.sets if all(key in attributes for key in keys)]
    if not complete or (one_of.exclusive and len([keys for keys in complete if keys]) > 1):
        yield Problem(one_of.field, one_of.message)


def _read(field: Field, value: object) -> Value | None:
    """Return a value in the type of its kind; raises `_WrongValueError` with a sentence."""
    if value is None or isinstance(value, float | list | dict | tuple | bytes):
        if value is None:
            return None
        raise _WrongValueError(f"{field.label} takes a single text, number or yes/no value.")
    reader = _READERS.get(field.kind)
    if reader:
        return reader(field, value)
    if isinstance(value, int) and field.kind in {Kind.TEXT, Kind.CHOICE}:
        value = as_text(value)  # JSON has numbers and booleans where a form has texts
    if not isinstance(value, str):
        raise _WrongValueError(f"{field.label} takes a text.")
    return _read_text(field, value)


def _read_text(field: Field, value: str) -> str:
    text = value.replace("\r\n", "\n").replace("\r", "\n") if field.kind in LONG_KINDS else value
    text = text if field.secret and field.kind is Kind.SECRET else text.strip()
    _refuse_length(field, text)
    _refuse_characters(field, text)
    if text == MASK:
        raise _WrongValueError("This is the mask, not a value. Leave the stored secret as it is or enter a new one.")
    if text and field.normalize:
        text = _normalized(field, text)
    check_text = _TEXT_CHECKS.get(field.kind)
    if text and check_text:
        check_text(field, text)
    return text


def _normalized(field: Field, text: str) -> str:
    try:
        return field.normalize(text) if field.normalize else text
    except CredentialError as error:
        raise _WrongValueError(error.message) from error


def _refuse_length(field: Field, text: str) -> None:
    if len(text) > field.limit:
        raise _WrongValueError(f"{field.label} is too long: at most {field.limit} characters.")


def _refuse_characters(field: Field, text: str) -> None:
    allowed = "\n\t" if field.kind in LONG_KINDS else ""
    for letter in text:
        if letter in allowed:
            continue
        category = unicodedata.category(letter)
        if letter in "\r\n":
            raise _WrongValueError(f"{field.label} must be one line.")
        if category == "Cc":
            raise _WrongValueError(f"{field.label} holds a control character. Type it again instead of pasting it.")
        if category == "Cs":
            raise _WrongValueError(f"{field.label} holds a broken character. Type it again instead of pasting it.")


def _read_integer(field: Field, value: object) -> int | None:
    text = str(value).strip()
    if text == "":
        return None
    if isinstance(value, bool) or not re.fullmatch(r"-?\d{1,12}", text, re.ASCII):
        raise _WrongValueError(f"{field.label} is a whole number.")
    return int(text)


def _read_port(field: Field, value: object) -> int | None:
    port = _read_integer(field, value)
    if port is not None and port not in _PORTS:
        raise _WrongValueError(f"{field.label} is a number from 1 to 65535.")
    return port


def _read_boolean(field: Field, value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text == "":
        return None
    if text in _TRUE | _FALSE:
        return text in _TRUE
    raise _WrongValueError(f"{field.label} is either true or false.")


def _check_url(field: Field, text: str) -> None:
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        raise _WrongValueError(f"{field.label} is no address. Its port is a number from 1 to 65535.") from None
    if url.scheme not in {"http", "https"}:
        raise _WrongValueError(f"{field.label} must begin with https:// or http://.")
    if any(letter.isspace() for letter in text):
        raise _WrongValueError(f"{field.label} must not hold blanks.")
    if url.username is not None or url.password is not None:
        raise _WrongValueError(f"Leave user and password out of {field.label}: they have fields of their own.")
    _refuse_host(field, url, port)


def _refuse_host(field: Field, url: SplitResult, port: int | None) -> None:
    if not url.hostname or not is_host(url.hostname) or port == 0:
        raise _WrongValueError(f"{field.label} has no valid host name after {url.scheme}://.")


def _check_host(field: Field, text: str) -> None:
    if "://" in text:
        raise _WrongValueError(
            f"{field.label} is a name without {text.split('://', 1)[0][:8]}://, such as nas.example.com."
        )
    if "/" in text or "\\" in text:
        raise _WrongValueError(f"{field.label} is a name without a path, such as nas.example.com.")
    if "@" in text:
        raise _WrongValueError(f"{field.label} is a name without a user: the user has a field of its own.")
    if is_host(text):
        return
    if re.fullmatch(r"[^:]+:\d+", text):
        raise _WrongValueError(f"{field.label} is a name without a port: the port has a field of its own.")
    raise _WrongValueError(f"{field.label} is no host name or address, such as nas.example.com or 192.0.2.7.")


def is_host(text: str) -> bool:
    """Tell whether a text is an IPv4 or IPv6 address or a host name (RFC 1123, underscores allowed)."""
    try:
        ipaddress.ip_address(text.strip("[]").split("%")[0])
    except ValueError:
        return _is_name(text)
    return True


def _is_name(text: str) -> bool:
    try:
        name = text.encode("idna").decode() if not text.isascii() else text
    except UnicodeError:
        return False
    labels = name.removesuffix(".").split(".")
    numeric = labels[-1].isdigit()  # 192.0.2.999 is a wrong address, not a name
    return len(name) <= 253 and not numeric and all(_LABEL.fullmatch(label) for label in labels)  # noqa: PLR2004  RFC 1035


_READERS: Mapping[Kind, Callable[[Field, object], Value | None]] = {
    Kind.INTEGER: _read_integer,
    Kind.PORT: _read_port,
    Kind.BOOLEAN: _read_boolean,
}
_TEXT_CHECKS: Mapping[Kind, Callable[[Field, str], None]] = {Kind.URL: _check_url, Kind.HOST: _check_host}

"""Reads the specification of a `BackupCredential`.

The API server has checked it against the definition; what a definition cannot say is said here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from credential_operator.reasons import Reason, TroubleError
from webapp.core.errors import CredentialError
from webapp.core.formats import FORMATS
from webapp.core.naming import keys, provider_of
from webapp.core.providers import PROVIDERS
from webapp.core.providers.base import Provider

RETAIN = "Retain"
DAY = 86400.0
OFTEN = 60.0
"""Seconds between two verifications at least; the definition refuses what is plainly less, and not each way to write it."""

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": DAY}


@dataclass(frozen=True, slots=True)
class Reference:
    """A value that stands in a Secret of the same namespace."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """A value that is encrypted to the server's public key."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Generate:
    """A repository's secret that is made once and kept."""


Given = Reference | Sealed | Generate | str | int | bool | None
"""A value as a resource gives it."""


@dataclass(frozen=True, slots=True)
class Output:
    """One Secret that a resource asks for; options by their own keys."""

    name: str
    format: str
    options: Mapping[str, Given]
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Verification:
    """When a credential is verified: seconds between two checks (0 for never), where, and whether Secrets wait."""

    interval: float = DAY
    target: str = ""
    gate: bool = False


@dataclass(frozen=True, slots=True)
class Rollout:
    """Whose pods are made anew when an output changed: (kind, name) pairs, and labels."""

    targets: tuple[tuple[str, str], ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict[str, str])


class Spec:
    """A specification, read only as far as somebody asks.

    Args:
        raw: The `spec` of the resource.
    """

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._raw = raw

    @cached_property
    def store(self) -> str:
        """Name of the web app's credential; empty for one that the resource gives itself."""
        return str((self._raw.get("store") or {}).get("name", ""))

    @cached_property
    def member(self) -> str:
        """Name of the provider in the resource; empty for a credential of the web app."""
        return next(iter(self._raw.get("provider") or {}), "")

    @cached_property
    def provider(self) -> Provider:
        """The provider.

        Raises:
            TroubleError: There is none of that name.
        """
        try:
            return provider_of(self.member)
        except CredentialError as error:
            raise TroubleError(Reason.PROVIDER_INVALID, error.message) from None

    @cached_property
    def values(self) -> Mapping[str, Given]:
        """The provider's values by field key."""
        names = names_of_fields(self.provider.type)
        block = self._raw["provider"][self.member] or {}
        return {names.get(name, name): given(value) for name, value in block.items()}

    @cached_property
    def outputs(self) -> tuple[Output, ...]:
        """The Secrets that are asked for."""
        return tuple(output(item) for item in self._raw.get("secrets") or ())

    @cached_property
    def verification(self) -> Verification:
        """When and how the credential is verified."""
        raw = self._raw.get("verification") or {}
        interval = seconds(str(raw.get("interval", "24h")))
        return Verification(
            max(interval, OFTEN) if interval else 0.0, str(raw.get("target", "")), bool(raw.get("gate", False))
        )

    @cached_property
    def rollout(self) -> Rollout | None:
        """Whose pods are made anew; nothing when nobody's are."""
        raw = self._raw.get("rolloutRestart")
        if not raw:
            return None
        listed = tuple((str(item["kind"]), str(item["name"])) for item in raw.get("targets") or ())
        return Rollout(listed, raw.get("matchLabels") or {})

    @property
    def retain(self) -> bool:
        """Tell whether outputs stay when the resource goes."""
        return self._raw.get("deletionPolicy") == RETAIN

    def given(self) -> Iterator[Given]:
        """Give every value and option."""
        if not self.store:
            yield from self.values.values()
        for wanted in self.outputs:
            yield from wanted.options.values()

    @property
    def sealed(self) -> bool:
        """Tell whether a value is sealed."""
        return any(isinstance(value, Sealed) for value in self.given())

    @cached_property
    def sources(self) -> Mapping[str, frozenset[str]]:
        """Names of the Secrets that it refers to, each with the keys."""
        found: dict[str, set[str]] = {}
        for value in self.given():
            if isinstance(value, Reference):
                found.setdefault(value.name, set()).add(value.key)
        return {name: frozenset(found[name]) for name in sorted(found)}


@cache
def names_of_fields(provider_type: str) -> Mapping[str, str]:
    """Return the fields' own keys by their names in a resource."""
    return keys(PROVIDERS[provider_type].fields)


@cache
def names_of_options(format_key: str) -> Mapping[str, str]:
    """Return the options' own keys by their names in a resource; nothing for an unknown format."""
    return keys(FORMATS[format_key].options) if format_key in FORMATS else {}


def output(raw: Mapping[str, Any]) -> Output:
    """Read one output; options of an unknown format keep their names."""
    names = names_of_options(str(raw["format"]))
    options = {names.get(name, name): given(value) for name, value in (raw.get("options") or {}).items()}
    return Output(raw["name"], raw["format"], options, raw.get("labels") or {}, raw.get("annotations") or {})


def given(raw: Any) -> Given:
    """Read one value: plain, or an object that says where it is."""
    if not isinstance(raw, Mapping):
        return raw
    reference = raw.get("secretKeyRef")
    if reference:
        return Reference(str(reference["name"]), str(reference["key"]))
    if "sealed" in raw:
        return Sealed(str(raw["sealed"]))
    return Generate() if raw.get("generate") else None


def seconds(text: str) -> float:
    """Return a duration such as `6h`, `1h30m` or `0` in seconds; what is none counts as a day."""
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return 0.0 if text.strip("0smh") == "" else DAY
    return sum(float(number) * _UNITS[unit] for number, unit in parts)

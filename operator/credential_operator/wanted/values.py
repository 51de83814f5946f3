"""Puts the values of a resource together: from its Secrets, from sealed texts, from the resource itself."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote

from credential_operator.names import GROUP, PLURAL, VERSION
from credential_operator.reasons import Reason, TroubleError
from credential_operator.wanted.spec import Given, Output, Reference, Sealed, Spec
from webapp.core.errors import CredentialError
from webapp.core.fields import LONG_KINDS, Attributes, Field, Level
from webapp.core.formats import FORMATS
from webapp.core.naming import camel
from webapp.core.providers.base import Provider
from webapp.core.validation import check


@dataclass(frozen=True, slots=True)
class Place:
    """Where a resource is."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def path(self) -> str:
        """Its path at the API server."""
        return f"/apis/{GROUP}/{VERSION}/namespaces/{self.namespace}/{PLURAL}/{quote(self.name)}"


@dataclass(frozen=True, slots=True)
class Read:
    """A Secret as it was read: its version, and those of its values that somebody refers to, in base64."""

    version: str
    data: Mapping[str, str] = field(repr=False)


class Opener(Protocol):
    """Opens sealed values."""

    def open(self, namespace: str, name: str, field: str, sealed: str) -> str:
        """Return the value; raises a `CredentialError`, whose `reason` is a condition's, when it is not for here."""
        ...


class Resolver:
    """Turns what a resource gives into values.

    Args:
        place: The resource.
        reads: The Secrets that it refers to; nothing for one that is not there.
        opener: Opens sealed values.
    """

    def __init__(self, place: Place, reads: Mapping[str, Read | None], opener: Opener) -> None:
        self._place, self._reads, self._opener = place, reads, opener

    def value(self, given: Given, name: str, declared: Field | None) -> object:
        """Return one value; `name` is what a sealed value was sealed for.

        Raises:
            TroubleError: It is not there, or is not readable.
        """
        if isinstance(given, Reference):
            text = self._referred(given)
            return text if declared and declared.kind in LONG_KINDS else text.removesuffix("\n")
        if isinstance(given, Sealed):
            return self._opened(given, name)
        return given

    def _opened(self, given: Sealed, name: str) -> str:
        try:
            return self._opener.open(self._place.namespace, self._place.name, name, given.text)
        except CredentialError as error:
            reason = getattr(error, "reason", "")
            known = Reason(reason) if reason in set(Reason) else Reason.STORE_UNAVAILABLE
            message = sentence(name, error.message)
            raise TroubleError(known, message, retry=known is Reason.STORE_UNAVAILABLE) from None

    def _referred(self, wanted: Reference) -> str:
        read = self._reads.get(wanted.name)
        if read is None:
            raise TroubleError(Reason.SOURCE_NOT_FOUND, f"There is no Secret {wanted.name} in this namespace.")
        if wanted.key not in read.data:
            raise TroubleError(Reason.SOURCE_KEY_NOT_FOUND, f"The Secret {wanted.name} has no key {wanted.key}.")
        try:
            return base64.b64decode(read.data[wanted.key], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise TroubleError(
                Reason.SOURCE_UNDECODABLE,
                f"The value under {wanted.key} in the Secret {wanted.name} is no text in UTF-8.",
            ) from None


def attributes_of(spec: Spec, resolver: Resolver) -> Attributes:
    """Return the checked values of the resource's own credential.

    Raises:
        TroubleError: A value is missing or breaks a rule; the first finding is told, on its field.
    """
    declared = {known.key: known for known in spec.provider.fields}
    raw = {key: resolver.value(given, camel(key), declared.get(key)) for key, given in spec.values.items()}
    checked = check(spec.provider, raw)
    for problem in checked.problems:
        if problem.level is Level.ERROR:
            raise TroubleError(Reason.VALUE_INVALID, sentence(camel(problem.field), problem.message))
    return checked.attributes


def sentence(name: str, message: str) -> str:
    """Return a sentence with the name of its field in front, unless it speaks of the whole."""
    return f"{name}: {message}" if name else message


def options_of(output: Output, resolver: Resolver) -> dict[str, object]:
    """Return an output's options with their values; those that are generated stay out.

    Raises:
        TroubleError: A value is not there or not readable.
    """
    known = FORMATS.get(output.format)
    declared = {option.key: option for option in known.options} if known else {}
    raw = {
        key: resolver.value(given, f"{output.name}/{camel(key)}", declared.get(key))
        for key, given in output.options.items()
    }
    return {key: value for key, value in raw.items() if value is not None and not hasattr(value, "__slots__")}


def refuse_at_once(spec: Spec, provider: Provider) -> None:
    """Refuse what the resource alone shows to be impossible, before anything is read or written.

    Raises:
        TroubleError: A format cannot carry the provider, or an output is also a source.
    """
    for wanted in spec.outputs:
        if wanted.name in spec.sources:
            raise TroubleError(
                Reason.OUTPUT_IS_SOURCE,
                f"The output {wanted.name} is also a Secret that values are read from. Give it another name.",
            )
        known = FORMATS.get(wanted.format)
        if known is None:
            raise TroubleError(Reason.FORMAT_UNSUPPORTED, f"This version knows no format {wanted.format}.")
        if refusal := known.refusal(provider):
            raise TroubleError(Reason.FORMAT_UNSUPPORTED, sentence(wanted.name, refusal))

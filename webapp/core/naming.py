"""Names and values in resources and in the JSON of the outside world: camelCase, as Kubernetes has them.

A field keeps its own key in the store, in forms and in exports (`access_key_id`); in a resource it is `accessKeyId`. A
provider keeps its type (`GOOGLE_CLOUD_STORAGE`); as a member of `spec.provider` it is `googleCloudStorage`. Nobody
else turns one into the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from webapp.core.errors import PermanentError
from webapp.core.fields import Field, Kind, Value, as_text
from webapp.core.providers import PROVIDERS
from webapp.core.providers.base import Provider

TRUTH = frozenset({"true", "false"})

SPOKEN = {"2fa": "twoFactorCode"}
"""Keys that would be no identifier: a path such as `.spec.provider.mega.2fa` cannot be written in CEL or JSONPath."""


def camel(key: str) -> str:
    """Return a field's or an option's key as a resource has it: `access_key_id` becomes `accessKeyId`."""
    first, *others = SPOKEN.get(key, key).split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in others)


def kind_of(field: Field) -> type[bool | int | str]:
    """Return what the value of a field is in a resource: a choice of yes or no is a boolean, one of numbers a number."""
    named = frozenset(choice.value for choice in field.choices if choice.value and field.kind is Kind.CHOICE)
    if field.kind is Kind.BOOLEAN or named == TRUTH:
        return bool
    numbers = bool(named) and all(value.isdigit() for value in named)
    return int if numbers or field.kind in {Kind.INTEGER, Kind.PORT} else str


def in_resource(field: Field, value: Value) -> Value:
    """Return a stored value as a resource has it."""
    text, kind = as_text(value), kind_of(field)
    return text == "true" if kind is bool else kind(text)


def member(provider_type: str) -> str:
    """Return the member of `spec.provider` for a provider's type: `GOOGLE_CLOUD_STORAGE` gives `googleCloudStorage`."""
    return camel(provider_type.lower())


@cache
def members() -> Mapping[str, Provider]:
    """Return every provider by its member of `spec.provider`, in the order of the page."""
    return {member(known.type): known for known in PROVIDERS.values()}


def provider_of(name: str) -> Provider:
    """Return the provider of a member of `spec.provider`.

    Raises:
        PermanentError: There is no such member.
    """
    found = members().get(name)
    if found is None:
        known = ", ".join(members())
        raise PermanentError(f"There is no such provider. Known are {known}.", field="provider")
    return found


def keys(fields: Iterable[Field]) -> Mapping[str, str]:
    """Return the fields' own keys by their names in a resource, to read a resource with."""
    return {camel(field.key): field.key for field in fields}

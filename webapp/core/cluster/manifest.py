"""A stored credential as a resource: `BackupCredential` with its secrets sealed for one namespace and name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from webapp.core.cluster.publishing import LONGEST
from webapp.core.errors import PermanentError, readable
from webapp.core.formats.textfiles import yaml_scalar
from webapp.core.naming import camel, in_resource, member
from webapp.core.providers import provider as find_provider
from webapp.core.store.audit import About, Action

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.core.fields import Attributes, Field, Value
    from webapp.core.providers.base import Provider
    from webapp.core.sealing import Sealing
    from webapp.core.store import Credential, Store

API_VERSION = "backupcredentials.dev/v1alpha1"
KIND = "BackupCredential"

LABEL = re.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?")
SUBDOMAIN = re.compile(rf"{LABEL.pattern}(\.{LABEL.pattern})*")
LONGEST_NAME = 253
"""What namespaces and resources are called (RFC 1123 label and subdomain)."""

KEYPAIR = "private_key"
"""The field that names a stored SSH keypair, which only the web app has; a resource gets the key itself."""


class Copies:
    """Copies stored credentials out as resources.

    Args:
        store: The encrypted store.
        sealing: Seals the secrets.
        private_key: Returns the private key of a stored keypair by what an SFTP credential names it by.
    """

    def __init__(self, store: Store, sealing: Sealing, private_key: Callable[[str], str]) -> None:
        self._store = store
        self._sealing = sealing
        self._private_key = private_key

    def manifest(self, credential_id: str, namespace: str, name: str, *, by: str) -> str:
        """Return a stored credential as a resource in YAML; its secrets open in this place only.

        Raises:
            NotFoundError: There is no such credential.
            PermanentError: It cannot be read or copied, or a name is none.
        """
        credential = self._store.credentials.get(credential_id)
        namespace, name = check_names(namespace, name)
        about: About = {"kind": "credential", "subject": credential.id, "name": credential.name, "who": by}
        about["detail"] = {"format": "manifest", "namespace": namespace, "resource": name}
        with self._store.audit.failures(Action.READ, **about):
            refuse_uncopyable(credential)
            values = self._with_key(credential.attributes)
            seal = partial(self._sealing.seal, namespace, name, by=by)
            text = sealed_manifest(find_provider(credential.provider), values, namespace, name, seal)
        self._store.audit.note(Action.READ, **about)
        return text

    def _with_key(self, attributes: Attributes) -> Attributes:
        keypair = attributes.get(KEYPAIR)
        return {**attributes, "key_pem": self._private_key(str(keypair))} if keypair else attributes


def refuse_uncopyable(credential: Credential) -> None:
    """Refuse what cannot be read, and what may live in one place only.

    Raises:
        PermanentError: The sentence says why.
    """
    if readable(credential).attributes.get("token"):
        raise PermanentError(
            "This credential has an OAuth token, which can be renewed in one place only. Publish it to the namespace "
            "instead; it stays here, and resources refer to it."
        )


def check_names(namespace: str, name: str) -> tuple[str, str]:
    """Return the namespace and the name of a resource, trimmed.

    Raises:
        PermanentError: One of them is none.
    """
    namespace, name = namespace.strip(), name.strip()
    if len(namespace) > LONGEST or not LABEL.fullmatch(namespace):
        raise PermanentError(
            "The name of a namespace has up to 63 lower-case letters, digits and hyphens, and begins and ends with a "
            "letter or a digit.",
            field="namespace",
        )
    if len(name) > LONGEST_NAME or not SUBDOMAIN.fullmatch(name):
        raise PermanentError(
            "The name of a resource has up to 253 lower-case letters, digits, hyphens and dots; each part between dots "
            "begins and ends with a letter or a digit.",
            field="resource",
        )
    return namespace, name


def sealed_manifest(
    provider: Provider, values: Attributes, namespace: str, name: str, seal: Callable[[str, str], str]
) -> str:
    """Return the resource as YAML.

    Args:
        provider: Whose values they are.
        values: The values by field key.
        namespace: Where the resource is going to be.
        name: What it is going to be called.
        seal: Seals a value for a field of this resource.
    """
    elsewhere = {KEYPAIR, provider.target}
    shown = [field for field in provider.fields if field.key in values and field.key not in elsewhere]
    target = values.get(provider.target, "")
    resource = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "provider": {member(provider.type): {camel(f.key): _node(f, values[f.key], seal) for f in shown}},
            **({"verification": {"target": target}} if target else {}),
        },
    }
    return "\n".join(_yaml(resource)) + "\n"


def _node(field: Field, value: Value, seal: Callable[[str, str], str]) -> object:
    return {"sealed": seal(camel(field.key), str(value))} if field.secret else in_resource(field, value)


def _yaml(node: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    """Give the lines of a mapping; an armor stands as it is."""
    for key, value in node.items():
        if isinstance(value, Mapping):
            yield f"{indent}{key}:"
            yield from _yaml(value, indent + "  ")  # pyright: ignore[reportUnknownArgumentType]  any mapping of ours
        elif isinstance(value, str) and "\n" in value and value.isascii() and value.strip() == value.removesuffix("\n"):
            yield f"{indent}{key}: |" + ("" if value.endswith("\n") else "-")
            yield from (f"{indent}  {line}" for line in value.splitlines())
        else:
            yield f"{indent}{key}: {yaml_scalar(value)}"

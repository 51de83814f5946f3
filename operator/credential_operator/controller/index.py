"""Who refers to which Secret, who asks for which, and what is known of those Secrets: never a value."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from credential_operator.controller.held import Held, number
from credential_operator.names import ADOPT, KIND, OWNER
from credential_operator.wanted.values import Place


@dataclass(frozen=True, slots=True)
class SecretMeta:
    """What is known of a Secret.

    Attributes:
        version: Its resourceVersion.
        uid: Its id.
        owner: The resource that it says it was made for.
        controller: Kind, name and uid of its controlling owner; empty texts when it has none.
        adopt: The resource that may take it over.
    """

    version: str
    uid: str
    owner: str = ""
    controller: tuple[str, str, str] = ("", "", "")
    adopt: str = ""

    @classmethod
    def of(cls, meta: Mapping[str, Any]) -> SecretMeta:
        """Read the metadata of a Secret."""
        annotations = meta.get("annotations") or {}
        found = next((item for item in meta.get("ownerReferences") or () if item.get("controller")), None)
        controller = (found["kind"], found["name"], found["uid"]) if found else ("", "", "")
        owner, adopt = annotations.get(OWNER, ""), annotations.get(ADOPT, "")
        return cls(meta["resourceVersion"], meta["uid"], owner, controller, adopt)

    def belongs_to(self, name: str) -> bool:
        """Tell whether it was made for the resource of this name, and nobody else's controller has it."""
        kind, controller, _ = self.controller
        return self.owner == name and (not kind or (kind, controller) == (KIND, name))


Secret = tuple[str, str]
"""Namespace and name of a Secret."""


class Index:
    """Everything that is remembered, by name."""

    def __init__(self) -> None:
        self.resources: dict[Place, Held] = {}
        self.metas: dict[Secret, SecretMeta] = {}
        self._readers: dict[Secret, set[str]] = {}
        self._claims: dict[Secret, set[str]] = {}
        self._whole = True

    def put(self, held: Held, before: tuple[Iterable[str], Iterable[str]] = ((), ())) -> set[Place]:
        """Remember a resource; return those that are touched by what it asked for before and no longer does."""
        namespace, name = held.place.namespace, held.place.name
        self.resources[held.place] = held
        touched = self._forget(held.place, before[0], set(before[1]) - set(held.outputs))
        for source in held.sources:
            self._readers.setdefault((namespace, sys.intern(source)), set()).add(name)
        for output in held.outputs:
            self._claims.setdefault((namespace, output), set()).add(name)
        return touched

    def drop(self, place: Place) -> set[Place]:
        """Forget a resource; return those that waited for one of its outputs."""
        held = self.resources.pop(place, None)
        return self._forget(place, held.sources, held.outputs) if held else set()

    def _forget(self, place: Place, sources: Iterable[str], outputs: Iterable[str]) -> set[Place]:
        touched: set[Place] = set()
        for table, names in ((self._readers, sources), (self._claims, outputs)):
            for secret in ((place.namespace, name) for name in names):
                users = table.get(secret, set())
                users.discard(place.name)
                if table is self._claims:
                    touched |= {Place(place.namespace, user) for user in users}
                if not users:
                    table.pop(secret, None)
                self._let_go(secret)
        return touched

    def _let_go(self, secret: Secret) -> None:
        if not self._whole and secret not in self._readers and secret not in self._claims:
            self.metas.pop(secret, None)

    def users(self, secret: Secret) -> Iterator[Held]:
        """Give those that refer to a Secret or ask for it."""
        return self._held(secret[0], self._readers.get(secret, set()) | self._claims.get(secret, set()))

    def readers(self, secret: Secret) -> Iterator[Held]:
        """Give those that refer to a Secret."""
        return self._held(secret[0], self._readers.get(secret, set()))

    def _held(self, namespace: str, names: Iterable[str]) -> Iterator[Held]:
        found = (self.resources.get(Place(namespace, name)) for name in names)
        return (held for held in found if held)

    def claimants(self, secret: Secret) -> list[Held]:
        """Return those that ask for a Secret, the oldest first."""
        found = self._held(secret[0], self._claims.get(secret, set()))
        return sorted((held for held in found if not held.ending), key=lambda held: held.age)

    def seen(self, meta: Mapping[str, Any]) -> bool:
        """Take the metadata of a Secret; tell whether it is news to somebody here."""
        secret = (sys.intern(meta["namespace"]), meta["name"])
        if not self._whole and secret not in self._readers and secret not in self._claims:
            return False
        known = self.metas.get(secret)
        if known and number(known.version) >= number(meta["resourceVersion"]) and known.uid == meta["uid"]:
            return False
        self.metas[secret] = SecretMeta.of(meta)
        return True

    def gone(self, namespace: str, name: str) -> None:
        """Forget a Secret that is no longer there."""
        self.metas.pop((namespace, name), None)

    def prune(self) -> None:
        """From now on remember only Secrets that somebody here refers to or asks for."""
        self._whole = False
        kept = self._readers.keys() | self._claims.keys()
        self.metas = {secret: meta for secret, meta in self.metas.items() if secret in kept}

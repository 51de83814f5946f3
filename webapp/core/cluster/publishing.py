"""Offers stored credentials to namespaces, and answers the operator who asks for one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from webapp.core.errors import NotFoundError, PermanentError
from webapp.core.store.audit import Action, about
from webapp.core.store.names import name_key

if TYPE_CHECKING:
    from webapp.core.store import Credential, Store
    from webapp.core.store.cluster import ClusterCredential, Offer, Publication

LONGEST = 63
"""Letters that the name of a namespace may have (RFC 1123 label)."""

PATTERN = re.compile(r"[a-z0-9*]([a-z0-9*-]*[a-z0-9*])?")


class NotPublishedError(PermanentError):
    """A namespace asked for a stored credential that it was not offered; `reason` is the word for a condition."""

    reason = "NotPublished"


class Publishing:
    """Publishes, withdraws, and answers whether a namespace may have a credential.

    Args:
        store: The encrypted store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def publish(self, credential_id: str, patterns: Iterable[str], *, by: str) -> None:
        """Offer a stored credential to namespaces, by exact names or patterns with `*`; all of them or none.

        Raises:
            NotFoundError: There is no such credential.
            PermanentError: One is no namespace and no pattern.
        """
        credential = self._store.credentials.get(credential_id)
        with self._store.audit.failures(Action.PUBLISH, **about("credential", credential, by)):
            checked = checked_patterns(patterns)
            with self._store.together():
                for pattern in checked:
                    self._store.publications.add(credential_id, pattern, by=by)

    def withdraw(self, publication_id: str, *, by: str) -> list[ClusterCredential]:
        """End an offer and return the resources that it fed; the operator removes their Secrets.

        Raises:
            NotFoundError: There is no such publication.
        """
        fed = self.fed_by(self._store.publications.get(publication_id))
        self._store.publications.remove(publication_id, by=by)
        return fed

    def fed_by(self, publication: Publication) -> list[ClusterCredential]:
        """Return the resources that get their credential by this publication and by no other one."""
        others = [
            one.pattern for one in self._store.publications.list(publication.credential) if one.id != publication.id
        ]
        return [
            resource
            for resource in self._store.cluster.fed_by(publication.credential)
            if fits(publication.pattern, resource.namespace)
            and not any(fits(pattern, resource.namespace) for pattern in others)
        ]

    def published(self, name: str, namespace: str) -> Credential:
        """Return the stored credential of this name, if this namespace was offered it. The operator asks this.

        An OAuth token in it may have ended: give the values to `TokenDoor.fresh` with the credential's id.

        Raises:
            NotPublishedError: It was not offered here; a name that does not exist is not told from one that does.
            PermanentError: It was, but cannot be read.
            TransientError: The database does not answer.
        """
        wanted = name_key(name)
        for offer in self.offers().values():
            if offer.name_key == wanted and any(fits(pattern, namespace) for pattern in offer.patterns):
                return self._readable(offer.credential, name, namespace)
        raise _not_published(name, namespace)

    def offers(self) -> Mapping[str, Offer]:
        """Return everything that is offered, by the credential's id, without reading a value.

        It is one small query, fit to be asked for once a second; `changed_names` compares two answers.

        Raises:
            TransientError: The database does not answer.
        """
        return self._store.publications.offers()

    def _readable(self, credential_id: str, name: str, namespace: str) -> Credential:
        try:
            credential = self._store.credentials.get(credential_id)
        except NotFoundError:
            raise _not_published(name, namespace) from None
        if credential.damaged:
            raise PermanentError(credential.damaged, field="store")
        return credential


def changed_names(before: Mapping[str, Offer], after: Mapping[str, Offer]) -> set[str]:
    """Return the names, as `name_key` has them, of which a resource may get other values now, or none any more.

    A new version of the values, a new name, another pattern, a new and a withdrawn publication all count.
    """
    differing = [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
    return {offers[key].name_key for key in differing for offers in (before, after) if key in offers}


def checked_patterns(patterns: Iterable[str]) -> list[str]:
    """Return namespaces and patterns, trimmed.

    Raises:
        PermanentError: There is none, or one is neither.
    """
    checked = [check_pattern(pattern) for pattern in patterns]
    if not checked:
        raise PermanentError("Name at least one namespace.", field="namespaces")
    return checked


def check_pattern(text: str) -> str:
    """Return a namespace or a pattern, trimmed.

    Raises:
        PermanentError: It is neither.
    """
    pattern = text.strip()
    if not pattern:
        raise PermanentError("Name a namespace.", field="namespaces")
    if len(pattern) > LONGEST or not PATTERN.fullmatch(pattern):
        raise PermanentError(
            "A namespace has up to 63 lower-case letters, digits and hyphens, and begins and ends with a letter or a "
            "digit. In a pattern, * stands for any letters, as in team-*.",
            field="namespaces",
        )
    return pattern


def fits(pattern: str, namespace: str) -> bool:
    """Tell whether a pattern names a namespace; the whole name has to fit."""
    return fnmatchcase(namespace, pattern)


def _not_published(name: str, namespace: str) -> NotPublishedError:
    return NotPublishedError(
        f"No stored credential “{name[:100]}” is published to the namespace {namespace}. Publish it there on its page, "
        "or name another one.",
        field="store",
    )

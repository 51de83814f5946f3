"""The credential that a resource speaks of: its own, or one of the web app that was published to its namespace."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from credential_operator.controller.held import Held
from credential_operator.controller.offload import Offload
from credential_operator.controller.sources import Sources
from credential_operator.controller.tokens import ResourceTokens, end_of, lasting, seconds_left
from credential_operator.reasons import Reason, TroubleError
from credential_operator.wanted.made import Made, make, rendered, told
from credential_operator.wanted.spec import Output, Spec
from credential_operator.wanted.values import (
    Opener,
    Place,
    Read,
    Resolver,
    attributes_of,
    options_of,
    refuse_at_once,
    sentence,
)
from webapp.core.errors import CredentialError
from webapp.core.fields import Attributes, as_text
from webapp.core.formats import FORMATS, Format, Rendered, Source, check_options
from webapp.core.formats.service import TO_KEEP
from webapp.core.naming import camel
from webapp.core.providers import provider as find_provider
from webapp.core.providers.base import Provider
from webapp.core.store import Credential

BY = "operator"
HASH_DIGITS = 32


class Published(Protocol):
    """The web app's credentials that namespaces may have."""

    def published(self, name: str, namespace: str) -> Credential:
        """Return a credential; raises an error whose `reason` is `NotPublished` when the namespace may not have it."""
        ...


class Renderer(Protocol):
    """Hands a credential of the web app to a tool."""

    def render_for_resource(self, credential_id: str, format_key: str, options: Mapping[str, object]) -> Rendered:
        """Return it in the tool's shape."""
        ...


class Generated(Protocol):
    """Keeps the secrets that are generated for resources."""

    def secret(self, namespace: str, name: str, repository: str, option: str) -> str:
        """Return one; the first call makes it."""
        ...


@dataclass(frozen=True, slots=True)
class Keepers:
    """The parts of the store that a resource may need."""

    opener: Opener
    published: Published
    renderer: Renderer
    generated: Generated
    tokens: ResourceTokens


@dataclass(frozen=True, slots=True)
class Known:
    """A credential with all that belongs to it.

    Attributes:
        source: What is handed out.
        stored: Id of the web app's credential; empty for a resource's own.
        resolver: Resolves what the outputs' options give.
        fingerprint: Keyed hash over all values and the place that is verified.
        whole: The values with the whole OAuth token; those of the source when there is none.
        lasts: Seconds until the token in it has to be renewed; 0 for never.
        ends: When that token ends, in seconds since 1970; 0 for never.
    """

    source: Source
    stored: str
    resolver: Resolver = field(repr=False)
    fingerprint: str
    whole: Attributes = field(repr=False)
    lasts: float = 0.0
    ends: float = 0.0

    @property
    def provider(self) -> Provider:
        """The provider."""
        return self.source.provider


class Credentials:
    """Puts credentials together.

    Args:
        sources: Reads Secrets.
        keepers: The store.
        offload: Where the store is asked.
        renewing: Where it is asked when a token may have to be renewed, for which a provider is waited for.
        key: Key of the hashes.
    """

    def __init__(self, sources: Sources, keepers: Keepers, offload: Offload, renewing: Offload, key: bytes) -> None:
        self._sources, self._keepers, self._key = sources, keepers, key
        self._offload, self._renewing = offload, renewing

    async def read(self, held: Held, spec: Spec) -> tuple[Mapping[str, Read | None], Sequence[Mapping[str, str]]]:
        """Read every Secret that is referred to; return them, and the versions of those that are there.

        Raises:
            KubeError: The API server refused, or did not answer.
        """
        namespace, wanted = held.place.namespace, spec.sources
        found = [await self._sources.read((namespace, name), keys) for name, keys in wanted.items()]
        reads = dict(zip(wanted, found, strict=True))
        versions = [{"name": name, "resourceVersion": read.version} for name, read in reads.items() if read]
        return reads, versions

    async def know(self, place: Place, spec: Spec, reads: Mapping[str, Read | None]) -> Known:
        """Put the credential together.

        Raises:
            TroubleError: It cannot be; the reason says why.
        """
        resolver = Resolver(place, reads, self._keepers.opener)
        if spec.store:
            return await self._offload(self._stored, place, spec, resolver)
        refuse_at_once(spec, spec.provider)
        if spec.sealed:  # opening asks the store for its keys
            attributes = await self._offload(attributes_of, spec, resolver)
        else:
            attributes = attributes_of(spec, resolver)
        known = self._known(Source(place.name, spec.provider, attributes), "", resolver, spec)
        return await self._renewing(self._with_token, place, known) if "token" in attributes else known

    def _known(self, source: Source, stored: str, resolver: Resolver, spec: Spec) -> Known:
        fingerprint = self._fingerprint(source, spec.verification.target)
        return Known(source, stored, resolver, fingerprint, source.attributes)

    def _with_token(self, place: Place, known: Known) -> Known:
        """Put a token in that can be used as it is."""
        given, tokens = known.source.attributes, self._keepers.tokens
        fresh = tokens.fresh(place, known.provider, given)
        source = replace(known.source, attributes=fresh)
        whole = tokens.whole(place, given)
        return replace(known, source=source, whole=whole, lasts=seconds_left(whole), ends=end_of(whole))

    def _stored(self, place: Place, spec: Spec, resolver: Resolver) -> Known:
        try:
            found = self._keepers.published.published(spec.store, place.namespace)
        except CredentialError as error:
            known = getattr(error, "reason", "") == Reason.NOT_PUBLISHED
            reason = Reason.NOT_PUBLISHED if known else Reason.STORE_UNAVAILABLE
            raise TroubleError(reason, error.message, retry=not known) from None
        source = Source(found.name, find_provider(found.provider), found.attributes)
        refuse_at_once(spec, source.provider)
        lasts = seconds_left(found.attributes) if any(map(takes_access_token, spec.outputs)) else 0.0
        ends = end_of(found.attributes) if lasts else 0.0
        return replace(self._known(source, found.id, resolver, spec), lasts=lasts, ends=ends)

    async def outputs(self, place: Place, spec: Spec, known: Known) -> list[Made]:
        """Return every Secret that the resource leads to.

        Raises:
            TroubleError: One of them cannot be made.
        """
        return [await self._output(wanted, place, known) for wanted in spec.outputs]

    async def _output(self, wanted: Output, place: Place, known: Known) -> Made:
        declared = FORMATS[wanted.format]
        if known.stored or declared.kept_options:  # what is sealed or kept is asked of the store
            asked = self._renewing if "token" in known.source.attributes else self._offload
            shape = await asked(self._rendered, wanted, place, known)
        else:
            shape = shaped(wanted, known, options_of(wanted, known.resolver))
        return make(wanted, place, shape, self._key)

    def _rendered(self, wanted: Output, place: Place, known: Known) -> Rendered:
        options, declared = options_of(wanted, known.resolver), FORMATS[wanted.format]
        missing = [option.key for option in declared.kept_options if option.key not in options]
        if missing:
            repository = repository_of(wanted.name, declared, options, missing)
            options |= {key: self._generated(place, repository, key) for key in missing}
        if not known.stored:
            return shaped(wanted, known, options)
        with told(wanted):
            # What is written into a Secret stands in the audit, not each look at what it should be: see the mirror.
            return self._keepers.renderer.render_for_resource(known.stored, wanted.format, options)

    def _generated(self, place: Place, repository: str, option: str) -> str:
        """Return a repository's secret, made once and kept."""
        try:
            return self._keepers.generated.secret(place.namespace, place.name, repository, option)
        except CredentialError as error:
            raise TroubleError(Reason.STORE_UNAVAILABLE, error.message, retry=True) from None

    def _fingerprint(self, source: Source, target: str) -> str:
        attributes = dict(source.attributes)
        attributes["token"] = lasting(str(attributes.get("token", "")))
        text = json.dumps([source.provider.type, target, attributes], sort_keys=True)
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:HASH_DIGITS]


def takes_access_token(wanted: Output) -> bool:
    """Tell whether an output holds an access token that has to be renewed in time, if the credential has one."""
    return wanted.options.get("token") != "whole"


def to_verify(known: Known, spec: Spec) -> Attributes:
    """Return the values that are verified: the place to look into may be named by the resource."""
    target, field_key = spec.verification.target, known.provider.target
    return {**known.source.attributes, field_key: target} if target and field_key else known.source.attributes


def shaped(wanted: Output, known: Known, options: Mapping[str, object]) -> Rendered:
    """Return the credential in the shape of an output; whoever asks for the whole token renews it from then on."""
    source = known.source
    if options.get("token") == "whole":
        source = replace(source, attributes=known.whole)
    return rendered(wanted, source, options)


def repository_of(output: str, wanted: Format, options: Mapping[str, object], missing: list[str]) -> str:
    """Return the name of the repository whose secrets are kept, once all other options are right.

    Raises:
        TroubleError: One of them is not; nothing may be kept for it.
    """
    checked = check_options(wanted, {**options, **dict.fromkeys(missing, TO_KEEP)})
    for name, messages in checked.errors.items():
        raise TroubleError(Reason.OPTION_INVALID, sentence(output, sentence(camel(name), messages[0])))
    return as_text(checked.attributes.get(wanted.kept_by, ""))

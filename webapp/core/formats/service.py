"""Hands a stored credential to a tool: what the page, the commands and the operator call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from webapp.core.errors import TransientError, readable
from webapp.core.fields import Attributes, as_text
from webapp.core.formats import Format, Rendered, Source, UnsupportedFormatError, check_options, find_format, render
from webapp.core.formats.masking import masked
from webapp.core.oauth.endpoints import token_endpoint
from webapp.core.providers import provider as find_provider
from webapp.core.ssh.choosing import with_private_key
from webapp.core.store.audit import About, Action
from webapp.core.store.faults import ChangedError
from webapp.core.tokens import SPARE, Token
from webapp.core.validation import InvalidValuesError

if TYPE_CHECKING:
    from webapp.core.oauth.refresh import TokenDoor
    from webapp.core.providers.base import Provider
    from webapp.core.store import Credential, Store

TO_KEEP = "to be kept"
"""Stands for a repository's secret while the other options are checked."""


TRIES = 5
"""How often a renewed token is written over someone else's change."""


class FormatService:
    """Renders stored credentials.

    Args:
        store: Holds the credentials and the repositories' secrets.
        door: Gives fresh access tokens; asked for only when a credential has a token.
        private_key: Returns the private key of a stored keypair by what an SFTP credential names it by.
    """

    def __init__(
        self, store: Store, door: Callable[[], TokenDoor], private_key: Callable[[str], str] | None = None
    ) -> None:
        self._store = store
        self._door = door
        self._private_key = private_key

    def render(self, credential_id: str, format_key: str, raw: Mapping[str, object], *, by: str) -> Rendered:
        """Return a credential in a tool's shape; a repository's secret that is not given is the kept one.

        One that was never given is generated and kept, once everything else is known to be right. That somebody read
        the credential stands in the audit, and that it was refused.

        Raises:
            NotFoundError: There is no such credential or format.
            UnsupportedFormatError: The format cannot carry this credential.
            InvalidValuesError: An option cannot work.
            PermanentError: The credential cannot be read, or its token can no longer be renewed.
            TransientError: The provider that renews its token is out of reach.
        """
        about: About = {"kind": "credential", "subject": credential_id, "who": by, "detail": {"format": format_key}}
        about["name"] = self._store.credentials.get(credential_id).name
        with self._store.audit.failures(Action.READ, **about):
            credential, provider, wanted = self._readable(credential_id, format_key)
            options = self._refuse_wrong(wanted, raw)
            source = self._source(credential, provider, options)
            wanted.produce(source, options)
            made = render(format_key, source, {**raw, **self._kept(wanted, credential.id, options, raw, by)})
        self._store.audit.note(Action.READ, **about)
        return made

    def render_for_resource(self, credential_id: str, format_key: str, options: Mapping[str, object]) -> Rendered:
        """Return a credential in a tool's shape for a resource of a cluster.

        What is kept with the credential for its repositories stays here: resources of other namespaces are fed by the
        same credential. So a repository's secret has to be given, and what is given is not kept. That the credential was
        read is noted by whoever writes it into a Secret.

        Raises:
            CredentialError: As from `render`.
        """
        credential, provider, wanted = self._readable(credential_id, format_key)
        source = self._source(credential, provider, self._refuse_wrong(wanted, options))
        return render(format_key, source, options)

    def _source(self, credential: Credential, provider: Provider, options: Attributes) -> Source:
        """Return what is handed out: with a fresh token and the private key."""
        attributes = with_private_key(provider, self._with_token(credential, provider, options), self._private_key)
        return Source(credential.name, provider, attributes)

    def preview(self, credential_id: str, format_key: str, raw: Mapping[str, object]) -> dict[str, str]:
        """Return the text of each key with every secret masked; nothing is kept, generated or renewed.

        Raises:
            NotFoundError: There is no such credential or format.
            UnsupportedFormatError: The format cannot carry this credential.
            InvalidValuesError: An option cannot work.
            PermanentError: The credential cannot be read.
        """
        credential, provider, wanted = self._readable(credential_id, format_key)
        options = self._refuse_wrong(wanted, raw)
        source = Source(credential.name, provider, with_private_key(provider, credential.attributes, self._private_key))
        return masked(wanted, source, options)

    def _readable(self, credential_id: str, format_key: str) -> tuple[Credential, Provider, Format]:
        """Return a credential that can be read and a format that can carry it."""
        credential = readable(self._store.credentials.get(credential_id))
        wanted, provider = find_format(format_key), find_provider(credential.provider)
        if refusal := wanted.refusal(provider):
            raise UnsupportedFormatError(refusal, field="format")
        return credential, provider, wanted

    def _refuse_wrong(self, wanted: Format, raw: Mapping[str, object]) -> Attributes:
        """Check the options before anything is kept or asked for."""
        filled = {option.key: TO_KEEP for option in wanted.kept_options if raw.get(option.key) in (None, "")}
        checked = check_options(wanted, {**raw, **filled})
        if not checked.ok:
            raise InvalidValuesError(checked)
        return checked.attributes

    def _kept(
        self, wanted: Format, credential_id: str, options: Attributes, raw: Mapping[str, object], by: str
    ) -> dict[str, str]:
        """Return the repository's secrets, kept from now on."""
        name = as_text(options.get(wanted.kept_by, ""))
        return {
            option.key: self._store.repositories.secret(
                credential_id, name, option.key, by=by, given=str(raw.get(option.key) or "")
            )
            for option in wanted.kept_options
        }

    def _with_token(self, credential: Credential, provider: Provider, options: Attributes) -> Attributes:
        if not credential.attributes.get("token") or not token_endpoint(provider.type, credential.attributes):
            return credential.attributes
        if options.get("token") == "whole":  # whoever gets it renews it
            return credential.attributes
        door, attributes = self._door(), credential.attributes
        return door.fresh(provider, attributes, credential_id=credential.id, spare=SPARE).attributes

    def take_back(self, credential_id: str, token: str, *, by: str) -> None:
        """Keep a token that a tool renewed; another change of the credential meanwhile is kept as well.

        Raises:
            PermanentError: It is no token, or the credential is gone.
            TransientError: Others change the credential all the time.
        """
        written = Token.from_json(token).to_json()
        for _ in range(TRIES):
            current = self._store.credentials.get(credential_id)
            if current.attributes.get("token") == written:
                return
            attributes = {**current.attributes, "token": written}
            try:
                self._store.credentials.change(credential_id, version=current.version, by=by, attributes=attributes)
            except ChangedError:
                continue
            return
        raise TransientError("The credential is being changed by others. Try again in a moment.", field="token")


def token_lock(credential_id: str) -> str:
    """Return the name of the lock under which a credential's token is renewed."""
    return f"token:{credential_id}"

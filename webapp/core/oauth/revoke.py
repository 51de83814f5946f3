"""Ends a token at the vendor, where the vendor has a way to."""

from __future__ import annotations

from functools import partial

from webapp.core.errors import CredentialError, PermanentError, TransientError
from webapp.core.fields import Attributes
from webapp.core.oauth.accounts import bearer
from webapp.core.oauth.refresh import TokenDoor
from webapp.core.oauth.refusals import refusal
from webapp.core.oauth.vendors import VENDORS
from webapp.core.oauth.web import Answer, ask, text
from webapp.core.providers import PROVIDERS
from webapp.core.store import Credential, Store
from webapp.core.store.audit import Action, Outcome
from webapp.core.tokens import Token

BY_ACCESS_TOKEN = frozenset({"DROPBOX", "YANDEX"})
"""Vendors that are asked with the access token, which must not have ended."""

OVER = frozenset({"invalid_token", "invalid_grant", "invalid_access_token"})
"""What vendors say to a token that is over already."""


def can_revoke(provider_type: str) -> bool:
    """Tell whether the vendor has a way to end a token."""
    vendor = VENDORS.get(provider_type)
    return bool(vendor and vendor.revoke)


def revoke_stored(store: Store, credential_id: str, door: TokenDoor) -> None:
    """End a stored credential's token at the vendor; how that ended is noted in the audit.

    Args:
        store: Where the credential is.
        credential_id: Whose token ends.
        door: Renews a token first where the vendor wants one that is still good.

    Raises:
        CredentialError: See `revoke`.
    """
    credential = store.credentials.get(credential_id)
    noted = partial(store.audit.note, Action.REVOKE, kind="credential", subject=credential.id, name=credential.name)
    try:
        revoke(credential.provider, _accepted(credential, door))
    except CredentialError as error:
        noted(outcome=Outcome.FAILED, detail={"why": error.message})
        raise
    noted(detail={"provider": credential.provider})


def _accepted(credential: Credential, door: TokenDoor) -> Attributes:
    """Return attributes with a token that the vendor lets end itself: the others are ended by their refresh token."""
    if credential.provider not in BY_ACCESS_TOKEN:
        return credential.attributes
    return door.fresh(PROVIDERS[credential.provider], credential.attributes, credential_id=credential.id).attributes


def revoke(provider_type: str, attributes: Attributes) -> None:
    """End a credential's token at the vendor, and with it all that came from the same log-in.

    Raises:
        PermanentError: The vendor refuses, or has no such way.
        TransientError: It is out of reach.
    """
    vendor = VENDORS[provider_type]
    if not vendor.revoke:
        raise PermanentError(f"{vendor.label} has no way to do this from here. Remove the app at {vendor.connected}.")
    token = Token.from_json(str(attributes.get("token", "{}")))
    answer = _asked(provider_type, token, attributes)
    said = text(answer.values, "error") or text(answer.values, "error", ".tag")
    if answer.ok or said in OVER:
        return
    refused = refusal(vendor, answer)
    if isinstance(refused, TransientError) or refused.field:
        raise refused
    raise PermanentError(f"{vendor.label} did not end the token. Remove the app at {vendor.connected}.")


def _asked(provider_type: str, token: Token, attributes: Attributes) -> Answer:
    client = {name: str(attributes.get(name, "")) for name in ("client_id", "client_secret")}
    if provider_type == "BOX":  # developer.box.com/reference/post-oauth2-revoke
        form = client | {"token": token.refresh_token or token.access_token}
        return ask("POST", "https://api.box.com/oauth2/revoke", form=form)
    if provider_type == "DROPBOX":  # dropbox.com/developers/documentation/http/documentation#auth-token-revoke
        return ask(
            "POST",
            "https://api.dropboxapi.com/2/auth/token/revoke",
            authorization=bearer(provider_type, token),
        )
    if provider_type == "YANDEX":  # yandex.com/dev/id/doc/en/tokens/token-invalidate
        form = client | {"access_token": token.access_token}
        return ask("POST", "https://oauth.yandex.com/revoke_token", form=form)
    # developers.google.com/identity/protocols/oauth2/web-server#tokenrevoke
    return ask(
        "POST", "https://oauth2.googleapis.com/revoke", form={"token": token.refresh_token or token.access_token}
    )

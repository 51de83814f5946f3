"""Replies that providers with OAuth have in common, and the providers that have nothing but OAuth fields."""

from __future__ import annotations

from webapp.core.providers.base import Reply
from webapp.core.verification.states import State

REPLIES = (
    Reply(
        r"invalid_grant|couldn't fetch token",
        State.INVALID,
        "The token can no longer be renewed. Log in at the provider again and paste a new token.",
        "token",
    ),
    Reply(
        r"token expired and there's no refresh token|unable to get RefreshToken|expired_access_token",
        State.INVALID,
        "The token has ended and cannot be renewed. Log in at the provider again and paste a new token.",
        "token",
    ),
    Reply(
        r"invalid_client|unauthorized_client",
        State.INVALID,
        "The provider does not know this OAuth client. Check client ID and client secret.",
        "client_id",
    ),
    Reply(
        r"\b401\b|authError|InvalidAuthenticationToken|UnauthorizedError|Invalid 'access_token'|UNAUTHENTICATED"
        r"|invalid_access_token",
        State.INVALID,
        "The provider rejected the token. Log in at the provider again and paste a new token.",
        "token",
    ),
    Reply(
        r"insufficient|accessDenied|access_denied|ForbiddenError|\b403\b",
        State.INVALID,
        "The token is known but may not do this. Make one with access to the files.",
        "token",
    ),
)

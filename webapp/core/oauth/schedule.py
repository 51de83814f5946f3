"""When a token is renewed whether or not anybody uses it, and when a log-in ends."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

from webapp.core.oauth.vendors import Vendor
from webapp.core.store.logins import Login
from webapp.core.tokens import Token

JITTER = 0.1
"""A renewal comes up to this part of its interval earlier, so that log-ins of one day do not stay together."""

SOON = timedelta(hours=24)
"""A token of unknown age is renewed within this time."""

AGAIN = (timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=6))
"""After so long a failed renewal is tried again; the last one from then on."""

WARN = timedelta(days=7)
"""A log-in that ends within this time and has not been renewed is told about."""


def scheduled(vendor: Vendor, login: Login, token: Token, at: datetime, *, known: bool = True) -> Login:
    """Return the log-in after its token was made or renewed.

    Args:
        vendor: Whose token it is.
        login: What was known before.
        token: The new token.
        at: Now.
        known: Whether the token was made just now; else it may be nearly over already.
    """
    due, ends = None, None
    if not token.refresh_token:
        ends = token.expiry
    elif vendor.renew_days:
        early = random.uniform(1 - JITTER, 1)  # noqa: S311  no secret
        due = at + (timedelta(days=vendor.renew_days) if known else SOON) * early
        ends = at + timedelta(days=vendor.life_days) if known else None
    refreshed = at if known else login.refreshed
    return replace(login, refreshed=refreshed, due=due, ends=ends, needs_login=False, error="", tries=0)


def failed(login: Login, sentence: str, at: datetime, *, for_good: bool) -> Login:
    """Return the log-in after a renewal that failed; what cannot mend itself waits for a person."""
    pause = AGAIN[min(login.tries, len(AGAIN) - 1)] * random.uniform(1 - JITTER, 1)  # noqa: S311  no secret
    return replace(login, needs_login=for_good, error=sentence, tries=login.tries + 1, due=at + pause)

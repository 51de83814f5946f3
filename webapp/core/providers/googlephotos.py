"""Google Photos, which shows an app only what the app itself uploaded."""

from __future__ import annotations

from webapp.core.providers.base import Probe, Provider, Support
from webapp.core.providers.common import (
    CLIENT_OPTIONS,
    GOOGLE_PROJECT,
    client_pair,
    oauth_fields,
    token_lifetime,
    token_unpacker,
)
from webapp.core.providers.googledrive import check_client
from webapp.core.providers.oauth import REPLIES

APPS = "https://console.cloud.google.com/auth/clients"

GOOGLE_PHOTOS = Provider(
    "GOOGLE_PHOTOS",
    "Google Photos",
    "Photos and albums of a Google account.",
    "googlephotos",
    oauth_fields("Google", APPS),
    "google photos",
    checks=(client_pair, token_lifetime, check_client),
    # The root is made up by rclone without asking Google; albums are asked for.
    probe=Probe("list", "album"),
    replies=(*GOOGLE_PROJECT, *REPLIES),
    expand=token_unpacker("GOOGLE_PHOTOS", CLIENT_OPTIONS),
    hint=("client_id",),
    support=Support.LIMITED,
    note="Since March 2025 Google shows an app only the photos that the same app uploaded.",
    link=APPS,
)

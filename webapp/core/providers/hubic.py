"""Hubic, which closed in 2022; kept so that old records show what happened."""

from __future__ import annotations

from webapp.core.fields import Field, Kind
from webapp.core.providers.base import Probe, Provider, Support
from webapp.core.verification.states import State

GONE = (
    "Hubic closed on 30 September 2022 and rclone no longer has it. Delete this credential or move to another provider."
)

HUBIC = Provider(
    "HUBIC",
    "Hubic",
    "A service that closed in 2022.",
    "cloud-off",
    (Field("token", "Access Token", "A token of the closed service.", Kind.LONG_SECRET, required=True),),
    "",
    probe=Probe("none", success=State.UNSUPPORTED, message=GONE),
    support=Support.UNSUPPORTED,
    note=GONE,
)

"""MEGA by its own protocol."""

from __future__ import annotations

import re

from webapp.core.fields import Field, Kind, Level, RcloneOption, Rule
from webapp.core.providers.base import Probe, Provider, Reply, Support
from webapp.core.providers.common import password_field
from webapp.core.verification.states import State

FIELDS = (
    Field(
        "user",
        "Username",
        "The account's e-mail address.",
        placeholder="you@example.com",
        required=True,
        guards_secrets=True,
        rules=(Rule(lambda value: "@" in str(value), "MEGA accounts are e-mail addresses.", Level.WARNING),),
        rclone=RcloneOption("user"),
    ),
    password_field("The account's password.", required=True),
    Field(
        "2fa",
        "2FA code",
        "Only for an account with two-factor authentication: the code of this moment. It works once.",
        Kind.SECRET,
        long_help="A code is of no use for backups that run later; an account without it is.",
        group="Advanced",
        rules=(Rule(lambda value: bool(re.fullmatch(r"\d{6}", str(value))), "The code has 6 digits."),),
        rclone=RcloneOption("2fa"),
    ),
)

MEGA = Provider(
    "MEGA",
    "Mega",
    "File storage of MEGA.",
    "mega",
    FIELDS,
    "mega",
    probe=Probe("about"),
    replies=(
        Reply(
            r"Object \(typically, node or user\) not found|couldn't login: (Invalid|Access)",
            State.INVALID,
            "MEGA rejected this user name or password.",
            "pass",
        ),
        Reply(r"multi-factor|2fa", State.INVALID, "This account wants a 2FA code.", "2fa"),
        Reply(
            r"unexpected end of JSON input",
            State.UNREACHABLE,
            "MEGA did not answer as it should: it is out of reach or refuses logins for now. Try again later.",
        ),
    ),
    hint=("user",),
    support=Support.LIMITED,
    note="MEGA blocks frequent logins, and an account with two-factor authentication cannot run unattended.",
    link="https://mega.nz/",
)

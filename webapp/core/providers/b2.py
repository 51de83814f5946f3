"""Backblaze B2 by its own protocol."""

from __future__ import annotations

import re

from webapp.core.fields import Field, Kind, Level, RcloneOption, Rule
from webapp.core.providers.base import Provider, Reply
from webapp.core.providers.common import NO_BLANKS, verify_target
from webapp.core.verification.states import State

PAGE = "https://secure.backblaze.com/app_keys.htm"
LENGTHS = (12, 25)
"""Characters of an account ID and of an application key ID."""

FIELDS = (
    Field(
        "account",
        "Key ID",
        "The keyID of an application key; not its name and not the account's e-mail.",
        long_help="On the **Application Keys** page add a new application key and copy *keyID*.",
        link=PAGE,
        required=True,
        redacted=True,
        guards_secrets=True,
        rules=(
            Rule(
                lambda value: bool(re.fullmatch(r"[A-Za-z0-9]+", str(value))),
                "A keyID has letters and digits only. Copy keyID, not the key's name.",
                pattern=r"^[A-Za-z0-9]*$",
            ),
            Rule(lambda value: len(str(value)) in LENGTHS, "A keyID has 25 characters. Is it complete?", Level.WARNING),
        ),
        rclone=RcloneOption("account"),
    ),
    Field(
        "key",
        "Application Key",
        "The applicationKey; Backblaze shows it once, when it is made.",
        Kind.SECRET,
        link=PAGE,
        required=True,
        rules=(NO_BLANKS,),
        rclone=RcloneOption("key"),
    ),
    verify_target("Bucket"),
)

REPLIES = (
    Reply(
        r"failed to authori[sz]e account|bad_auth_token|failed to authenticate",
        State.INVALID,
        "Backblaze rejected this key. Check that Key ID and Application Key belong together and were not deleted.",
        "key",
    ),
    Reply(
        r"must use bucket",
        State.VALID_LIMITED,
        "This key may use another bucket only. Name its bucket under Bucket to verify.",
        "verify_target",
    ),
    Reply(
        r"unauthorized|access_denied",
        State.VALID_LIMITED,
        "Backblaze accepted this key, but it may not list in this bucket. A key with listFiles can be looked into.",
        "verify_target",
        when="verify_target",
    ),
    Reply(
        r"unauthorized|access_denied",
        State.VALID_LIMITED,
        "Backblaze accepted this key, but it may not list. Name its bucket under Bucket to verify.",
        "verify_target",
    ),
)

B2 = Provider(
    "B2",
    "Backblaze B2",
    "Object storage of Backblaze.",
    "backblaze",
    FIELDS,
    "b2",
    bucket_word="Bucket",
    target="verify_target",
    replies=REPLIES,
    hint=("account",),
    link=PAGE,
)

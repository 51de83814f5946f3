"""What an entry of the audit is, and how entries are chained."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from webapp.core.store.models import stamp

LONGEST = 300
"""Characters of a text in an entry; a longer one is cut."""


class Action(StrEnum):
    """What happened; the value is how it is stored, filtered and shown."""

    SIGN_IN = "sign-in"
    SIGN_OUT = "sign-out"
    PASSWORD = "password"  # the own password asked again, or changed
    READ = "read"
    ADD = "add"
    CHANGE = "change"
    DELETE = "delete"
    VERIFICATION = "verification"
    IMPORT = "import"
    PUBLISH = "publish"
    CONNECT = "connect"  # logged in at a provider
    REVOKE = "revoke"  # a log-in ended at the provider
    BACKUP = "backup"
    RESTORE = "restore"
    SEED = "seed"  # exported, imported, unlocked, given up
    ROTATION = "rotation"
    AUDIT = "audit"  # old entries cleared away
    FAILURE = "failure"


class Outcome(StrEnum):
    """How it ended."""

    OK = "ok"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry.

    Attributes:
        book: The chain it belongs to.
        number: Its number there, from 1 without a gap.
        at: When.
        who: Who did it.
        origin: From where.
        action: What.
        kind: Of what kind the subject is, such as `credential`; empty for the whole app.
        subject: The subject's id.
        name: What the subject was called then.
        outcome: How it ended.
        detail: More, by name; never a value of a field.
        chain: SHA-256 over the entry before and this one.
        mark: HMAC of `chain` under a key that the secret seed protects; empty when the store was locked.
    """

    book: str
    number: int
    at: datetime
    who: str
    origin: str
    action: str
    kind: str
    subject: str
    name: str
    outcome: str
    detail: Mapping[str, str] = field(default_factory=dict[str, str])
    chain: str = ""
    mark: str = ""


def chained(before: str, entry: Entry) -> str:
    """Return the hash that ties an entry to the one before; JSON keeps the parts apart whatever they hold."""
    parts = [
        before,
        entry.book,
        entry.number,
        stamp(entry.at),
        entry.who,
        entry.origin,
        str(entry.action),
        entry.kind,
        entry.subject,
        entry.name,
        str(entry.outcome),
        sorted(entry.detail.items()),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def link(book: str, number: int, chain: str) -> str:
    """Return what names an entry and all before it: kept elsewhere, it shows later that they are still there."""
    return f"{book}:{number}:{chain}"


def marked(key: bytes | None, chain: str) -> str:
    """Return what only someone with the secret seed can make; nothing without a key."""
    return hmac.new(key, chain.encode(), hashlib.sha256).hexdigest() if key else ""


def as_data(entry: Entry) -> dict[str, Any]:
    """Return an entry as JSON has it."""
    return {
        "book": entry.book,
        "number": entry.number,
        "at": entry.at.isoformat(),
        "who": entry.who,
        "from": entry.origin,
        "action": entry.action,
        "kind": entry.kind,
        "subject": entry.subject,
        "name": entry.name,
        "outcome": entry.outcome,
        "detail": dict(entry.detail),
        "chain": entry.chain,
        "mark": entry.mark,
    }

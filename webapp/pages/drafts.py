"""What was typed and must survive a round trip, kept on the server.

Secrets are never sent back to the browser. When a form comes back with an error, the secrets that were typed wait
here, sealed in the store, bound to the log-in and forgotten after an hour.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from webapp.core.fields import Attributes
from webapp.core.store import Store
from webapp.core.verification.states import Result, State
from webapp.pages.access import current_session, runtime

SECONDS = 3600
ID = re.compile(r"\d{10}\.[0-9a-f]{16}", re.ASCII)
"""When it was made, and a random part. The log-in is part of the key, so an id alone opens nothing."""


@dataclass(slots=True)
class Draft:
    """One form in progress.

    Attributes:
        id: Stands in the form; useless without the log-in.
        secrets: Typed secrets by field key.
        renewed: Tokens that a check renewed: the typed one and what replaces it.
        check: The id of the last check of these values.
        checked: Digest of the values that were checked.
        result: State, message and field of that check.
        asked: Digest of the values that the person was asked about saving without a good check.
        typed: The whole form without its secrets, while the person is away at a provider's log-in.
        login: What that log-in gave beside fields: account, scopes, and the token that they belong to.
    """

    id: str
    secrets: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    renewed: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    check: str = ""
    checked: str = ""
    result: dict[str, str] = field(default_factory=dict[str, str])
    asked: str = ""
    typed: dict[str, str] = field(default_factory=dict[str, str])
    login: dict[str, str] = field(default_factory=dict[str, str], repr=False)

    def note(self, result: Result) -> None:
        """Keep what a check said, and a token that it renewed."""
        self.result = {"state": str(result.state), "message": result.message, "field": result.field}
        token = result.replaced.get("token")
        if token and "token" in self.secrets:
            self.renewed = {"from": self.secrets["token"], "to": token}
            self.secrets["token"] = token
            self.checked = f"{self.checked.partition(':')[0]}:{_hash(token)}"  # the same values with the new token

    def result_for(self, attributes: Attributes) -> Result | None:
        """Return the result of the last check, if it was of these very values."""
        if not self.result or self.checked != digest(attributes):
            return None
        return Result(State(self.result["state"]), self.result["message"], self.result["field"])


def digest(attributes: Attributes) -> str:
    """Return a digest of values; that of a token stands apart, because a check may renew it."""
    values = {key: value for key, value in attributes.items() if key != "token"}
    return f"{_hash(json.dumps(values, sort_keys=True))}:{_hash(str(attributes.get('token', '')))}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def fresh_id() -> str:
    """Return the id of a new draft."""
    return f"{int(time.time())}.{secrets.token_hex(8)}"


class Drafts:
    """Keeps the drafts of one log-in."""

    def __init__(self, store: Store, session_id: str) -> None:
        self._values = store.values
        self._owner = session_id[:32]

    def open(self, draft_id: str) -> Draft:
        """Return the draft of a form; an id that is old or none at all gives a new one."""
        if not ID.fullmatch(draft_id) or time.time() - int(draft_id[:10]) > SECONDS:
            return Draft(fresh_id())
        stored = self._values.get(self._key(draft_id))
        return Draft(**stored) if stored else Draft(draft_id)

    def keep(self, draft: Draft) -> None:
        """Store a draft and forget old ones of anyone."""
        self._values.sweep("draft:", f"draft:{int(time.time()) - SECONDS}")
        self._values.put(self._key(draft.id), asdict(draft), secret=True)

    def drop(self, draft: Draft) -> None:
        """Forget a draft."""
        self._values.remove(self._key(draft.id))

    def _key(self, draft_id: str) -> str:
        return f"draft:{draft_id}:{self._owner}"


def drafts() -> Drafts:
    """Return the drafts of the log-in that asks."""
    return Drafts(runtime().store, current_session().id)


def merged(raw: Mapping[str, str], draft: Draft) -> dict[str, str]:
    """Put kept secrets where nothing was typed, and a renewed token in the place of the one it replaces."""
    values = {**draft.secrets, **raw}
    if draft.renewed and values.get("token") == draft.renewed["from"]:
        values["token"] = draft.renewed["to"]
    return values

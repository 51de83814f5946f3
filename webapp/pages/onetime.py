"""Forms in progress whose secrets are used once and never stored: they wait in memory, not in the store."""

from __future__ import annotations

import threading
import time

from webapp.pages.drafts import Draft, fresh_id

SECONDS = 600
"""How long a form waits: long enough to look a one-time password up."""

MOST = 1000
"""Forms that wait at most, of all log-ins together."""

_DRAFTS: dict[tuple[str, str], tuple[float, Draft]] = {}
_LOCK = threading.Lock()


class OneTimeDrafts:
    """Keeps the forms of one log-in in this process; with a restart, what was typed is typed again."""

    def __init__(self, session_id: str) -> None:
        self._owner = session_id

    def open(self, draft_id: str) -> Draft:
        """Return the draft of a form; an id that is old or none at all gives a new one."""
        with _LOCK:
            kept = _DRAFTS.get((self._owner, draft_id))
        if kept and time.monotonic() - kept[0] < SECONDS:
            return kept[1]
        return Draft(fresh_id())

    def keep(self, draft: Draft) -> None:
        """Keep a draft and forget old ones of anyone."""
        now = time.monotonic()
        with _LOCK:
            for key, (kept, _) in list(_DRAFTS.items()):
                if now - kept > SECONDS or len(_DRAFTS) > MOST:
                    del _DRAFTS[key]
            _DRAFTS[self._owner, draft.id] = now, draft

    def drop(self, draft: Draft) -> None:
        """Forget a draft."""
        with _LOCK:
            _DRAFTS.pop((self._owner, draft.id), None)

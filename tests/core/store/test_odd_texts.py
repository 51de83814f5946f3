"""What nobody could have saved is not found, on every database: it comes from addresses and command lines."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from webapp.core.errors import NotFoundError, PermanentError
from webapp.core.store import Store
from webapp.core.store.audit.reading import Filter


@pytest.mark.parametrize("text", ["a\0b", "\ud800"], ids=["NUL", "half a letter"])
def test_what_no_database_takes_is_not_found(store: Store, text: str) -> None:
    calls: list[Callable[[], object]] = [
        lambda: store.credentials.find(text),
        lambda: store.credentials.get(text),
        lambda: store.ssh.keypairs.find(text),
        lambda: store.publications.get(text),
    ]
    for call in calls:
        with pytest.raises(NotFoundError):
            call()
    with pytest.raises(PermanentError, match="Name or password is wrong"):
        store.accounts.check(text, text * 12, "192.0.2.1")
    assert store.credentials.search(text=text, provider=text, state=text).items == []
    assert store.cluster.search(text=text, provider=text).items == []
    assert store.audit_log.search(Filter(text=text, action=text)).items == []
    assert store.sessions.start("nobody", user_agent=text)


def test_pages_and_links_without_end(store: Store) -> None:
    assert store.credentials.search(page=10**30).items == []
    assert store.audit_log.search(Filter(), page=10**30).items == []
    assert "is not in the audit" in store.audit_log.verify(head=f"x:{'9' * 40}:y").findings[0]

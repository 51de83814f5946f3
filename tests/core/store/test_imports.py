"""An import into a store: all of it in one transaction, or nothing."""

from __future__ import annotations

from collections import Counter

import pytest

from webapp.core.errors import ConflictError
from webapp.core.imports import Plan, carry_out, plan, read
from webapp.core.service import CredentialService
from webapp.core.store import Store
from webapp.core.store.audit.reading import AuditLog

COUNT = 230
"""More than two batches, and the last one is not full."""

SECTION = """[s{n}]
type = s3
provider = Other
access_key_id = k{n}
secret_access_key = CANARY-{n}
endpoint = https://h/
"""
TOKEN = """[box]
type = box
token = {"access_token":"a","token_type":"bearer","refresh_token":"r","expiry":"2020-01-01T00:00:00Z"}
"""


def planned(text: str) -> Plan:
    kind, found = read(text.encode())
    return plan(kind, found, frozenset())


def service(store: Store) -> CredentialService:
    return CredentialService(store, lambda: pytest.fail("nothing is verified"))


def test_everything_is_made_at_once_noted_one_by_one_and_readable(store: Store) -> None:
    steps: list[tuple[int, int]] = []
    text = "".join(SECTION.format(n=number) for number in range(COUNT)) + TOKEN
    made = carry_out(planned(text), service(store), by="anna", progress=lambda done, total: steps.append((done, total)))
    assert made == store.credentials.count() == COUNT + 1
    assert steps == [(100, 231), (200, 231), (231, 231)]
    for number in (0, 99, 100, COUNT - 1):
        kept = store.credentials.find(f"S{number}")
        assert (kept.attributes["secret_access_key"], kept.changed_by, kept.version) == (f"CANARY-{number}", "anna", 1)
        assert set(kept.secret_dates) == {"secret_access_key"}
    assert store.logins.find(store.credentials.find("box").id), "its token is kept alive from now on"
    noted = store.audit.rows
    assert Counter(row.action for row in noted.select()) == {"add": COUNT + 1, "import": 1}
    assert AuditLog(store.audit).verify().findings == []


def test_a_name_that_was_taken_meanwhile_leaves_nothing_of_the_import(store: Store) -> None:
    ready = planned("".join(SECTION.format(n=number) for number in range(COUNT)))
    store.credentials.add("S150", "S3", {"access_key_id": "mine"}, by="ben")
    with pytest.raises(ConflictError):
        carry_out(ready, service(store), by="anna")
    assert store.credentials.names() == ["S150"]
    assert store.credentials.find("s150").attributes == {"access_key_id": "mine"}
    assert AuditLog(store.audit).verify().findings == []
    assert carry_out(planned(SECTION.format(n=1)), service(store), by="anna") == 1, "the store goes on"

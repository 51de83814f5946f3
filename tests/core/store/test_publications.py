"""Publications: who is offered what, and who is not."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from webapp.core.cluster.publishing import NotPublishedError, Publishing, changed_names, check_pattern, fits
from webapp.core.errors import NotFoundError, PermanentError
from webapp.core.runtime import Runtime
from webapp.core.store import Store
from webapp.core.store.audit.reading import Filter
from webapp.core.store.cluster import ClusterCredential
from webapp.settings import Settings

VALUES = {"access_key_id": "AKID", "secret_access_key": "CANARY-SECRET"}


@pytest.fixture
def publishing(store: Store) -> Publishing:
    return Publishing(store)


def saved(store: Store, name: str = "Nightly S3") -> str:
    return store.credentials.add(name, "S3", VALUES, by="me").id


def test_an_offered_namespace_gets_it(store: Store, publishing: Publishing) -> None:
    identifier = saved(store)
    publishing.publish(identifier, ["db", " team-* "], by="me")
    for namespace in ("db", "team-a", "team-"):
        assert dict(publishing.published("nightly  s3", namespace).attributes) == VALUES
    assert [one.pattern for one in store.publications.list(identifier)] == ["db", "team-*"]


def test_every_other_namespace_does_not(store: Store, publishing: Publishing) -> None:
    publishing.publish(saved(store), ["db", "team-*"], by="me")
    for namespace in ("d", "dbx", "xdb", "team", "xteam-a", "DB", "", "db\n"):
        with pytest.raises(NotPublishedError, match="is published to the namespace") as caught:
            publishing.published("Nightly S3", namespace)
        assert (caught.value.reason, caught.value.field) == ("NotPublished", "store")


def test_what_exists_is_not_told_from_what_does_not(store: Store, publishing: Publishing) -> None:
    saved(store, "Present")
    told: list[str] = []
    for name in ("Present", "Missing"):
        with pytest.raises(NotPublishedError) as caught:
            publishing.published(name, "db")
        told.append(caught.value.message.replace(name, ""))
    assert told[0] == told[1]


def test_withdrawn_is_withdrawn(store: Store, publishing: Publishing) -> None:
    identifier = saved(store)
    publishing.publish(identifier, ["db", "d*"], by="me")
    exact, wide = sorted(store.publications.list(identifier), key=lambda one: one.pattern == "d*")
    store.cluster.write([ClusterCredential("db", "nightly", "S3", stored=identifier)])
    assert publishing.withdraw(exact.id, by="me") == []  # d* still offers it
    assert publishing.published("Nightly S3", "db").id == identifier
    assert [one.id for one in publishing.fed_by(wide)] == ["db/nightly"]
    assert [one.id for one in publishing.withdraw(wide.id, by="me")] == ["db/nightly"]
    with pytest.raises(NotPublishedError):
        publishing.published("Nightly S3", "db")
    with pytest.raises(NotFoundError):
        publishing.withdraw(wide.id, by="me")


def test_all_patterns_or_none(store: Store, publishing: Publishing) -> None:
    identifier = saved(store)
    for patterns in (["db", "Not-One"], []):
        with pytest.raises(PermanentError) as caught:
            publishing.publish(identifier, patterns, by="me")
        assert caught.value.field == "namespaces"
    with pytest.raises(NotFoundError):
        publishing.publish("nobody", ["db"], by="me")
    assert store.publications.list() == []


def test_an_offer_that_is_refused_stands_in_the_audit(store: Store, publishing: Publishing) -> None:
    with pytest.raises(PermanentError):
        publishing.publish(saved(store), ["db", "no namespace"], by="me")
    (entry,) = store.audit_log.search(Filter(outcome="refused")).items
    assert (entry.action, entry.name, entry.who) == ("publish", "Nightly S3", "me")
    assert "no namespace" not in str(entry.detail)


def test_twice_is_once(store: Store, publishing: Publishing) -> None:
    identifier = saved(store)
    publishing.publish(identifier, ["db", "db"], by="me")
    publishing.publish(identifier, ["db"], by="anna")
    assert [one.created_by for one in store.publications.list(identifier)] == ["me"]


@pytest.mark.parametrize(
    "text",
    ["", " ", "Upper", "under_score", "a b", "-a", "a-", "a.b", "?", "[a]", "*-", "a/b", "x" * 64, "ä", "a\nb", "{a}"],
)
def test_no_namespace_and_no_pattern(text: str) -> None:
    with pytest.raises(PermanentError):
        check_pattern(text)


@pytest.mark.parametrize("text", ["a", "*", "team-*", "*-prod", "a*b*c", "x" * 63, "0", "kube-system", "**"])
def test_namespaces_and_patterns(text: str) -> None:
    assert check_pattern(f" {text} ") == text


def test_many_stars_take_no_time() -> None:
    begun = time.perf_counter()
    assert not fits("a*" * 30 + "b", "a" * 62 + "-")
    assert time.perf_counter() - begun < 10  # a backtracking match would take years


def test_changes_are_noticed_by_name(store: Store, publishing: Publishing, reopen: Callable[[], Store]) -> None:
    one, other = saved(store, "One"), saved(store, "Other")
    watching = Publishing(reopen())
    seen = watching.offers()
    assert seen == {}

    def changed() -> set[str]:
        nonlocal seen
        before, seen = seen, watching.offers()
        return changed_names(before, seen)

    publishing.publish(one, ["db"], by="me")
    assert changed() == {"one"}
    assert changed() == set()
    store.credentials.change(other, version=1, by="me", attributes=VALUES)
    assert changed() == set()
    store.credentials.change(one, version=1, by="me", attributes={**VALUES, "access_key_id": "NEW"})
    assert changed() == {"one"}
    store.credentials.change(one, version=2, by="me", name="First")
    assert changed() == {"one", "first"}
    publishing.publish(one, ["web"], by="me")
    assert changed() == {"first"}
    publishing.withdraw(store.publications.list(one)[0].id, by="me")
    assert changed() == {"first"}
    store.credentials.delete(one, by="me")
    assert changed() == {"first"}
    with pytest.raises(NotPublishedError):
        watching.published("First", "web")


def test_one_is_withdrawn_while_another_process_writes(tmp_path: Path) -> None:
    """SQLite refuses to write in a transaction that has read before another one wrote, however long it may wait."""
    runtime = Runtime(Settings(data_dir=tmp_path))
    identifier = saved(runtime.store)
    runtime.publishing.publish(identifier, ["db"], by="me")
    (one,) = runtime.store.publications.list(identifier)
    other = sqlite3.connect(next(tmp_path.glob("*.db")), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE publication SET created_by = 'another'")
    with ThreadPoolExecutor(1) as threads:
        withdrawn = threads.submit(runtime.store.publications.remove, one.id, by="me")
        time.sleep(0.3)
        other.execute("COMMIT")
        withdrawn.result(10)
    assert runtime.store.publications.list(identifier) == []
    other.close()
    runtime.store.close()

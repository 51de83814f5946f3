"""The mirror: everything the operator gives stands in the store, nothing is written twice, nothing in the clear."""

from __future__ import annotations

import dataclasses
import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from webapp.core.cluster.mirror import Mirror
from webapp.core.errors import NotFoundError, TransientError
from webapp.core.store import KeyRing, LockedError, Store, open_store
from webapp.core.store.cluster import ClusterCredential, Output

Reopen = Callable[[], Store]
VALUES = {"access_key_id": "AKID", "secret_access_key": "CANARY-CLUSTER"}
NIGHTLY = ClusterCredential(
    "db",
    "nightly",
    "S3",
    ready="False",
    reason="SourceNotFound",
    message="There is no Secret CANARY-SENTENCE.",
    verified="invalid",
    verified_message="The key was refused.",
    checked=datetime(2026, 11, 24, 12, 0, tzinfo=UTC),
    outputs=(Output("nightly-restic", "restic"), Output("nightly-rclone", "rclone")),
    attributes=VALUES,
)


def written(store: Store, *resources: ClusterCredential) -> int:
    mirror = Mirror(store)
    for one in resources:
        mirror.put(one)
    return mirror.flush()


def plain(one: ClusterCredential) -> ClusterCredential:
    """Return a resource without what the store adds."""
    return dataclasses.replace(one, first_seen=None, changed=None)


def test_it_comes_back_whole(store: Store, reopen: Reopen) -> None:
    assert written(store, NIGHTLY) == 1
    found = reopen().cluster.get("db", "nightly")
    assert plain(found) == NIGHTLY
    assert "CANARY" not in repr(found)
    with pytest.raises(NotFoundError):
        store.cluster.get("db", "weekly")


def test_nothing_stands_in_the_clear(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/plain.db", KeyRing.from_file(tmp_path / "seed.json", create=True))
    written(store, NIGHTLY)
    store.close()
    content = b"".join(file.read_bytes() for file in tmp_path.glob("plain.db*"))
    assert b"nightly-restic" in content
    assert b"CANARY" not in content
    assert b"AKID" not in content


def test_unchanged_writes_nothing(store: Store, reopen: Reopen) -> None:
    mirror = Mirror(store)
    mirror.put(NIGHTLY)
    assert (mirror.flush(), mirror.flush()) == (1, 0)
    number = store.cluster.number()
    mirror.put(NIGHTLY)
    assert mirror.flush() == 0
    assert written(reopen(), NIGHTLY, dataclasses.replace(NIGHTLY, attributes=None)) == 0  # a restart
    assert store.cluster.number() == number


CHANGES = (
    {"ready": "True"},
    {"reason": "Synced"},
    {"message": "Other."},
    {"verified": "valid"},
    {"verified_message": "Fine."},
    {"checked": datetime(2026, 11, 25, tzinfo=UTC)},
    {"checked": None},
    {"outputs": ()},
    {"outputs": NIGHTLY.outputs[::-1]},
    {"attributes": {**VALUES, "secret_access_key": "other"}},
    {"stored": "some-id"},
    {"provider": "B2"},
)


def test_every_difference_is_written(store: Store) -> None:
    for change in CHANGES:
        written(store, NIGHTLY)
        first = store.cluster.get("db", "nightly").first_seen
        number = store.cluster.number()
        other = dataclasses.replace(NIGHTLY, **change)  # pyright: ignore[reportArgumentType]
        assert written(store, other) == 1, change
        found = store.cluster.get("db", "nightly")
        assert plain(found) == other
        assert found.first_seen == first
        assert store.cluster.number() == number + 1


def test_values_that_were_not_read_stay(store: Store) -> None:
    written(store, NIGHTLY)
    unread = dataclasses.replace(NIGHTLY, attributes=None, ready="True")
    assert written(store, unread) == 1
    assert dict(store.cluster.get("db", "nightly").attributes or {}) == VALUES
    assert written(store, dataclasses.replace(NIGHTLY, ready="True")) == 0


def test_the_last_one_given_wins_and_keeps_read_values(store: Store) -> None:
    mirror = Mirror(store)
    mirror.put(NIGHTLY)
    mirror.put(dataclasses.replace(NIGHTLY, attributes=None, ready="True"))
    assert mirror.flush() == 1
    found = store.cluster.get("db", "nightly")
    assert (found.ready, dict(found.attributes or {})) == ("True", VALUES)


def test_a_new_one_of_the_same_name_has_no_values_of_the_one_that_is_gone(store: Store) -> None:
    mirror = Mirror(store)
    mirror.put(NIGHTLY)
    mirror.flush()
    mirror.remove("db", "nightly")
    mirror.put(dataclasses.replace(NIGHTLY, attributes=None, ready="False"))
    mirror.flush()
    assert dict(store.cluster.get("db", "nightly").attributes or {}) == {}


def test_removed_with_the_resource(store: Store) -> None:
    mirror = Mirror(store)
    mirror.put(NIGHTLY)
    mirror.flush()
    mirror.remove("db", "nightly")
    mirror.remove("db", "never-there")
    assert mirror.flush() == 1
    assert store.cluster.count() == 0
    mirror.put(NIGHTLY)
    mirror.remove("db", "nightly")
    assert mirror.flush() == 0
    mirror.remove("db", "nightly")
    mirror.put(NIGHTLY)
    assert mirror.flush() == 1
    assert store.cluster.count() == 1


def test_what_was_deleted_meanwhile_is_removed_at_the_start(store: Store, reopen: Reopen) -> None:
    names = [("a", "one"), ("a", "two"), ("b", "one")]
    written(store, *(ClusterCredential(*name) for name in names))
    some = Mirror(reopen())
    some.keep_only([("a", "one")], namespaces=["a"])
    assert some.flush() == 1
    assert set(store.cluster.known()) == {"a/one", "b/one"}
    everything = Mirror(reopen())
    everything.keep_only([("b", "one")])
    assert everything.flush() == 1
    assert set(store.cluster.known()) == {"b/one"}


def test_a_locked_store_loses_nothing(database: str, store: Store, tmp_path: Path) -> None:
    written(store, NIGHTLY)
    store.close()
    seed = (tmp_path / "seed.json").read_text()
    locked = open_store(database, KeyRing.from_file(tmp_path / "none.json", create=False))
    mirror = Mirror(locked)
    mirror.put(dataclasses.replace(NIGHTLY, ready="True"))
    with pytest.raises(LockedError):
        mirror.flush()
    mirror.put(dataclasses.replace(NIGHTLY, attributes=None, ready="Unknown"))
    locked.unlock(seed)
    assert mirror.flush() == 1
    found = locked.cluster.get("db", "nightly")
    assert (found.ready, dict(found.attributes or {})) == ("Unknown", VALUES)
    locked.close()


def test_a_database_out_of_reach_loses_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    import peewee  # noqa: PLC0415  what a database raises that went away

    mirror = Mirror(store)
    mirror.put(NIGHTLY)

    def gone(*_arguments: object, **_options: object) -> None:
        raise peewee.OperationalError("server closed the connection, CANARY")

    with monkeypatch.context() as broken:
        broken.setattr(type(store.cluster._database), "execute_sql", gone)
        with pytest.raises(TransientError, match="does not answer") as caught:
            mirror.flush()
    assert "CANARY" not in caught.value.message
    assert mirror.flush() == 1
    assert plain(store.cluster.get("db", "nightly")) == NIGHTLY


def test_search_and_pages(store: Store) -> None:
    resources = [
        ClusterCredential(
            f"ns-{number % 3}",
            f"name-{number:04}",
            "S3" if number % 2 else "B2",
            ready="True" if number % 5 else "False",
            verified="valid" if number % 4 else "",
        )
        for number in range(1200)
    ]
    assert written(store, *resources) == 1200
    search = store.cluster.search
    assert search().total == store.cluster.count() == 1200
    assert [one.name for one in search(page=2, size=50).items] == [f"name-{number:04}" for number in range(50, 100)]
    assert search(text="NS-1/").total == 400
    assert search(text="name-0007").total == 1
    assert search(text="100%").total == 0
    assert search(provider="S3").total == 600
    assert search(ready="no").total == 240
    assert search(ready="yes").total == 960
    assert search(state="unchecked").total == 300
    assert search(state="valid", provider="B2", ready="yes").total == 240
    assert store.cluster.namespaces() == ["ns-0", "ns-1", "ns-2"]


def test_a_damaged_row_shows_and_hides_nothing_else(store: Store) -> None:
    written(store, NIGHTLY, dataclasses.replace(NIGHTLY, name="weekly"))
    rows = store.cluster._rows
    moved = rows.get_by_id("db/weekly").sealed
    rows.update(sealed=moved).where(rows.id == "db/nightly").execute()  # a value put in another one's place
    found = {one.name: one for one in store.cluster.search().items}
    assert "damaged" in found["nightly"].damaged
    assert not found["nightly"].attributes
    assert dict(found["weekly"].attributes or {}) == VALUES


def test_a_generated_secret_is_generated_once(store: Store, reopen: Reopen) -> None:
    first = store.generated.secret("db", "nightly", "backups/db", "password")
    assert len(first) >= 43
    other = reopen().generated
    assert other.secret("db", "nightly", "backups/db", "password") == first
    differing = [
        other.secret(*place)
        for place in (
            ("web", "nightly", "backups/db", "password"),
            ("db", "weekly", "backups/db", "password"),
            ("db", "nightly", "backups/web", "password"),
            ("db", "nightly", "backups/db", "cipher_pass"),
        )
    ]
    assert len({first, *differing}) == 5
    assert [(one.repository, one.option) for one in other.list("db", "nightly")] == [
        ("backups/db", "cipher_pass"),
        ("backups/db", "password"),
        ("backups/web", "password"),
    ]


def test_two_at_once_generate_one(reopen: Reopen) -> None:
    stores = [reopen() for _ in range(4)]
    start, found = threading.Barrier(len(stores)), list[str]()

    def ask(store: Store) -> None:
        start.wait()
        found.append(store.generated.secret("db", "nightly", "r", "password"))
        store.release()

    threads = [threading.Thread(target=ask, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


def test_churn_ends_where_the_cluster_is(store: Store, reopen: Reopen) -> None:
    """Random changes from several threads while others flush, with restarts in between; the store ends up the same."""
    chance, truth = random.Random(7), dict[str, ClusterCredential]()
    for _round in range(4):
        mirror = Mirror(reopen())
        mirror.keep_only([(one.namespace, one.name) for one in truth.values()])
        ended = threading.Event()

        def flush(mirror: Mirror = mirror, ended: threading.Event = ended) -> None:
            while not ended.wait(0.005):
                mirror.flush()

        thread = threading.Thread(target=flush)
        thread.start()
        for _change in range(300):
            name = f"n{chance.randrange(30)}"
            if chance.random() < 0.2:
                mirror.remove("db", name)
                truth.pop(name, None)
            else:
                new = name not in truth or chance.random() < 0.5
                values = {"secret_access_key": str(chance.random())} if new else truth[name].attributes
                truth[name] = ClusterCredential(
                    "db", name, "S3", ready=chance.choice(["True", "False"]), attributes=values
                )
                mirror.put(truth[name] if new else dataclasses.replace(truth[name], attributes=None))
        ended.set()
        thread.join()
        mirror.flush()
        found = {one.name: plain(one) for one in store.cluster.search(size=100).items}
        assert found == truth
        for name in chance.sample(sorted(truth), 3):
            del truth[name]  # deleted while the operator is away


SYNCED = dataclasses.replace(
    NIGHTLY,
    ready="True",
    reason="Synced",
    verified="valid",
    outputs=(Output("nightly-restic", "restic", "h1"), Output("nightly-rclone", "rclone", "h2")),
)


def entries(store: Store) -> list[tuple[str, str, str, dict[str, str]]]:
    found = list(store.audit_log.walk())
    assert {(entry.who, entry.origin, entry.kind, entry.name) for entry in found} <= {
        ("the operator", "operator", "cluster credential", "db/nightly")
    }
    return [(entry.action, entry.subject, str(entry.outcome), dict(entry.detail)) for entry in found]


def read(secret: str, form: str, subject: str = "db/nightly", **more: str) -> tuple[str, str, str, dict[str, str]]:
    return ("read", subject, "ok", {"format": form, "secret": secret, **more})


def test_what_the_operator_reads_stands_in_the_audit_once(store: Store, reopen: Reopen) -> None:
    mirror = Mirror(store)
    for one in (NIGHTLY, SYNCED, SYNCED):
        mirror.put(one)
        mirror.flush()
    written(reopen(), SYNCED, dataclasses.replace(SYNCED, attributes=None))  # a restart
    changed = (Output("nightly-restic", "restic", "h9"), SYNCED.outputs[1])
    written(store, dataclasses.replace(SYNCED, outputs=changed))
    assert entries(store) == [
        ("verification", "db/nightly", "failed", {"state": "invalid", "before": "not verified"}),
        ("failure", "db/nightly", "failed", {"why": "SourceNotFound"}),
        read("nightly-restic", "restic"),
        read("nightly-rclone", "rclone"),
        ("verification", "db/nightly", "ok", {"state": "valid", "before": "invalid"}),
        read("nightly-restic", "restic"),
    ]
    assert store.audit_log.verify().findings == []
    assert not [entry for entry in store.audit_log.walk() if "CANARY" in repr(entry)]


def test_what_is_read_from_the_store_names_the_stored_credential(store: Store) -> None:
    made = store.credentials.add("Office S3", "S3", VALUES, by="me")
    store.audit.rows.delete().execute()
    refused = dataclasses.replace(NIGHTLY, reason="NotPublished", verified="", outputs=())
    fed = dataclasses.replace(SYNCED, stored=made.id, verified="", outputs=SYNCED.outputs[:1])
    written(store, refused)
    written(store, fed)
    assert entries(store) == [
        ("read", "db/nightly", "refused", {"why": "NotPublished"}),
        read("nightly-restic", "restic", made.id, credential="Office S3"),
    ]


def test_a_mirror_of_an_earlier_version_adds_no_reads(store: Store) -> None:
    written(store, dataclasses.replace(SYNCED, verified=""))
    store._database.execute_sql('UPDATE cluster_credential SET outputs = \'[["nightly-restic", "restic"]]\'')
    store.audit.rows.delete().execute()
    written(store, dataclasses.replace(SYNCED, verified="", outputs=SYNCED.outputs[:1], message="Other."))
    assert entries(store) == []

"""The one door that renews tokens: one renewal however many ask, kept before it is used, nothing of others lost."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from servers.fake_internet.starting import Internet
from servers.fake_internet.tokens import CLIENT, CLIENT_SECRET
from servers.kinds.database import empty_database

from webapp.core.errors import CredentialError, PermanentError, TransientError
from webapp.core.oauth.refresh import TokenDoor
from webapp.core.providers import PROVIDERS
from webapp.core.store import KeyRing, Store, open_store

PAST, FAR = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"
BOX = PROVIDERS["BOX"]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Store]:
    made = store_at(f"sqlite:///{tmp_path}/s.db", tmp_path)
    yield made
    made.close()


def store_at(database: str, folder: Path) -> Store:
    return open_store(database, KeyRing.from_file(folder / "seed.json", create=True))


def attributes(refresh: str, expiry: str = PAST, **more: str) -> dict[str, str]:
    token = {"access_token": "bad-old", "token_type": "bearer", "refresh_token": refresh, "expiry": expiry}
    return {"client_id": CLIENT, "client_secret": CLIENT_SECRET, "token": json.dumps(token), **more}


def stored_token(store: Store, identifier: str) -> dict[str, str]:
    return json.loads(str(store.credentials.get(identifier).attributes["token"]))


def test_many_threads_renew_once(opened: Store, internet: Internet) -> None:
    made = opened.credentials.add("Box", "BOX", attributes("once-threads-0"), by="me")

    def fresh(_number: int) -> str:
        try:
            found = TokenDoor(opened, by="tests").fresh(BOX, made.attributes, credential_id=made.id)
        finally:
            opened.release()
        return json.loads(str(found.attributes["token"]))["access_token"]

    with ThreadPoolExecutor(8) as together:
        assert set(together.map(fresh, range(16))) == {"good-threads-1"}
    assert internet.ask("renewals")["threads"] == 1
    assert stored_token(opened, made.id)["refresh_token"] == "once-threads-1"


def fresh_elsewhere(database: str, folder: str, identifier: str, family: str, environment: dict[str, str]) -> None:
    os.environ.update(environment)
    store = store_at(database, Path(folder))
    credential = store.credentials.get(identifier)
    found = TokenDoor(store, by="tests").fresh(BOX, credential.attributes, credential_id=identifier)
    assert json.loads(str(found.attributes["token"]))["access_token"] == f"good-{family}-1"
    store.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_many_processes_renew_once(
    kind: str, internet: Internet, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """On PostgreSQL they may be replicas on several machines."""
    family, database = f"processes{kind}", f"sqlite:///{tmp_path}/s.db"
    if kind == "postgresql":
        database = empty_database(request.getfixturevalue("postgres"))
    store = store_at(database, tmp_path)
    made = store.credentials.add("Box", "BOX", attributes(f"once-{family}-0"), by="me")
    store.close()
    context = multiprocessing.get_context("forkserver")  # what all of them need is loaded once
    context.set_forkserver_preload(["core.oauth.test_refresh"])
    arguments = (database, str(tmp_path), made.id, family, internet.environment)
    started = [context.Process(target=fresh_elsewhere, args=arguments) for _ in range(4)]
    for process in started:
        process.start()
    for process in started:
        process.join(60)
    assert [process.exitcode for process in started] == [0] * 4
    assert internet.ask("renewals")[family] == 1


def test_rclone_is_handed_an_access_token_that_it_cannot_renew(opened: Store) -> None:
    made = opened.credentials.add("Box", "BOX", attributes("once-bare-0"), by="me")
    bare = json.loads(
        str(TokenDoor(opened, by="tests").fresh(BOX, made.attributes, credential_id=made.id).attributes["token"])
    )
    assert bare == {"access_token": "good-bare-1", "token_type": "bearer"}
    yandex = TokenDoor(opened, by="tests").fresh(PROVIDERS["YANDEX"], attributes("keep-y-0", FAR))
    assert json.loads(str(yandex.attributes["token"]))["refresh_token"] != "keep-y-0"


def test_another_change_meanwhile_is_kept(opened: Store) -> None:
    made = opened.credentials.add("Box", "BOX", attributes("once-change-0"), by="me")
    changed = {**made.attributes, "client_id": CLIENT, "note": "kept"}
    opened.credentials.change(made.id, version=made.version, by="other", attributes=changed)
    TokenDoor(opened, by="tests").fresh(BOX, made.attributes, credential_id=made.id)
    now = opened.credentials.get(made.id)
    assert now.attributes["note"] == "kept"
    assert now.changed_by == "tests"


def test_a_token_that_has_not_ended_is_left_alone(opened: Store, internet: Internet) -> None:
    found = TokenDoor(opened, by="tests").fresh(BOX, attributes("once-alone-0", FAR))
    assert found.replaced == {}
    assert "alone" not in internet.ask("renewals")


@pytest.mark.parametrize("refresh", ["mute-stays-0", "blank-stays-0"])
def test_an_answer_without_a_refresh_token_leaves_the_old_one(opened: Store, refresh: str) -> None:
    made = opened.credentials.add("Dropbox", "DROPBOX", attributes(refresh), by="me")
    TokenDoor(opened, by="tests").renew_now(made.id)
    TokenDoor(opened, by="tests").renew_now(made.id)
    assert stored_token(opened, made.id)["refresh_token"] == refresh


@pytest.mark.parametrize(
    ("refresh", "more", "kind", "field"),
    [
        ("gone-x-0", {}, PermanentError, "token"),
        ("busy-x-0", {}, TransientError, ""),
        ("once-spent-7", {}, PermanentError, "token"),
        ("", {}, PermanentError, "token"),
        ("keep-x-0", {"client_secret": "CANARY"}, PermanentError, "client_id"),
        ("keep-x-0", {"client_id": ""}, PermanentError, "client_id"),
    ],
)
def test_what_cannot_be_renewed_says_why_and_changes_nothing(
    opened: Store, refresh: str, more: dict[str, str], kind: type[CredentialError], field: str
) -> None:
    made = opened.credentials.add("Box", "BOX", attributes(refresh, **more), by="me")
    with pytest.raises(kind) as refused:
        TokenDoor(opened, by="tests").fresh(BOX, made.attributes, credential_id=made.id)
    assert refused.value.field == field
    assert opened.credentials.get(made.id).version == made.version


def test_nobody_there_is_no_verdict(opened: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with pytest.raises(TransientError):
        TokenDoor(opened, by="tests").fresh(BOX, attributes("once-nobody-0"))
    assert os.environ["HTTPS_PROXY"]

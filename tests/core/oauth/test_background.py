"""Renewals in the background: they outlive a database that is away, come to an end, and never undo a new log-in."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from core.oauth.clicking import APP

from webapp.core.errors import PermanentError, TransientError
from webapp.core.oauth import refresh
from webapp.core.oauth.flows import Returned
from webapp.core.oauth.keepalive import BATCH, KeepAlive
from webapp.core.oauth.records import LoggedIn, watch
from webapp.core.oauth.refresh import TokenDoor
from webapp.core.oauth.refusals import spoken
from webapp.core.oauth.revoke import revoke_stored
from webapp.core.oauth.vendors import VENDORS
from webapp.core.store import Credential, Store
from webapp.core.store.logins import Login
from webapp.core.tokens import Token
from webapp.core.verification.schedule import BATCH as CHECKS
from webapp.core.verification.schedule import Reverification
from webapp.core.verification.states import Result, State

PAST = datetime.now(UTC) - timedelta(hours=1)


def values(refresh_token: str) -> dict[str, str]:
    token = {"access_token": "bad-old", "refresh_token": refresh_token, "expiry": "2020-01-01T00:00:00Z"}
    return {**APP, "token": json.dumps(token)}


def added(store: Store, name: str, refresh_token: str, kind: str = "BOX") -> Credential:
    """Return a stored credential whose token is to be renewed now."""
    made = store.credentials.add(name, kind, values(refresh_token), by="me")
    store.logins.put(Login(made.id, due=PAST))
    return made


def door(store: Store) -> TokenDoor:
    return TokenDoor(store, by="tests")


def renamed(folder: Path, table: str, to: str) -> None:
    with closing(sqlite3.connect(folder / "s.db", timeout=30)) as database, database:
        database.execute(f"ALTER TABLE {table} RENAME TO {to}")


def test_a_store_that_fails_for_a_while_ends_no_thread(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = added(store, "Box", "keep-outlived-0")
    checked = threading.Event()

    def check(_identifier: str) -> Result:
        checked.set()
        return Result(State.VALID, "fine")

    renewals = KeepAlive(store, door(store), pause=0.05)
    checks = Reverification(store, check, 3600, pause=0.05)
    renamed(tmp_path, "lease", "away")
    for thread in (renewals, checks):
        thread.start()
    _until(lambda: {text.partition(" could")[0] for text in caplog.messages} >= {"tokens", "credentials"})
    renamed(tmp_path, "away", "lease")
    _until(lambda: checked.is_set() and store.credentials.get(made.id).version > made.version)
    for thread in (renewals, checks):
        thread.stop()


def _until(holds: Callable[[], bool], seconds: float = 20) -> None:
    ended = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if holds():
            return
        ended.wait(0.05)
    raise AssertionError("it never came true")


def test_what_cannot_be_read_is_tried_once_and_ends_the_round(store: Store) -> None:
    for number in range(BATCH):
        made = added(store, f"n{number}", "keep-x-0")
        store.credentials.change(made.id, version=made.version, by="me", attributes=APP)  # no token any more
    good = added(store, "good", "keep-behind-0")
    store.logins.put(Login(good.id, due=PAST + timedelta(minutes=1)))
    done: list[int] = []
    round_ = threading.Thread(target=lambda: done.append(KeepAlive(store, door(store)).once()), daemon=True)
    round_.start()
    round_.join(30)
    assert done == [1], "the round ended, and the readable one behind the others was renewed"
    assert store.logins.due(datetime.now(UTC), 99) == []


def test_checks_that_cannot_be_made_do_not_stand_before_the_others(store: Store) -> None:
    seen: list[str] = []
    for number in range(CHECKS + 1):
        store.credentials.add(f"n{number}", "BOX", APP, by="me")

    def check(identifier: str) -> Result:
        seen.append(identifier)
        raise PermanentError("It cannot be read.")

    own = Reverification(store, check, 3600)
    own.once()
    own.once()
    assert len(seen) == len(set(seen)) == CHECKS + 1


def test_a_renewal_that_fails_says_nothing_of_a_log_in_made_meanwhile(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = added(store, "Box", "gone-raced-0")
    renew = refresh.renew

    def interrupted(*given: object) -> Token:
        """Let a person log in anew while the vendor is asked."""
        current = store.credentials.get(made.id)
        anew = store.credentials.change(made.id, version=current.version, by="ada", attributes=values("keep-anew-0"))
        watch(store, anew, LoggedIn("ada", ""))
        return renew(*given)  # pyright: ignore[reportArgumentType]  passed on as they are

    monkeypatch.setattr(refresh, "renew", interrupted)
    with pytest.raises(PermanentError):
        door(store).renew_now(made.id)
    login = store.logins.find(made.id)
    assert login
    assert (login.account, login.needs_login, login.error) == ("ada", False, "")


def test_a_vendor_that_asks_to_wait_ends_no_log_in() -> None:
    for error in ("temporarily_unavailable", "rate_limit_exceeded", "slow_down"):
        assert isinstance(spoken(VENDORS["BOX"], error), TransientError)
    assert isinstance(spoken(VENDORS["BOX"], "invalid_grant", "It was generated elsewhere."), PermanentError)


def test_an_app_that_microsoft_does_not_find_is_told_on_its_client_id() -> None:
    found = spoken(VENDORS["ONEDRIVE"], "unauthorized_client", "AADSTS700016: Application was not found.")
    assert found.field == "client_id"


def test_dropbox_is_asked_to_end_a_token_with_one_that_is_still_good(store: Store) -> None:
    made = added(store, "Dropbox", "keep-revoked-0", "DROPBOX")
    revoke_stored(store, made.id, door(store))


def test_a_pasted_address_that_is_none_is_a_sentence() -> None:
    with pytest.raises(PermanentError, match="There is no code in this"):
        Returned.pasted("http://[::1/?code=abc")

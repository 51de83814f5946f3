"""Log-ins end to end against the fake internet, and everything that somebody could try with a callback."""

from __future__ import annotations

import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from core.oauth.clicking import APP, HERE, ME, OTHER, begin, logged_in, sent, sign_in, trust
from servers.fake_internet.starting import Internet
from servers.fake_internet.tokens import CLIENT, CLIENT_SECRET

from webapp.core.errors import PermanentError, TransientError
from webapp.core.oauth.accounts import account_name
from webapp.core.oauth.flows import Returned, Way, check_app, redirect_problem
from webapp.core.oauth.pickers import drive_type, onedrive_drives, shared_drives, sharepoint_drives
from webapp.core.oauth.records import LoggedIn, watch
from webapp.core.oauth.revoke import can_revoke, revoke
from webapp.core.oauth.service import LoginService
from webapp.core.oauth.vendors import VENDORS
from webapp.core.store import Store
from webapp.core.tokens import Token


@pytest.mark.parametrize("provider", VENDORS)
def test_a_log_in_fills_everything(logins: LoginService, internet: Internet, provider: str) -> None:
    finished = logged_in(logins, internet, provider, "grace")
    assert finished.account == "grace@example.com"
    assert {**APP}.items() <= finished.values.items()
    token = Token.from_json(finished.values["token"])
    assert token.refresh_token or provider == "PCLOUD"  # whose tokens never end
    assert (token.expiry is None) == (provider == "PCLOUD")


@pytest.mark.parametrize("provider", ["ONEDRIVE", "YANDEX"])
def test_by_code(logins: LoginService, internet: Internet, provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    started = begin(logins, provider, way=Way.DEVICE)
    assert logins.poll(ME, started.flow.id) is None  # too early: the vendor is not even asked
    clock = time.time
    monkeypatch.setattr("webapp.core.oauth.service.time.time", lambda: clock() + 2)
    assert logins.poll(ME, started.flow.id) is None  # nobody has typed it yet
    with httpx.Client(proxy=internet.proxy, verify=trust(internet), trust_env=False) as browser:
        typed = {"user_code": started.user_code, "account": "hedy", "answer": "allow"}
        assert browser.post(started.address, data=typed).status_code == 200
    if provider == "YANDEX":  # it asked to be asked less often
        monkeypatch.setattr("webapp.core.oauth.service.time.time", lambda: clock() + 3.5)
        assert logins.poll(ME, started.flow.id) is None
    monkeypatch.setattr("webapp.core.oauth.service.time.time", lambda: clock() + 9)
    with pytest.raises(PermanentError):
        logins.poll(OTHER, started.flow.id)
    finished = logins.poll(ME, started.flow.id)
    assert finished
    assert finished.account == "hedy@example.com"
    with pytest.raises(PermanentError):
        logins.poll(ME, started.flow.id)


class TestCallbacks:
    def test_wrong_and_missing_states(self, logins: LoginService, internet: Internet) -> None:
        returned = sent(sign_in(internet, begin(logins, "BOX").address))
        for state in ("", "x", returned["state"][:-1], returned["state"] + "0"):
            with pytest.raises(PermanentError, match="was not begun in this browser"):
                logins.come_back(ME, {**returned, "state": state})
        assert logins.come_back(ME, returned).account == "ada@example.com"

    def test_a_state_is_good_once(self, logins: LoginService, internet: Internet) -> None:
        returned = sent(sign_in(internet, begin(logins, "BOX").address))
        logins.come_back(ME, returned)
        with pytest.raises(PermanentError, match="was used already"):
            logins.come_back(ME, returned)

    def test_another_session_gets_nothing_and_spoils_nothing(self, logins: LoginService, internet: Internet) -> None:
        returned = sent(sign_in(internet, begin(logins, "BOX").address))
        with pytest.raises(PermanentError):
            logins.come_back(OTHER, returned)
        assert logins.come_back(ME, returned).account

    def test_of_many_at_once_one_gets_it(self, logins: LoginService, store: Store, internet: Internet) -> None:
        returned = sent(sign_in(internet, begin(logins, "DROPBOX").address))

        def come(_number: int) -> bool:
            try:
                return bool(logins.come_back(ME, returned).account)
            except PermanentError:
                return False
            finally:
                store.release()

        with ThreadPoolExecutor(8) as together:
            assert sum(together.map(come, range(8))) == 1

    def test_a_code_of_another_log_in_does_not_fit(self, logins: LoginService, internet: Internet) -> None:
        """Somebody's own code, put into my redirect, would log me in as them (RFC 9700 section 4.5)."""
        theirs = sent(sign_in(internet, begin(logins, "DROPBOX", session=OTHER).address, "mallory"))
        mine = sent(sign_in(internet, begin(logins, "DROPBOX").address))
        with pytest.raises(PermanentError, match="not good any more"):
            logins.come_back(ME, {**mine, "code": theirs["code"]})

    def test_another_redirect_address_than_asked(self, logins: LoginService, store: Store, internet: Internet) -> None:
        started = begin(logins, "YANDEX")
        returned = sent(sign_in(internet, started.address))
        store.flows.put(started.flow, ME, {**started.flow.values, "redirect": "https://evil.example/oauth/callback"})
        with pytest.raises(PermanentError):
            logins.come_back(ME, returned)

    def test_a_pasted_address_of_another_log_in(self, logins: LoginService, internet: Internet) -> None:
        first, second = (begin(logins, "GOOGLE_DRIVE", way=Way.PASTE) for _ in range(2))
        address = sign_in(internet, first.address).headers["Location"]
        with pytest.raises(PermanentError, match="belongs to another log-in"):
            logins.paste(ME, second.flow.id, address)
        with pytest.raises(PermanentError):
            logins.paste(OTHER, first.flow.id, address)
        assert logins.paste(ME, first.flow.id, f"  {address}\n").account

    def test_a_pasted_log_in_is_none_by_redirect(self, logins: LoginService, internet: Internet) -> None:
        address = sign_in(internet, begin(logins, "BOX", way=Way.PASTE).address).headers["Location"]
        with pytest.raises(PermanentError):
            logins.come_back(ME, {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()})

    def test_pcloud_without_its_state(self, logins: LoginService, internet: Internet) -> None:
        returned = sent(sign_in(internet, begin(logins, "PCLOUD").address, "stateless"))
        assert "state" not in returned
        for session, given in ((OTHER, returned), (ME, {}), (ME, {"hostname": "api.pcloud.com"})):
            with pytest.raises(PermanentError, match="was not begun in this browser"):
                logins.come_back(session, given)
        begin(logins, "PCLOUD")
        with pytest.raises(PermanentError):  # two under way: nobody knows which is meant
            logins.come_back(ME, returned)

    def test_pcloud_in_europe(self, logins: LoginService, internet: Internet) -> None:
        finished = logged_in(logins, internet, "PCLOUD", "eu-stateless")
        assert finished.values["hostname"] == "eapi.pcloud.com"
        assert finished.account == "eu-stateless@example.com"

    def test_a_host_that_is_not_pclouds_is_not_asked(self, logins: LoginService, internet: Internet) -> None:
        returned = sent(sign_in(internet, begin(logins, "PCLOUD").address))
        finished = logins.come_back(ME, {**returned, "hostname": "evil.example"})
        assert finished.values["hostname"] == "api.pcloud.com"
        assert internet.ask("strangers") == []

    def test_after_ten_minutes(self, logins: LoginService, internet: Internet, monkeypatch: pytest.MonkeyPatch) -> None:
        returned = sent(sign_in(internet, begin(logins, "BOX").address))
        monkeypatch.setattr("webapp.core.store.logins.flows.LIFE", timedelta(seconds=-1))
        with pytest.raises(PermanentError, match="ten minutes"):
            logins.come_back(ME, returned)


@pytest.mark.parametrize(
    ("account", "answer", "words"),
    [("ada", "refuse", "was refused at the provider"), ("consent", "allow", "AADSTS65001")],
)
def test_what_the_vendor_says_instead_of_a_code(
    logins: LoginService, internet: Internet, account: str, answer: str, words: str
) -> None:
    returned = sent(sign_in(internet, begin(logins, "ONEDRIVE").address, account, answer))
    with pytest.raises(PermanentError, match=words):
        logins.come_back(ME, returned)


def test_an_app_that_the_vendor_does_not_know(internet: Internet) -> None:
    for provider in set(VENDORS) - {"PCLOUD"}:
        check_app(provider, APP, HERE)
        with pytest.raises(PermanentError) as refused:
            check_app(provider, {**APP, "client_secret": "CANARY"}, HERE)
        assert refused.value.field == "client_id", provider


def test_an_app_without_a_secret(logins: LoginService, internet: Internet) -> None:
    started = logins.begin(ME, "DROPBOX", {"client_id": CLIENT}, way=Way.REDIRECT, redirect=HERE)
    assert logins.come_back(ME, sent(sign_in(internet, started.address))).account
    with pytest.raises(PermanentError) as refused:
        logins.begin(ME, "BOX", {"client_id": CLIENT}, way=Way.REDIRECT, redirect=HERE)
    assert refused.value.field == "client_secret"


def test_the_app_of_the_settings_is_used(logins: LoginService, store: Store, internet: Internet) -> None:
    with pytest.raises(PermanentError) as refused:
        logins.begin(ME, "BOX", {}, way=Way.REDIRECT, redirect=HERE)
    assert refused.value.field == "client_id"
    store.apps.put("BOX", APP, by="me")
    started = logins.begin(ME, "BOX", {}, way=Way.REDIRECT, redirect=HERE)
    assert logins.come_back(ME, sent(sign_in(internet, started.address))).values["client_secret"] == CLIENT_SECRET


class TestPickers:
    def test_drives_of_both_lists_and_of_either(self, logins: LoginService, internet: Internet) -> None:
        def names(account: str) -> list[str]:
            token = logged_in(logins, internet, "ONEDRIVE", account).values["token"]
            return [choice.label for choice in onedrive_drives(Token.from_json(token), {}).choices]

        assert names("ada") == ["OneDrive", "Photos", "Archive"]
        assert names("nolists") == ["OneDrive"]
        assert names("nothing") == []

    def test_nothing_to_list_says_how_to_go_on(self, logins: LoginService, internet: Internet) -> None:
        token = Token.from_json(logged_in(logins, internet, "ONEDRIVE", "nothing").values["token"])
        assert any("by hand" in note for note in onedrive_drives(token, {}).notes)

    def test_sites(self, logins: LoginService, internet: Internet) -> None:
        token = Token.from_json(logged_in(logins, internet, "ONEDRIVE").values["token"])
        for wanted in ("", "hr", "/sites/hr", "https://example.sharepoint.com/sites/hr/Shared%20Documents"):
            choices = sharepoint_drives(token, {}, wanted).choices
            assert choices[0].values == {"drive_id": "canary-drive-library", "drive_type": "DOCUMENT_LIBRARY"}, wanted
        with pytest.raises(PermanentError):
            sharepoint_drives(token, {}, "/sites/no-such-site")

    def test_the_drives_own_type(self, logins: LoginService, internet: Internet) -> None:
        token = Token.from_json(logged_in(logins, internet, "ONEDRIVE").values["token"])
        assert drive_type(token, {}, "canary-drive-library") in {"", "DOCUMENT_LIBRARY"}

    def test_shared_drives(self, logins: LoginService, internet: Internet) -> None:
        token = Token.from_json(logged_in(logins, internet, "GOOGLE_DRIVE").values["token"])
        assert [choice.label for choice in shared_drives(token).choices] == ["My Drive", "Team", "Accounting"]


@pytest.mark.parametrize("provider", VENDORS)
def test_revoking(logins: LoginService, internet: Internet, provider: str) -> None:
    finished = logged_in(logins, internet, provider, "eve")
    if not can_revoke(provider):
        with pytest.raises(PermanentError, match="Remove the app"):
            revoke(provider, finished.values)
        return
    assert account_name(provider, Token.from_json(finished.values["token"]), {}) == "eve@example.com"
    revoke(provider, finished.values)
    assert account_name(provider, Token.from_json(finished.values["token"]), {}) == ""


@pytest.mark.parametrize(
    ("given", "code", "state"),
    [
        ("http://localhost:53682/?code=abc%2F1&state=s", "abc/1", "s"),
        (" code=abc&state=s ", "abc", "s"),
        ("4/0AbCd_ef-gh", "4/0AbCd_ef-gh", ""),
        ("M.C5_BAY.2.U.abc==", "M.C5_BAY.2.U.abc==", ""),
    ],
)
def test_what_people_paste(given: str, code: str, state: str) -> None:
    found = Returned.pasted(given)
    assert (found.code, found.state) == (code, state)


@pytest.mark.parametrize("given", ["", "http://localhost:53682/", "https://example.com/?state=x"])
def test_what_holds_no_code(given: str) -> None:
    with pytest.raises(PermanentError) as refused:
        Returned.pasted(given)
    assert refused.value.field == "pasted"


@pytest.mark.parametrize(
    ("provider", "address", "fine"),
    [
        ("BOX", "http://127.0.0.1:8765/oauth/callback", True),
        ("BOX", "http://192.168.1.5:8765/oauth/callback", False),
        ("GOOGLE_DRIVE", "https://nas.local/oauth/callback", False),
        ("GOOGLE_DRIVE", "https://10.0.0.1/oauth/callback", False),
        ("GOOGLE_DRIVE", HERE, True),
        ("ONEDRIVE", "http://127.0.0.1:8765/oauth/callback", False),
        ("ONEDRIVE", "http://localhost:8765/oauth/callback", True),
    ],
)
def test_addresses_that_vendors_take(provider: str, address: str, *, fine: bool) -> None:
    assert (redirect_problem(provider, address) == "") is fine


def test_a_token_of_four_kilobytes(store: Store) -> None:
    long = Token("a" * 4096, "r" * 4096).to_json()
    made = store.credentials.add("Long", "ONEDRIVE", {**APP, "token": long}, by="me")
    watch(store, made, LoggedIn("ada@example.com", "Files.Read"))
    assert json.loads(str(store.credentials.get(made.id).attributes["token"]))["refresh_token"] == "r" * 4096


def test_nothing_secret_is_left_in_the_open(
    logins: LoginService, store: Store, internet: Internet, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Codes, verifiers, states, device codes, tokens and the client's secret: not on the disk, not in the log."""
    caplog.set_level(logging.DEBUG)
    store.apps.put("BOX", APP, by="me")
    waiting = begin(logins, "YANDEX", way=Way.DEVICE)
    started = begin(logins, "DROPBOX")
    returned = sent(sign_in(internet, started.address))
    finished = logins.come_back(ME, returned)
    made = store.credentials.add("Box", "DROPBOX", finished.values, by="me")
    watch(store, made, LoggedIn(finished.account, finished.scopes))
    token = finished.values["token"]
    hidden = [returned["code"], returned["state"], started.flow.values["verifier"], waiting.flow.values["secret"]]
    hidden += [CLIENT_SECRET, json.loads(token)["access_token"], json.loads(token)["refresh_token"], finished.account]
    store.close()
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    said = repr([started, waiting, finished]) + "".join(
        record.getMessage() for record in caplog.records if record.name.startswith("webapp")
    )
    for secret in hidden[:-1]:
        assert secret.encode() not in written
        assert secret not in said.replace(started.address, "").replace(repr(started.address), "")
    assert finished.account.encode() not in written


def test_out_of_reach_is_no_verdict(logins: LoginService, internet: Internet, monkeypatch: pytest.MonkeyPatch) -> None:
    returned = sent(sign_in(internet, begin(logins, "BOX").address))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with pytest.raises(TransientError):
        logins.come_back(ME, returned)


def test_a_secret_that_was_typed_just_now_is_newer_than_that_of_the_settings(
    logins: LoginService, store: Store, internet: Internet
) -> None:
    store.apps.put("BOX", {**APP, "client_secret": "has ended"}, by="me")
    started = logins.begin(ME, "BOX", APP, way=Way.REDIRECT, redirect=HERE, secret=APP["client_secret"])
    assert logins.come_back(ME, sent(sign_in(internet, started.address))).values["token"]
    started = logins.begin(ME, "BOX", APP, way=Way.REDIRECT, redirect=HERE)
    with pytest.raises(PermanentError, match="client"):
        logins.come_back(ME, sent(sign_in(internet, started.address)))

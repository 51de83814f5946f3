"""Microsoft's four clouds and the tenants of each: log-in, renewal, drives; none takes what is another's."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import httpx
import pytest
from core.oauth.clicking import ME, begin, sent, sign_in, trust
from servers.fake_internet.logins import TENANTS
from servers.fake_internet.starting import Internet
from servers.fake_internet.tokens import MICROSOFT

from webapp.core.errors import PermanentError
from webapp.core.oauth.endpoints import GRAPH
from webapp.core.oauth.endpoints import MICROSOFT as LOGINS
from webapp.core.oauth.flows import Way
from webapp.core.oauth.pickers import onedrive_drives, sharepoint_drives
from webapp.core.oauth.refresh import TokenDoor
from webapp.core.oauth.service import Finished, LoginService
from webapp.core.store import Store
from webapp.core.tokens import Token

CLOUDS = {"": "login.microsoftonline.com", "us": "login.microsoftonline.us", "de": "login.microsoftonline.de",
          "cn": "login.chinacloudapi.cn"}  # fmt: skip
OWN = TENANTS[-1]


def connected(
    logins: LoginService, internet: Internet, *, account: str = "ada", region: str = "", tenant: str = ""
) -> Finished:
    started = begin(logins, "ONEDRIVE", region=region, tenant=tenant)
    return logins.come_back(ME, sent(sign_in(internet, started.address, account)))


def test_the_clouds_are_those_that_the_field_offers() -> None:
    assert list(CLOUDS) == list(LOGINS) == list(GRAPH)
    assert {urlsplit(LOGINS[region]).netloc: urlsplit(GRAPH[region]).netloc for region in CLOUDS} == MICROSOFT


@pytest.mark.parametrize("tenant", ["", *TENANTS])
@pytest.mark.parametrize("region", CLOUDS, ids=lambda region: region or "global")
def test_log_in_renewal_and_drives(
    logins: LoginService, store: Store, internet: Internet, region: str, tenant: str
) -> None:
    where = {name: value for name, value in (("region", region), ("tenant", tenant)) if value}
    account = "me-ada" if tenant == "consumers" else "ada"
    started = begin(logins, "ONEDRIVE", region=region, tenant=tenant)
    parts = urlsplit(started.address)
    assert (parts.netloc, parts.path.split("/")[1]) == (CLOUDS[region], tenant or "common")
    finished = logins.come_back(ME, sent(sign_in(internet, started.address, account)))
    assert finished.account == f"{account}@example.com"
    assert {name: finished.values.get(name) for name in where} == where
    made = store.credentials.add("OneDrive", "ONEDRIVE", {**finished.values, "drive_id": "canary-drive"}, by="me")
    TokenDoor(store, by="tests").renew_now(made.id)  # at the cloud that made it: another one would refuse
    kept = store.credentials.get(made.id).attributes
    renewed = Token.from_json(str(kept["token"]))
    assert renewed.access_token != finished.values["token"]
    assert [choice.label for choice in onedrive_drives(renewed, kept).choices] == ["OneDrive", "Photos", "Archive"]
    assert sharepoint_drives(renewed, kept, "hr").choices
    assert internet.ask("strangers") == []


@pytest.mark.parametrize("region", CLOUDS, ids=lambda region: region or "global")
def test_by_code_in_every_cloud(
    logins: LoginService, internet: Internet, region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = begin(logins, "ONEDRIVE", way=Way.DEVICE, region=region, tenant=OWN)
    with httpx.Client(proxy=internet.proxy, verify=trust(internet), trust_env=False) as browser:
        browser.post(started.address, data={"user_code": started.user_code, "account": "hedy", "answer": "allow"})
    monkeypatch.setattr("webapp.core.oauth.service.time.time", lambda: float(started.flow.values["next"]) + 1)
    finished = logins.poll(ME, started.flow.id)
    assert finished
    assert finished.account == "hedy@example.com"


@pytest.mark.parametrize("other", ["us", "de", "cn"])
def test_a_token_of_one_cloud_is_none_in_another(
    logins: LoginService, store: Store, internet: Internet, other: str
) -> None:
    values = connected(logins, internet).values
    moved = store.credentials.add("Moved", "ONEDRIVE", {**values, "region": other}, by="me")
    assert not onedrive_drives(Token.from_json(values["token"]), {"region": other}).choices
    with pytest.raises(PermanentError) as refused:
        TokenDoor(store, by="tests").renew_now(moved.id)
    assert refused.value.field == "token"
    assert json.loads(str(store.credentials.get(moved.id).attributes["token"])) == json.loads(values["token"])


def test_a_code_of_one_tenant_is_none_in_another(logins: LoginService, internet: Internet) -> None:
    mine = begin(logins, "ONEDRIVE", tenant=OWN)
    elsewhere = sent(sign_in(internet, begin(logins, "ONEDRIVE").address))
    with pytest.raises(PermanentError, match="not good any more"):
        logins.come_back(ME, {**sent(sign_in(internet, mine.address)), "code": elsewhere["code"]})


@pytest.mark.parametrize(("tenant", "account"), [("organizations", "me-ada"), (OWN, "me-ada"), ("consumers", "ada")])
def test_an_account_that_the_tenant_does_not_know(
    logins: LoginService, internet: Internet, tenant: str, account: str
) -> None:
    with pytest.raises(PermanentError, match="AADSTS50020") as refused:
        connected(logins, internet, account=account, tenant=tenant)
    assert refused.value.field == "tenant"


def test_a_tenant_that_does_not_exist(logins: LoginService, store: Store, internet: Internet) -> None:
    with pytest.raises(PermanentError, match="no such tenant") as refused:
        begin(logins, "ONEDRIVE", way=Way.DEVICE, tenant="no-such")
    assert refused.value.field == "tenant"
    values = connected(logins, internet).values
    made = store.credentials.add("Gone", "ONEDRIVE", {**values, "tenant": "no-such"}, by="me")
    with pytest.raises(PermanentError, match="no such tenant"):
        TokenDoor(store, by="tests").renew_now(made.id)
    login = store.logins.find(made.id)
    assert login
    assert not login.needs_login  # the tenant is mended by hand, and then the token is as good as before

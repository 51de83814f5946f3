from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from api.conftest import BASE, Program
from api.test_credentials import NEW, SECRET, added
from pages.conftest import Site

from webapp.api import OPERATIONS
from webapp.core.store.access import api_tokens
from webapp.core.store.access.api_tokens import Scope

REPLACED = {
    "credential_id": "x",
    "format_key": "restic",
    "provider_type": "S3",
    "keypair_id": "x",
    "connection_id": "x",
}


def test_each_operation_needs_a_token_with_its_scope(site: Site, program: Program) -> None:
    with httpx.Client(base_url=site.address + BASE, trust_env=False) as stranger:
        for one in OPERATIONS.all:
            path, others = one.path.format(**REPLACED), set(Scope) - {one.scope}
            bare = stranger.request(one.method, path)
            told = bare.headers["WWW-Authenticate"]
            assert (bare.status_code, told) == (401, 'Bearer realm="Backup Credentials"'), one.name
            lacking = program(*others).request(one.method, path)
            assert (lacking.status_code, f'scope="{one.scope}"' in lacking.headers["WWW-Authenticate"]) == (403, True)
            assert program(one.scope).request(one.method, path).status_code not in {401, 403}, one.name


def test_tokens_that_are_none_are_refused(site: Site, program: Program) -> None:
    def status(header: str) -> int:
        headers = {"Authorization": header}
        return httpx.get(f"{site.address}{BASE}/credentials", headers=headers, trust_env=False).status_code

    good = program().headers["Authorization"]
    assert status(good) == 200
    assert status(good.replace("Bearer", "bearer")) == 200
    for bad in ("Bearer", "Bearer x", good[:-1], good + "x", good.replace("Bearer", "Basic"), good.upper()):
        assert status(bad) == 401, bad


def test_a_token_ends_and_is_revoked(site: Site, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    client, tokens = program(), site.runtime.store.api_tokens
    assert client.get("/providers").status_code == 200
    (token,) = tokens.list()
    assert token.used is not None
    later = api_tokens.now() + timedelta(days=2)
    with monkeypatch.context() as clock:
        clock.setattr(api_tokens, "now", lambda: later)
        ended = client.get("/providers")
    assert (ended.status_code, "invalid_token" in ended.headers["WWW-Authenticate"]) == (401, True)
    tokens.revoke(token.id)
    assert client.get("/providers").status_code == 401


def test_the_token_itself_is_not_stored(site: Site, program: Program) -> None:
    text = program().headers["Authorization"].split()[1]
    rows = site.runtime.store._database.execute_sql("SELECT * FROM api_token").fetchall()
    assert rows
    assert text not in str(rows)
    assert text.removeprefix("bct_") not in str(rows)


def test_a_browser_s_log_in_opens_nothing(admin: Site) -> None:
    answer = admin.client.get(f"{BASE}/credentials")
    assert answer.status_code == 401
    forged = admin.client.post(f"{BASE}/credentials", json=NEW)
    assert forged.status_code == 401
    assert admin.runtime.store.credentials.search().total == 0


def test_reveal_needs_its_scope(program: Program) -> None:
    identifier, _ = added(program())
    path = f"/credentials/{identifier}"
    answer = program(Scope.READ).get(path, params={"reveal": "true"})
    assert (answer.status_code, SECRET in answer.text) == (403, False)
    assert program(Scope.READ).get(path, params={"reveal": "false"}).status_code == 200
    assert SECRET in program(Scope.READ, Scope.REVEAL).get(path, params={"reveal": "true"}).text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("GET", "", 404), ("PATCH", "/credentials", 405), ("GET", "/verify", 405)],
)
def test_what_is_not_there_is_told_as_json(api: httpx.Client, method: str, path: str, status: int) -> None:
    answer = api.request(method, path)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_another_host_s_name_is_refused_as_json(api: httpx.Client) -> None:
    answer = api.get("/credentials", headers={"Host": "elsewhere.example"})
    assert (answer.status_code, "host_names" in answer.json()["detail"]) == (400, True)


def test_a_fault_has_a_number_and_no_value(site: Site, api: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(site.runtime.service, "add", broken)
    answer = api.post("/credentials", json=NEW)
    assert (answer.status_code, "Its number is" in answer.json()["detail"]) == (500, True)
    assert SECRET not in answer.text

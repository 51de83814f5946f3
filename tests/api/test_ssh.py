"""SSH keypairs and connections over the API, with keys of ssh-keygen and real sshd."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from api.conftest import BASE, Program
from api.test_credentials import found
from pages.conftest import Site
from servers.kinds.ssh_fleet import PASSWORD, Fleet
from servers.loopback import LoopbackSshd
from servers.runs import free_port, need
from servers.truenas import Account, FakeTrueNAS, State, User

from webapp.core.providers.sftp import ANY_HOST
from webapp.core.ssh.keys import fingerprint
from webapp.core.store.access.api_tokens import Scope
from webapp.core.store.audit.reading import Filter

PASSPHRASE = "canary of a passphrase"
PAIRS, CONNECTIONS = "/ssh/keypairs", "/ssh/connections"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LoopbackSshd]:
    with LoopbackSshd(tmp_path / "sshd") as running:
        yield running


def generated(api: httpx.Client, name: str = "Office", kind: str = "ed25519") -> httpx.Response:
    """Return the answer with a new keypair."""
    answer = api.post(PAIRS, json={"name": name, "generate": kind})
    assert answer.status_code == 201, answer.text
    return answer


def place_of(answer: httpx.Response) -> str:
    """Return where something that was made is."""
    return answer.headers["Location"].removeprefix(BASE)


def values(server: LoopbackSshd, keypair: str) -> dict[str, object]:
    """Return the values of a connection to an sshd."""
    known = "\n".join(server.host_keys.values())
    return {"host": "127.0.0.1", "port": server.port, "private_key": keypair, "remote_host_key": known}


def locked(folder: Path) -> str:
    """Return a private key of ssh-keygen under a passphrase."""
    path = folder / "locked"
    subprocess.run([need("ssh-keygen"), "-q", "-t", "ed25519", "-N", PASSPHRASE, "-f", path], check=True)
    return path.read_text()


def test_a_keypair_is_generated_renamed_found_and_deleted(site: Site, api: httpx.Client, tmp_path: Path) -> None:
    made = generated(api, kind="rsa-3072")
    place, shown = place_of(made), made.json()
    assert (shown["type"], shown["has_private_key"], shown["used_by"]) == ("RSA 3072", True, [])
    line = api.get(f"{place}/public-key")
    assert (line.text, line.headers["Content-Type"]) == (f"{shown['public_key']}\n", "text/plain; charset=utf-8")
    (tmp_path / "key.pub").write_text(line.text)
    told = subprocess.run([need("ssh-keygen"), "-lf", tmp_path / "key.pub"], capture_output=True, text=True, check=True)
    assert shown["fingerprint"] in told.stdout
    assert api.put(place, json={"name": "Home"}).status_code == 428
    assert api.put(place, json={}, headers={"If-Match": '"1"'}).status_code == 422
    renamed = api.put(place, json={"name": "Home"}, headers={"If-Match": made.headers["ETag"]})
    assert (renamed.status_code, renamed.headers["ETag"], renamed.json()["name"]) == (200, '"2"', "Home")
    late = api.put(place, json={"name": "Late"}, headers={"If-Match": '"1"'})
    assert (late.status_code, "program 0 (API)" in late.json()["detail"]) == (412, True)
    generated(api, "Another")
    listed = api.get(PAIRS, params={"search": "HOM"}).json()
    assert [one["fingerprint"] for one in listed["items"]] == [shown["fingerprint"]]
    last = api.get(PAIRS, params={"descending": "true", "size": 1}).json()
    assert ([one["name"] for one in last["items"]], last["total"], last["pages"]) == (["Home"], 2, 2)
    private = site.runtime.ssh.keypairs.private_key(shown["id"]).splitlines()[3]
    assert all(private not in answer.text for answer in (made, line, renamed, api.get(place), api.get(PAIRS)))
    assert api.delete(place, headers={"If-Match": '"1"'}).status_code == 412
    assert api.delete(place, headers={"If-Match": '"2"'}).status_code == 204
    assert api.get(place).status_code == 404


def test_a_key_under_a_passphrase_is_taken_over(site: Site, api: httpx.Client, tmp_path: Path) -> None:
    key = locked(tmp_path)

    def sent(**given: str) -> httpx.Response:
        return api.post(PAIRS, json={"name": "Locked", "attributes": given})

    assert found(sent(private_key=key))[0][0] == "passphrase"
    wrong = sent(private_key=key, passphrase="another canary")
    assert (wrong.status_code, found(wrong)[0][0]) == (422, "passphrase")
    made = sent(private_key=key, passphrase=PASSPHRASE)
    assert made.status_code == 201, made.text
    public = (tmp_path / "locked.pub").read_text().split()[1]
    assert made.json()["fingerprint"] == fingerprint(public)
    lines = key.splitlines()[1:-1]
    assert not any(secret in wrong.text + made.text for secret in (PASSPHRASE, "another canary", *lines))
    tag = {"If-Match": made.headers["ETag"]}
    other = generated(api, "Other").json()["public_key"]
    answer = api.put(place_of(made), json={"attributes": {"public_key": other}}, headers=tag)
    assert (answer.status_code, found(answer)[0][0]) == (422, "public_key")
    assert site.runtime.ssh.keypairs.get("Locked").version == 1


NO_KEYPAIRS: tuple[tuple[dict[str, object], str], ...] = (
    ({"generate": "dsa"}, "generate"),
    ({}, "generate"),
    ({"generate": "ed25519", "attributes": {}}, "generate"),
    ({"attributes": {}}, "private_key"),
    ({"attributes": {"private_key": "CANARY no key"}}, "private_key"),
    ({"attributes": {"public_key": "ssh-ed25519 AAAA"}}, "public_key"),
    ({"attributes": {"certificate": "x"}}, "certificate"),
    ({"attributes": {"private_key": 3}}, "private_key"),
    ({"generate": "ed25519", "name": "a\nb"}, "name"),
)


def test_what_is_wrong_with_a_keypair_stands_at_its_field(api: httpx.Client) -> None:
    for more, field in NO_KEYPAIRS:
        answer = api.post(PAIRS, json={"name": "New", **more})
        assert (answer.status_code, field in [name for name, _ in found(answer)]) == (422, True), answer.text
        assert "CANARY" not in answer.text
    assert api.get(PAIRS).json()["total"] == 0


@pytest.mark.server
def test_a_connection_from_beginning_to_end(site: Site, api: httpx.Client, server: LoopbackSshd) -> None:
    pair = generated(api).json()
    server.authorize(pair["public_key"])
    wanted = values(server, "office") | {"remote_host_key": ""}
    unknown = api.post("/ssh/verify", json={"attributes": wanted}).json()
    assert (unknown["state"], unknown["host_key"], unknown["field"]) == ("misconfigured", "unknown", "remote_host_key")
    keys = api.post("/ssh/discover", json={"host": "127.0.0.1", "port": server.port}).json()["keys"]
    assert sorted(key["line"].split()[1] for key in keys) == sorted(
        line.split()[1] for line in server.host_keys.values()
    )
    wanted["remote_host_key"] = "\n".join(key["line"] for key in keys)
    tried = api.post("/ssh/verify", json={"attributes": wanted}).json()
    assert (tried["state"], [step["state"] for step in tried["steps"]]) == ("valid", ["ok"] * 5)
    assert api.get(CONNECTIONS).json()["total"] == 0
    made = api.post(CONNECTIONS, json={"name": "NAS", "attributes": wanted})
    assert (made.status_code, made.json()["keypair"], made.json()["verification"]) == (201, "Office", None)
    place = place_of(made)
    assert made.json()["attributes"]["private_key"] == pair["id"]
    assert api.post(f"{place}/verify").json()["host_key"] == "match"
    (listed,) = api.get(CONNECTIONS, params={"state": "valid", "keypair": pair["id"]}).json()["items"]
    assert listed["verification"]["state"] == "valid"
    assert api.get(CONNECTIONS, params={"state": "invalid"}).json()["items"] == []
    assert api.get(CONNECTIONS, params={"keypair": made.json()["id"]}).json()["items"] == []
    told = api.get(f"{place}/openssh").json()
    assert f"Port {server.port}" in told["ssh_config"]
    moved = {**listed["attributes"], "port": free_port()}
    changed = api.put(place, json={"name": "Moved", "attributes": moved}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["attributes"]) == (200, moved)
    assert api.post(f"{place}/verify").json()["state"] == "unreachable"
    assert api.delete(place, headers={"If-Match": '"1"'}).status_code == 412
    assert api.delete(place).status_code == 204
    assert api.get(place).status_code == 404
    entries = site.runtime.store.audit_log.search(Filter()).items
    about = [entry for entry in entries if entry.subject == made.json()["id"]]
    assert [(entry.action, entry.outcome) for entry in reversed(about)] == [
        ("add", "ok"), ("verification", "ok"), ("change", "ok"), ("verification", "failed"), ("delete", "refused"),
        ("delete", "ok"),
    ]  # fmt: skip
    assert {entry.who for entry in about} == {"program 0 (API)"}


@pytest.mark.server
def test_another_host_key_is_an_alarm_until_it_is_written_down(
    site: Site, api: httpx.Client, server: LoopbackSshd
) -> None:
    server.authorize(generated(api).json()["public_key"])
    made = api.post(CONNECTIONS, json={"name": "NAS", "attributes": values(server, "Office")})
    place, old = place_of(made), made.json()["attributes"]
    server.set_up_anew()
    alarm = api.post(f"{place}/verify").json()
    assert (alarm["state"], alarm["host_key"], alarm["field"]) == ("misconfigured", "changed", "remote_host_key")
    new = {**old, "remote_host_key": "\n".join(alarm["found"])}
    assert api.put(place, json={"attributes": new}, headers={"If-Match": '"1"'}).status_code == 200
    assert api.post(f"{place}/verify").json()["state"] == "valid"
    (noted,) = site.runtime.ssh.connections.host_key_changes(made.json()["id"])
    assert ("\n".join(noted.old), noted.by) == (old["remote_host_key"], "program 0 (API)")


def test_what_is_in_use_is_kept_and_its_users_are_named(api: httpx.Client) -> None:
    pair = generated(api)
    host = {"host": "nas.example.com", "private_key": pair.json()["id"]}
    nas = api.post(CONNECTIONS, json={"name": "NAS", "attributes": host}).json()
    files = {"host": "nas.example.com", "user": "u", "private_key": "office", ANY_HOST: True}
    sftp = api.post("/credentials", json={"name": "Files", "provider": "SFTP", "attributes": files})
    assert sftp.status_code == 201, sftp.text
    refused = api.delete(place_of(pair))
    assert refused.status_code == 409
    named = [(user["kind"], user["name"], user["id"]) for user in refused.json()["used_by"]]
    assert named == [("SSH connection", "NAS", nas["id"]), ("cloud credential", "Files", sftp.json()["id"])]
    assert api.get(place_of(pair)).json()["used_by"] == refused.json()["used_by"]
    assert api.delete(place_of(pair), params={"anyway": "true"}).status_code == 204
    assert api.get(CONNECTIONS).json()["total"] == 0
    assert "private_key" not in api.get(place_of(sftp)).json()["attributes"]


def test_a_connection_makes_its_keypair_or_leaves_none(api: httpx.Client) -> None:
    taken = {"name": "NAS", "attributes": {"host": "nas.example.com", "private_key": "new:ed25519"}}
    made = api.post(CONNECTIONS, json=taken)
    assert (made.status_code, made.json()["keypair"]) == (201, "NAS Key")
    assert api.post(CONNECTIONS, json=taken).status_code == 409
    assert [one["name"] for one in api.get(PAIRS).json()["items"]] == ["NAS Key"]
    other = {**made.json()["attributes"], "private_key": "new:ecdsa-p256"}
    changed = api.put(place_of(made), json={"attributes": other}, headers={"If-Match": '"1"'})
    assert changed.json()["keypair"] == "NAS Key (2)"


NO_CONNECTIONS: tuple[tuple[dict[str, object], str], ...] = (
    ({"host": "https://nas"}, "host"),
    ({"port": 70000}, "port"),
    ({"username": "-oProxyCommand"}, "username"),
    ({"private_key": "nothing"}, "private_key"),
    ({"private_key": "new:dsa"}, "private_key"),
    ({"private_key": "ed25519"}, "private_key"),
    ({"remote_host_key": "no key"}, "remote_host_key"),
    ({"cipher": "NONE"}, "cipher"),
    ({"connect_timeout": 0}, "connect_timeout"),
    ({"password": "CANARY"}, "password"),
)


def test_what_is_wrong_with_a_connection_stands_at_its_field(api: httpx.Client) -> None:
    for more, field in NO_CONNECTIONS:
        attributes = {"host": "nas.example.com", "private_key": "new:ed25519", **more}
        for path, body in ((CONNECTIONS, {"name": "NAS"}), ("/ssh/verify", {})):
            answer = api.post(path, json={**body, "attributes": attributes})
            assert (answer.status_code, [name for name, _ in found(answer)]) == (422, [field]), answer.text
            assert "CANARY" not in answer.text
    assert (api.get(CONNECTIONS).json()["total"], api.get(PAIRS).json()["total"]) == (0, 0)


def test_an_address_that_is_none_is_not_asked(api: httpx.Client) -> None:
    answer = api.post("/ssh/discover", json={"host": "a b", "port": 0})
    assert (answer.status_code, [name for name, _ in found(answer)]) == (422, ["host", "port"])
    nobody = api.post("/ssh/discover", json={"host": "127.0.0.1", "port": free_port()})
    assert nobody.status_code == 503


@pytest.mark.server
def test_a_server_is_paired_by_a_password_that_is_used_once(api: httpx.Client, fleet: Fleet) -> None:
    wanted = fleet.values(fleet.normal, password="a wrong canary")
    unknown = {key: value for key, value in wanted.items() if key != "remote_host_key"}
    refused = api.post("/ssh/pair", json={"name": "Paired", "attributes": unknown})
    assert (refused.status_code, found(refused)[0][0]) == (422, "remote_host_key")
    wrong = api.post("/ssh/pair", json={"name": "Paired", "attributes": wanted}).json()
    assert (wrong["state"], wrong["field"], wrong["connection"]) == ("invalid", "password", None)
    assert api.get(PAIRS).json()["total"] == 0
    wanted |= {"password": PASSWORD, "private_key": "new:ecdsa-p256"}
    done = api.post("/ssh/pair", json={"name": "Paired", "attributes": wanted})
    assert (done.json()["state"], done.json()["connection"]["name"]) == ("valid", "Paired"), done.text
    assert api.get(PAIRS).json()["items"][0]["type"].startswith("ECDSA")
    assert PASSWORD not in done.text
    assert api.post(f"{CONNECTIONS}/{done.json()['connection']['id']}/verify").json()["state"] == "valid"
    assert api.post("/ssh/pair", json={"name": "paired", "attributes": wanted}).status_code == 422


@pytest.mark.server
def test_a_truenas_is_paired_by_an_admin_s_password(program: Program, api: httpx.Client, server: LoopbackSshd) -> None:
    state = State(
        accounts={"root": Account("CANARY-admin-password", "")},
        users={"root": User("root", 1)},
        port=server.port,
        host_keys=server.host_keys,
        on_key=lambda _user, keys: server.authorize(keys),
        control=True,
    )
    with FakeTrueNAS(state, versions=("v25.10.0",)) as remote:
        wanted = {"url": remote.url, "private_key": "new:ed25519", "password": "CANARY-admin-password"}
        open_way = api.post("/ssh/pair-truenas", json={"name": "NAS", "attributes": wanted})
        assert (open_way.status_code, found(open_way)[0][0]) == (422, "url")
        body = {"name": "NAS", "attributes": {**wanted, "allow_http": True}}
        assert program(*set(Scope) - {Scope.WRITE}).post("/ssh/pair-truenas", json=body).status_code == 403
        done = api.post("/ssh/pair-truenas", json=body)
    assert (done.json()["state"], done.json()["connection"]["keypair"]) == ("valid", "NAS Key"), done.text
    assert done.json()["changes"]
    assert "CANARY" not in done.text

"""The JSON API: tokens made on the page and by the command, secrets sent in, refused, changed and read."""

from __future__ import annotations

import re

import httpx
from canary.house import House
from canary.ways import ssh

BASE = "/api/v1"


def token_of_the_page(house: House) -> str:
    """Make a token as a person does; the page shows it this once, so it is not searched."""
    given = {"name": "Page", "scopes": "write", "days": "30", "own_password": house.password}
    form = {"csrf_token": house.token("/settings/tokens"), **given}
    found = re.search(r'id="token">(bct_[^<]+)<', house.client.post("/settings/tokens", data=form).text)
    assert found
    return house.canaries.mint("a token made on the page", found.group(1))


def ask(house: House, token: str, method: str, path: str, **more: object) -> httpx.Response:
    """Ask as a program and search the answer."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=house.client.base_url, headers=headers, trust_env=False, timeout=60) as program:
        return house.noted(program.request(method, BASE + path, **more))  # pyright: ignore[reportArgumentType]


def through_the_api(house: House) -> None:
    """Add, be refused, change, verify and show; reading secrets on purpose is not searched."""
    mint, page = house.canaries.mint, token_of_the_page(house)
    added = house.program("token", "add", "Reader", "--scope", "read", "--scope", "verify", "--json").data["token"]
    reader = mint("a token made by the command", added)
    values = {
        "host": "127.0.0.1",
        "port": 1,
        "user": "u",
        "pass": mint("a password through the API"),
        "encryption": "NONE",
    }
    new = {"name": "Program", "provider": "FTP", "attributes": values}
    made = ask(house, page, "POST", "/credentials", json=new)
    assert made.status_code == 201, made.text
    path = f"/credentials/{made.json()['id']}"
    for bad in ({**values, "host": "a b"}, {**values, "pass": {"x": mint("in an object")}}):
        assert (
            ask(house, page, "POST", "/credentials", json={**new, "name": "Bad", "attributes": bad}).status_code == 422
        )
    ask(house, page, "POST", "/credentials", content=f'{{"pass": "{mint("in broken JSON")}"')
    ask(house, reader, "POST", "/credentials", json={**new, "attributes": {"pass": mint("without the scope")}})
    ask(house, mint("a token that is none"), "GET", "/credentials")
    changed = {"attributes": {**values, "pass": mint("a changed password through the API")}}
    assert ask(house, page, "PUT", path, json=changed, headers={"If-Match": '"1"'}).status_code == 200
    assert ask(house, page, "PUT", path, json=changed, headers={"If-Match": '"1"'}).status_code == 412
    assert ask(house, reader, "GET", path).status_code == 200
    ask(house, reader, "POST", f"{path}/verify")
    ask(
        house,
        reader,
        "POST",
        "/verify",
        json={"provider": "FTP", "attributes": {**values, "pass": mint("verified by a program")}},
    )
    for shown in ("/credentials", f"{path}?reveal=true", f"{path}/formats", "/openapi.json", "/nowhere"):
        ask(house, reader, "GET", shown)
    house.open("/settings/tokens")
    house.run("token", "list", "--json")
    house.run("token", "revoke", "Reader")


def ssh_through_the_api(house: House) -> None:
    """Make, take over and change keypairs, be refused, connect, test and set up; then look at all of it."""
    mint, scopes = house.canaries.mint, [part for one in ("read", "verify", "write") for part in ("--scope", one)]
    token = mint("a token for SSH", house.program("token", "add", "SSH", *scopes, "--json").data["token"])
    phrase = mint("a passphrase through the API")
    key = ssh.locked(phrase)
    mint("a private key through the API", ssh.secret_lines(key, ""))
    pairs, connections = "/ssh/keypairs", "/ssh/connections"
    taken = {"name": "API key", "attributes": {"private_key": key, "passphrase": phrase}}
    made = ask(house, token, "POST", pairs, json={"name": "API made", "generate": "ed25519"})
    for attributes in (
        {"private_key": key}, {"private_key": key, "passphrase": mint("a wrong passphrase through the API")},
        {"public_key": key}, {"private_key": [key]}, {"private_key": f"{key[:120]}{mint('a broken key')}"},
        {"password": mint("an unknown field of a keypair")},
    ):  # fmt: skip
        assert ask(house, token, "POST", pairs, json={**taken, "attributes": attributes}).status_code == 422
    ask(house, token, "POST", pairs, json={**taken, "generate": mint("a kind that is none")})
    locked = ask(house, token, "POST", pairs, json=taken)
    assert (made.status_code, locked.status_code) == (201, 201), made.text + locked.text
    place, tag = f"{pairs}/{locked.json()['id']}", {"If-Match": '"1"'}
    assert ask(house, token, "PUT", place, json={"name": "API locked"}, headers=tag).status_code == 200
    assert ask(house, token, "PUT", place, json=taken, headers=tag).status_code == 412
    values = {"host": "127.0.0.1", "port": 1, "private_key": "API made"}
    assert ask(house, token, "POST", connections, json={"name": "API", "attributes": values}).status_code == 201
    ask(house, token, "POST", "/ssh/verify", json={"attributes": {**values, "password": mint("where none belongs")}})
    ask(house, token, "POST", "/ssh/verify", json={"attributes": values})
    once = {"password": mint("a password to pair through the API"), "remote_host_key": made.json()["public_key"]}
    ask(house, token, "POST", "/ssh/pair", json={"name": "Paired", "attributes": {**values, **once}})
    for more in (
        {"password": mint("an admin's password")},
        {"api_key": f"1-{mint('an API key, API', 'qzvwApiKey' * 6)}"},
    ):
        truenas = {"url": "https://127.0.0.1:1", "private_key": "API made", **more}
        ask(house, token, "POST", "/ssh/pair-truenas", json={"name": "TrueNAS", "attributes": truenas})
    assert ask(house, token, "DELETE", f"{pairs}/{made.json()['id']}").status_code == 409
    for kind in (pairs, connections):
        for one in ask(house, token, "GET", kind).json()["items"]:
            ask(house, token, "GET", f"{kind}/{one['id']}")
            ask(house, token, "GET", f"{kind}/{one['id']}/{'public-key' if kind == pairs else 'openssh'}")
    for name in ("API made", "API locked"):
        ssh.the_private_key_is_a_canary(house, name)


WAYS = (through_the_api, ssh_through_the_api)

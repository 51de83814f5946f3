"""Accounts: log-in, a changed password, the cookie of a log-in, the master key."""

from __future__ import annotations

import json

import httpx
from canary.house import ACCOUNT, House


def wrong_and_changed_passwords(house: House) -> None:
    """Try to log in with what is no password, and change the right one."""
    mint = house.canaries.mint
    house.send("/account", {"old": mint("a wrong old password"), "new": mint("a new password")})
    new = mint("a changed password")
    house.send("/account", {"old": house.password, "new": new})
    house.password = new
    with httpx.Client(base_url=house.client.base_url, trust_env=False) as stranger:
        house.client, own = stranger, house.client
        house.send("/login", {"name": ACCOUNT, "password": mint("a wrong password")}, form="/login")
        house.client = own
    with httpx.Client(base_url=house.client.base_url, trust_env=False) as stranger:
        # The form comes back with the name; it must not be kept, nor stand in the log.
        page = stranger.get("/login").text.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
        typed = {"csrf_token": page, "name": mint("a password typed as a name"), "password": "x"}
        assert stranger.post("/login", data=typed).status_code == 422


def cookies_and_keys(house: House) -> None:
    """Plant what the program itself made: neither may be in a file, the log or another answer."""
    seed = json.loads((house.program.folder / "secret-seed.json").read_text())
    for identifier, key in seed["keys"].items():
        house.canaries.mint(f"the master key {identifier}", key)
    for name, value in house.client.cookies.items():
        if name == "session":
            house.canaries.mint("the cookie of a log-in", value)


WAYS = (wrong_and_changed_passwords, cookies_and_keys)

"""The first account, made over HTTP as a browser without JavaScript does it."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager

import httpx

NAME, PASSWORD = "operator", "a-long-enough-password"


@contextmanager
def first_account(address: str, log: str) -> Generator[httpx.Client]:
    """Make the first account with the one-time code in a log, and give who is logged in."""
    code = re.findall(r"one-time code .*: (\S+)", log)[-1]
    with browser(address) as client:
        send(client, "/setup", {"code": code, "name": NAME, "password": PASSWORD})
        yield client


@contextmanager
def logged_in(address: str) -> Generator[httpx.Client]:
    """Log in with the account that is there."""
    with browser(address) as client:
        send(client, "/login", {"name": NAME, "password": PASSWORD})
        yield client


def browser(address: str) -> httpx.Client:
    """Return somebody with cookies."""
    return httpx.Client(base_url=address, trust_env=False, timeout=20, follow_redirects=True)


def send(client: httpx.Client, path: str, values: dict[str, str]) -> None:
    """Send a form with the token that stands in its page; the first page must open."""
    token = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(path).text)[0]
    page = client.post(path, data=values | {"csrf_token": token}, headers={"Origin": str(client.base_url).rstrip("/")})
    assert "<h1>Backup Credentials</h1>" in page.text, page.text

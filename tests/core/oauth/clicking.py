"""A person who clicks through a vendor's log-in pages, without a browser."""

from __future__ import annotations

import ssl
from urllib.parse import parse_qs, urlsplit

import httpx
from servers.fake_internet.starting import Internet
from servers.fake_internet.tokens import CLIENT, CLIENT_SECRET

from webapp.core.oauth.flows import Way
from webapp.core.oauth.service import Finished, LoginService, Started

HERE = "https://backup.example.com/oauth/callback"
APP = {"client_id": CLIENT, "client_secret": CLIENT_SECRET}
ME, OTHER = "session-one", "session-two"


def begin(logins: LoginService, provider: str, *, session: str = ME, way: Way = Way.REDIRECT, **more: str) -> Started:
    return logins.begin(session, provider, {**APP, **more}, way=way, redirect=HERE)


def trust(internet: Internet) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(internet.ca_file))


def sign_in(internet: Internet, address: str, account: str = "ada", answer: str = "allow") -> httpx.Response:
    """Press a button on the vendor's page."""
    with httpx.Client(proxy=internet.proxy, verify=trust(internet), trust_env=False) as browser:
        assert "<form" in browser.get(address).text
        return browser.post(address, data={"account": account, "answer": answer})


def sent(answer: httpx.Response) -> dict[str, str]:
    """Return the parameters that the browser is sent back with."""
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def logged_in(logins: LoginService, internet: Internet, provider: str, account: str = "ada", **more: str) -> Finished:
    started = begin(logins, provider, **more)  # pyright: ignore[reportArgumentType]  values of the form
    return logins.come_back(ME, sent(sign_in(internet, started.address, account)))

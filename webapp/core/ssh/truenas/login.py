"""Logging in at a TrueNAS, and what each refusal means for the person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from webapp.core.errors import PermanentError
from webapp.core.ssh.truenas.client import Client
from webapp.core.ssh.truenas.framing import RemoteCallError
from webapp.core.ssh.truenas.scram import NO_PROOF, Scram


@dataclass(frozen=True, slots=True)
class LogIn:
    """Who logs in at the remote's web interface, and with what; used once and never stored.

    Attributes:
        user: Name of the administrator.
        password: Empty when an API key is used.
        api_key: Empty when a password is used.
        one_time: The current code of a second factor; empty when there is none.
    """

    user: str
    password: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)
    one_time: str = field(default="", repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be seen in any text."""
        return (self.password, self.api_key, self.one_time)


SCRAM = "SCRAM"
"""The way to log in by API key of TrueNAS 26 and newer."""

REJECTED = "The remote rejected this user name or password."
REJECTED_KEY = "The remote rejected this API key, or it belongs to another user."
CODE_NEEDED = "This account asks for a one-time password. Enter the current code of the authenticator."
CODE_WRONG = "The remote rejected this one-time password. Wait for the next code and enter that one."
CODE_TOO_OFTEN = "The remote rejected the one-time password too often. Log in there once, then try again."
EXPIRED = (
    "The account or its password has expired, or the password must be changed. Log in at the remote and change it."
)
DENIED = "This account may not use the remote's interface. Choose one with full administrator rights."
NO_PASSWORDS = "The remote forbids logging in by password (its security settings demand more). Use an API key."
NO_KEYS = (
    "The remote forbids logging in by API key (its security settings demand more). Use the password and a one-time "
    "password."
)
OLD_REJECTED = (
    "The remote rejected this user name or password. If the account has a second factor, enter its current code too."
)
OLD_CODE_REJECTED = "The remote rejected the user name, the password or the one-time password."


def log_in(client: Client, login: LogIn) -> None:
    """Log in, by API key when there is one.

    Raises:
        PermanentError: It was refused; the sentence stands on its field.
        RemoteCallError: The remote refused for a reason of its own.
    """
    refuse_open_key(client.address.encrypted, login)
    if not client.modern:
        _old_log_in(client, login)
        return
    try:
        if login.api_key and SCRAM in mechanisms(client):
            _by_scram(client, login)
            return
        answer = client.ask("auth.login_ex", _first_step(login))
    except RemoteCallError as error:
        if error.errname == "EOPNOTSUPP":
            raise _forbidden(login) from None
        if not error.no_method:
            raise
        _old_log_in(client, login)
        return
    _judge(_second_step(client, login, answer), login)


def refuse_open_key(encrypted: bool, login: LogIn) -> None:
    """Never send an API key without TLS: the remote would revoke it, and everyone on the way could read it.

    Raises:
        PermanentError: There is one, and no TLS.
    """
    if login.api_key and not encrypted:
        raise PermanentError(
            "An API key is never sent over http: the remote revokes a key that arrives unencrypted. Use https://.",
            field="url",
        )


def mechanisms(client: Client) -> list[str]:
    """Return the ways to log in that the remote has; empty for one that does not tell, as 25.10 fails in doing so."""
    try:
        told = client.call("auth.mechanism_choices")
    except RemoteCallError:
        return []
    return [one for one in told if isinstance(one, str)] if isinstance(told, list) else []


def _by_scram(client: Client, login: LogIn) -> None:
    """Prove that we have the key, and let the remote prove that it knows it; the key itself is never sent.

    Raises:
        PermanentError: The remote refused it, or could not prove itself; then we are logged out again.
    """
    exchange = Scram(login.user, login.api_key)
    proof = exchange.final(_scram_step(client, login, "CLIENT_FIRST_MESSAGE", exchange.first()))
    shown = _scram_step(client, login, "CLIENT_FINAL_MESSAGE", proof)
    try:
        exchange.check(shown)
    except PermanentError:
        client.close()
        raise


def _scram_step(client: Client, login: LogIn, kind: str, message: str) -> str:
    """Send a message of SCRAM and return the remote's."""
    answer = client.ask("auth.login_ex", {"mechanism": SCRAM, "scram_type": kind, "rfc_str": message})
    if answer.get("response_type") != "SCRAM_RESPONSE":
        _judge(answer, login)
        raise PermanentError(NO_PROOF, field="url")  # let in without a proof
    return str(answer.get("rfc_str") or "")


def _first_step(login: LogIn) -> dict[str, Any]:
    options = {"user_info": False}
    if login.api_key:
        return {
            "mechanism": "API_KEY_PLAIN",
            "username": login.user,
            "api_key": login.api_key,
            "login_options": options,
        }
    return {
        "mechanism": "PASSWORD_PLAIN",
        "username": login.user,
        "password": login.password,
        "login_options": options,
    }


def _second_step(client: Client, login: LogIn, answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Send the one-time password when it is asked for, on the same connection."""
    if answer.get("response_type") != "OTP_REQUIRED":
        return answer
    if not login.one_time:
        raise PermanentError(CODE_NEEDED, field="otp_token")
    step = {"mechanism": "OTP_TOKEN", "otp_token": login.one_time}
    answer = client.ask("auth.login_ex_continue", step)
    kind = answer.get("response_type")
    if kind == "OTP_REQUIRED":
        raise PermanentError(CODE_WRONG, field="otp_token")
    if kind == "AUTH_ERR":
        raise PermanentError(CODE_TOO_OFTEN, field="otp_token")
    return answer


def _forbidden(login: LogIn) -> PermanentError:
    """Return the sentence for a remote whose security settings forbid this way of logging in."""
    if login.api_key:
        return PermanentError(NO_KEYS, field="api_key")
    return PermanentError(NO_PASSWORDS, field="password")


def _judge(answer: Mapping[str, Any], login: LogIn) -> None:
    kind = answer.get("response_type")
    field = "api_key" if login.api_key else "password"
    if kind == "SUCCESS":
        return
    if kind == "REDIRECT":
        urls = answer.get("urls")
        active = ", ".join(str(url) for url in cast("list[Any]", urls)) if isinstance(urls, list) else ""
        raise PermanentError(
            f"This is the standby controller of a pair. Use the active one: {active or 'see its web page'}.",
            field="url",
        )
    sentences = {
        "AUTH_ERR": (REJECTED_KEY if login.api_key else REJECTED, field),
        "EXPIRED": (EXPIRED, field),
        "DENIED": (DENIED, "admin_username"),
    }
    sentence, where = sentences.get(str(kind), ("The remote answered the log-in in a way that is not known here.", ""))
    raise PermanentError(sentence, field=where)


def _old_log_in(client: Client, login: LogIn) -> None:
    """Log in as before 25.04: the remote says yes or no and nothing more."""
    if login.api_key:
        if not client.call("auth.login_with_api_key", login.api_key):
            raise PermanentError(REJECTED_KEY, field="api_key")
        return
    if not client.call("auth.login", login.user, login.password, login.one_time or None):
        raise PermanentError(OLD_CODE_REJECTED if login.one_time else OLD_REJECTED, field="password")

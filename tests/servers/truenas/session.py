"""One WebSocket of a visitor: who it is, and the calls it makes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from websockets.sync.server import ServerConnection

from servers.truenas.state import EACCES, EINVAL, EOPNOTSUPP, ERRNAMES, Account, CallError, State

CHANGES = ("user_update", "service_update", "service_start", "service_control")
PUBLIC = frozenset(
    {"auth.login", "auth.login_ex", "auth.login_ex_continue", "auth.login_with_api_key", "core.ping", "core.get_jobs"}
    | {"user.query", "user.update", "service.query", "service.update", "service.start", "service.control", "ssh.config"}
)


@dataclass
class Session:
    """The calls of one connection.

    Attributes:
        modern: Whether it speaks JSON-RPC.
        encrypted: Whether it came by TLS.
        passwords: Whether the machine's security settings allow logging in by password.
        old_logins: Whether `auth.login` and its like are still there.
    """

    state: State
    modern: bool
    encrypted: bool
    passwords: bool = True
    old_logins: bool = True
    account: Account | None = None
    waiting: Account | None = None
    tries: int = 0
    standby: tuple[str, ...] = ()

    def call(self, method: str, params: list[Any]) -> Any:
        with self.state.lock:
            self.state.calls.append((method, params))
            if method not in PUBLIC:
                raise LookupError
            name = method.replace(".", "_")
            if method.startswith("auth."):
                return getattr(self, name)(*params)
            if self.account is None and method != "core.ping":
                raise CallError(207, "Not authenticated")
            if name in CHANGES and self.account and not self.account.admin:
                raise CallError(EACCES, "Not authorized")
            return getattr(self.state, name)(*params)

    def auth_login_ex(self, step: dict[str, Any]) -> dict[str, Any]:
        if not self.modern:
            raise LookupError
        if self.standby:
            return {"response_type": "REDIRECT", "urls": list(self.standby)}
        if step["mechanism"] == "PASSWORD_PLAIN" and not self.passwords:
            raise CallError(EOPNOTSUPP, "PASSWORD_PLAIN: mechanism is not supported at current authenticator level.")
        account = self.state.accounts.get(step["username"])
        if account is None or not self.is_right(account, step):
            return {"response_type": "AUTH_ERR"}
        if account.otp and step["mechanism"] == "PASSWORD_PLAIN":
            self.waiting = account
            return {"response_type": "OTP_REQUIRED", "username": step["username"]}
        return self.let_in(account)

    def is_right(self, account: Account, step: dict[str, Any]) -> bool:
        if step["mechanism"] == "PASSWORD_PLAIN":
            return bool(step["password"]) and step["password"] == account.password
        assert step["mechanism"] == "API_KEY_PLAIN"
        if not self.encrypted:
            account.revoked = True
        return not account.revoked and bool(account.api_key) and step["api_key"] == account.api_key

    def let_in(self, account: Account) -> dict[str, Any]:
        if account.answer == "SUCCESS":
            self.account = account
            return {"response_type": "SUCCESS", "user_info": None, "authenticator": "LEVEL_1"}
        return {"response_type": account.answer}

    def auth_login_ex_continue(self, step: dict[str, Any]) -> dict[str, Any]:
        assert step["mechanism"] == "OTP_TOKEN"
        if self.waiting is None:
            raise CallError(EINVAL, "auth.login_ex must be called first")
        if step["otp_token"] == self.waiting.otp:
            return self.let_in(self.waiting)
        self.tries += 1
        return {"response_type": "AUTH_ERR" if self.tries > 2 else "OTP_REQUIRED"}

    def auth_login(self, username: str, password: str, otp_token: str | None = None) -> bool:
        if not self.old_logins:
            raise LookupError
        account = self.state.accounts.get(username)
        right = account is not None and password == account.password and (otp_token or "") == account.otp
        self.account = account if right else None
        return right

    def auth_login_with_api_key(self, key: str) -> bool:
        if not self.old_logins:
            raise LookupError
        found = [account for account in self.state.accounts.values() if account.api_key == key and not account.revoked]
        if found and not self.encrypted:
            found[0].revoked = True
            return False
        self.account = found[0] if found else None
        return bool(found)


def serve_legacy(connection: ServerConnection, session: Session) -> None:
    """Speak the older protocol."""
    greeting = json.loads(connection.recv())
    if greeting.get("msg") != "connect" or "1" not in greeting.get("support", []):
        connection.send(json.dumps({"msg": "failed", "version": "1"}))
        return
    connection.send(json.dumps({"msg": "connected", "session": "b2b3a7d0"}))
    for text in connection:
        frame = json.loads(text)
        if frame["msg"] == "ping":
            connection.send(json.dumps({"msg": "pong", "id": frame.get("id")}))
            continue
        assert frame["msg"] == "method"
        connection.send(json.dumps({"id": frame["id"], "msg": "result", **legacy_outcome(session, frame)}))


def legacy_outcome(session: Session, frame: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"result": session.call(frame["method"], frame["params"])}
    except LookupError:
        return {"error": {"error": 201, "type": None, "reason": "Method does not exist", "trace": None, "extra": None}}
    except CallError as error:
        kind = "VALIDATION" if error.extra else None
        reason = (
            f"[EINVAL] {error.extra[0][0]}: {error.extra[0][1]}\n"
            if error.extra
            else f"[{errname(error)}] {error.reason}"
        )
        return {
            "error": {
                "error": error.errno,
                "type": kind,
                "reason": reason,
                "trace": {"class": "CallError", "frames": [], "formatted": "", "repr": ""},
                "extra": error.extra,
            }
        }


def serve_json_rpc(connection: ServerConnection, session: Session) -> None:
    """Speak JSON-RPC 2.0; an unasked-for notification comes before every answer."""
    for text in connection:
        frame = json.loads(text)
        assert frame["jsonrpc"] == "2.0"
        note = {"jsonrpc": "2.0", "method": "collection_update", "params": {"msg": "changed", "collection": "x"}}
        connection.send(json.dumps(note))
        outcome = json_rpc_outcome(session, frame)
        connection.send(json.dumps({"jsonrpc": "2.0", "id": frame["id"], **outcome}))


def json_rpc_outcome(session: Session, frame: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"result": session.call(frame["method"], frame["params"])}
    except LookupError:
        return {"error": {"code": -32601, "message": "Method does not exist"}}
    except CallError as error:
        data = {
            "error": error.errno,
            "errname": errname(error),
            "reason": error.reason or f"[EINVAL] {(error.extra or [['', '']])[0][0]}",
            "trace": {"class": "CallError", "frames": [], "formatted": "", "repr": ""},
            "extra": error.extra,
        }
        code, message = (-32602, "Invalid params") if error.extra else (-32001, "Method call error")
        return {"error": {"code": code, "message": message, "data": data}}


def errname(error: CallError) -> str:
    return ERRNAMES.get(error.errno, "ENOTAUTHENTICATED" if error.errno == 207 else "")

"""One WebSocket of a visitor: who it is, and the calls it makes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import Any

from websockets.sync.server import ServerConnection

from servers.truenas.state import EACCES, EINVAL, EOPNOTSUPP, ERRNAMES, Account, CallError, State

CHANGES = ("user_update", "service_update", "service_start", "service_control")
PUBLIC = frozenset(
    {"auth.login", "auth.login_ex", "auth.login_ex_continue", "auth.login_with_api_key", "core.ping", "core.get_jobs"}
    | {"auth.mechanism_choices"}
    | {"user.query", "user.update", "service.query", "service.update", "service.start", "service.control", "ssh.config"}
)


class Exchange:
    """One exchange of SCRAM-SHA-512 on the server's side, as `truenas_scram` does it."""

    def __init__(self, key: str, client_first: str) -> None:
        header, _, self.bare = client_first.partition(",,")
        assert header == "n"
        self.client_nonce = base64.b64decode(self.bare.partition(",r=")[2], validate=True)
        assert len(self.client_nonce) == 32
        salt, rounds = secrets.token_bytes(16), 50_000
        salted = hashlib.pbkdf2_hmac("sha512", key.encode(), salt, rounds)
        self.stored_key = hashlib.sha512(hmac.digest(salted, b"Client Key", "sha512")).digest()
        self.server_key = hmac.digest(salted, b"Server Key", "sha512")
        self.nonce = base64.b64encode(self.client_nonce + secrets.token_bytes(32)).decode()
        self.server_first = f"r={self.nonce},s={base64.b64encode(salt).decode()},i={rounds}"

    def signature(self, client_final: str) -> str:
        """Return the last message, or nothing when the proof is wrong."""
        without_proof, _, proof = client_final.partition(",p=")
        if without_proof != f"c=biws,r={self.nonce}":
            return ""
        message = f"{self.bare},{self.server_first},{without_proof}".encode()
        signed = hmac.digest(self.stored_key, message, "sha512")
        client_key = bytes(a ^ b for a, b in zip(base64.b64decode(proof), signed, strict=True))
        if hashlib.sha512(client_key).digest() != self.stored_key:
            return ""
        return "v=" + base64.b64encode(hmac.digest(self.server_key, message, "sha512")).decode()


def scram_response(kind: str, message: str) -> dict[str, Any]:
    return {"response_type": "SCRAM_RESPONSE", "scram_type": kind, "rfc_str": message, "user_info": None}


@dataclass
class Session:
    """The calls of one connection.

    Attributes:
        modern: Whether it speaks JSON-RPC.
        encrypted: Whether it came by TLS.
        passwords: Whether the machine's security settings allow logging in by password.
        old_logins: Whether `auth.login` and its like are still there.
        scram: Whether it knows SCRAM, as 26 and newer.
        impostor: Whether it answers SCRAM without knowing the key.
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
    scram: bool = False
    impostor: bool = False
    exchange: Exchange | None = None

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
        if step["mechanism"] == "SCRAM" and self.scram:
            return self.scram_step(step)
        if step["mechanism"] in self.forbidden:
            raise CallError(
                EOPNOTSUPP, f"{step['mechanism']}: mechanism is not supported at current authenticator level."
            )
        account = self.state.accounts.get(step["username"])
        if account is None or not self.is_right(account, step):
            return {"response_type": "AUTH_ERR"}
        if account.otp and step["mechanism"] == "PASSWORD_PLAIN":
            self.waiting = account
            return {"response_type": "OTP_REQUIRED", "username": step["username"]}
        return self.let_in(account)

    @property
    def forbidden(self) -> tuple[str, ...]:
        return () if self.passwords else ("PASSWORD_PLAIN", "API_KEY_PLAIN") if self.scram else ("PASSWORD_PLAIN",)

    def auth_mechanism_choices(self) -> list[str]:
        if not self.modern:
            raise LookupError
        if not self.scram:  # as 25.10 fails for whoever is not logged in yet
            raise CallError(EINVAL, "'NoneType' object has no attribute 'may_create_auth_token'")
        return ["SCRAM", *(["API_KEY_PLAIN", "TOKEN_PLAIN", "PASSWORD_PLAIN"] if self.passwords else [])]

    def scram_step(self, step: dict[str, Any]) -> dict[str, Any]:
        """Answer a message of RFC 5802; the proof is checked with what a TrueNAS keeps of a key, not with the key."""
        if step["scram_type"] == "CLIENT_FIRST_MESSAGE":
            name, _, number = step["rfc_str"].split("n=", 1)[1].partition(",r=")[0].rpartition(":")
            account = self.state.accounts.get(name)
            if account is None or account.revoked or account.api_key.partition("-")[0] != number:
                return {"response_type": "AUTH_ERR"}
            self.waiting = account
            self.exchange = Exchange(account.api_key.partition("-")[2], step["rfc_str"])
            return scram_response("SERVER_FIRST_RESPONSE", self.exchange.server_first)
        if self.exchange is None or self.waiting is None:
            raise CallError(EINVAL, "SCRAM: no exchange in progress")
        exchange, self.exchange = self.exchange, None
        if self.impostor:
            return scram_response("SERVER_FINAL_RESPONSE", "v=" + base64.b64encode(bytes(64)).decode())
        signature = exchange.signature(step["rfc_str"])
        answer = self.let_in(self.waiting) if signature else {"response_type": "AUTH_ERR"}
        return scram_response("SERVER_FINAL_RESPONSE", signature) if self.account else answer

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

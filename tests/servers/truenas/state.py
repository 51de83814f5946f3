"""What a TrueNAS remembers, and the rules by which it changes."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

EACCES, ENOENT, EINVAL, EOPNOTSUPP = 13, 2, 22, 95
ERRNAMES = {EACCES: "EACCES", ENOENT: "ENOENT", EINVAL: "EINVAL", EOPNOTSUPP: "EOPNOTSUPP"}


class CallError(Exception):
    """A call that fails; `extra` makes it a failed validation."""

    def __init__(self, errno: int, reason: str, extra: list[list[Any]] | None = None) -> None:
        super().__init__(reason)
        self.errno, self.reason, self.extra = errno, reason, extra


@dataclass
class Account:
    """Somebody who may log in at the web interface.

    Attributes:
        otp: The current code of the second factor; empty for none.
        answer: What a right password is answered with instead of SUCCESS.
        admin: Whether it may change users and services.
    """

    password: str
    api_key: str = ""
    otp: str = ""
    answer: str = "SUCCESS"
    admin: bool = True
    revoked: bool = False


@dataclass
class User:
    """A local user as `user.query` shows it."""

    username: str
    id: int
    shell: str = "/usr/bin/bash"
    home: str = "/root"
    sshpubkey: str | None = None
    sudo_commands_nopasswd: list[str] | None = field(default_factory=list)
    local: bool = True
    immutable: bool = False

    def shown(self) -> dict[str, Any]:
        found = {name: value for name, value in vars(self).items() if value is not None or name == "sshpubkey"}
        return {**found, "builtin": self.username == "root", "full_name": self.username}


@dataclass
class State:
    """One machine.

    Attributes:
        homes: Folders that exist.
        control: Whether `service.control` is there (25.10 and newer) in the place of `service.start`.
        starts: Whether the SSH service comes up when it is started.
        hangs: Whether starting it never ends.
        host_keys: Lines of `.pub` files by type.
        on_key: Called with a user's keys after they changed, so that a real sshd can take them.
        calls: Every method that was called, with its parameters.
    """

    accounts: dict[str, Account] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    homes: set[str] = field(default_factory=lambda: {"/root"})
    enabled: bool = False
    running: bool = False
    starts: bool = True
    hangs: bool = False
    control: bool = True
    port: int = 22
    host_keys: dict[str, str] = field(default_factory=dict)
    on_key: Callable[[str, str], None] | None = None
    calls: list[tuple[str, list[Any]]] = field(default_factory=list)
    jobs: dict[int, dict[str, Any]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def count(self, method: str) -> int:
        return sum(called == method for called, _ in self.calls)

    # The calls, each by the name that it has on the wire with a `_` for the dot.

    def user_query(self, filters: list[list[Any]], options: dict[str, Any] | None = None) -> Any:
        found = [user.shown() for user in self.users.values()]
        for name, operator, value in filters:
            assert operator == "="
            found = [user for user in found if user.get(name) == value]
        if (options or {}).get("get"):
            if not found:
                raise CallError(ENOENT, "None not found")
            return found[0]
        return found

    def user_update(self, identifier: int, changes: dict[str, Any]) -> Any:
        user = next((user for user in self.users.values() if user.id == identifier), None)
        if user is None:
            raise CallError(ENOENT, f"User {identifier} does not exist")
        if user.immutable:
            raise CallError(EINVAL, "", [["user_update.immutable", "This attribute cannot be changed", EINVAL]])
        self._check_known(changes)
        home = changes.get("home", user.home)
        if changes.get("home_create"):
            home = f"{home}/{user.username}"
            self.homes.add(home)
        if "sshpubkey" in changes and home not in self.homes:
            raise CallError(EINVAL, "", [["user_update.sshpubkey", f"Home directory {home} does not exist.", EINVAL]])
        user.home, user.shell = home, changes.get("shell", user.shell)
        user.sshpubkey = changes.get("sshpubkey", user.sshpubkey)
        user.sudo_commands_nopasswd = changes.get("sudo_commands_nopasswd", user.sudo_commands_nopasswd)
        if "sshpubkey" in changes and self.on_key:
            self.on_key(user.username, user.sshpubkey or "")
        return user.shown()

    @staticmethod
    def _check_known(changes: dict[str, Any]) -> None:
        known = {"home", "home_create", "shell", "sshpubkey", "sudo_commands_nopasswd"}
        for name in changes.keys() - known:
            raise CallError(EINVAL, "", [[f"user_update.{name}", "Extra inputs are not permitted", EINVAL]])

    def service_query(self, filters: list[list[Any]], options: dict[str, Any] | None = None) -> Any:
        assert filters == [["service", "=", "ssh"]]
        state = "RUNNING" if self.running else "STOPPED"
        found = [{"id": 10, "service": "ssh", "enable": self.enabled, "state": state, "pids": []}]
        return found[0] if (options or {}).get("get") else found

    def service_update(self, service: str | int, changes: dict[str, Any]) -> int:
        assert service in {"ssh", 10}
        self.enabled = changes["enable"]
        return 10

    def service_start(self, service: str) -> bool:
        assert service == "ssh"
        if self.control:
            raise LookupError
        self.running = self.starts
        return self.running

    def service_control(self, verb: str, service: str) -> int:
        if not self.control:
            raise LookupError
        assert (verb, service) == ("START", "ssh")
        number = len(self.jobs) + 41
        self.jobs[number] = {"id": number, "state": "RUNNING", "error": None}
        if not self.hangs:
            threading.Thread(target=self._come_up, args=[number]).start()
        return number

    def _come_up(self, number: int) -> None:
        time.sleep(0.05)
        with self.lock:
            self.running = self.starts
            end = {"state": "SUCCESS"} if self.starts else {"state": "FAILED", "error": "sshd: no hostkeys available"}
            self.jobs[number] |= end

    def core_get_jobs(self, filters: list[list[Any]]) -> list[dict[str, Any]]:
        return [job for job in self.jobs.values() if all(job[name] == value for name, _, value in filters)]

    def ssh_config(self) -> dict[str, Any]:
        shown = {f"host_{kind}_key_pub": None for kind in ("rsa", "ecdsa", "ed25519", "dsa")}
        for kind, line in self.host_keys.items():
            shown[f"host_{kind}_key_pub"] = base64.b64encode(line.encode()).decode()
        return {"id": 1, "tcpport": self.port, "passwordauth": False, "weak_ciphers": [], **shown}

    def core_ping(self) -> str:
        return "pong"

"""`verify` against a real WebDAV server."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import psutil
import pytest

FIELDS = ["state", "message", "field", "detail", "seconds"]


def test_values_are_verified_and_not_saved(program: Any, webdav: dict[str, object]) -> None:
    ended = program("verify", "--provider", "WEBDAV", "--json", given=webdav)
    assert (ended.code, ended.err) == (0, "")
    assert list(ended.data) == FIELDS
    assert ended.data["state"] == "valid"
    assert 0 < ended.data["seconds"] < 30
    assert program("list", "--json").data == []


def test_a_wrong_password_is_no(program: Any, webdav: dict[str, object]) -> None:
    ended = program("verify", "--provider", "WEBDAV", "--json", given={**webdav, "pass": "canary-wrong"})
    assert ended.code == 1
    assert (ended.data["state"], ended.data["field"]) == ("invalid", "pass")
    assert "canary" not in ended.out + ended.err
    told = program("verify", "--provider", "WEBDAV", given={**webdav, "pass": "canary-wrong"})
    assert told.out.startswith("invalid: pass: ")


def test_a_stored_credential_keeps_its_result(program: Any, webdav: dict[str, object]) -> None:
    program("add", "Dav", "--provider", "WEBDAV", given=webdav)
    ended = program("verify", "dav")
    assert ended.code == 0
    assert ended.out.startswith("valid: ")
    last = program("show", "Dav", "--json").data["verification"]
    assert last["state"] == "valid"
    assert last["at"]
    assert [found["name"] for found in program("list", "--state", "valid", "--json").data] == ["Dav"]


def test_all_are_verified(program: Any, webdav: dict[str, object]) -> None:
    program("add", "Good", "--provider", "WEBDAV", given=webdav)
    assert program("verify", "--all").code == 0
    program("add", "Bad", "--provider", "WEBDAV", given={**webdav, "pass": "x"})
    ended = program("verify", "--all", "--json")
    assert ended.code == 1
    assert {found["name"]: found["state"] for found in ended.data} == {"Bad": "invalid", "Good": "valid"}


def test_writing_is_verified_when_asked_for(program: Any, webdav: dict[str, object]) -> None:
    ended = program("verify", "--provider", "WEBDAV", "--write", "--json", given=webdav)
    assert (ended.code, ended.data["state"]) == (0, "valid")


@pytest.mark.parametrize("arguments", [(), ("X", "--all"), ("X", "--provider", "FTP"), ("--all", "--provider", "FTP")])
def test_one_thing_is_named(program: Any, arguments: tuple[str, ...]) -> None:
    ended = program("verify", *arguments)
    assert ended.code == 2
    assert "Say which" in ended.line


def test_nothing_runs_afterwards(program: Any, webdav: dict[str, object]) -> None:
    before = daemons()
    program("verify", "--provider", "WEBDAV", given=webdav)
    time.sleep(0.2)
    assert [pid for pid in daemons() - before if orphaned(pid)] == []


def daemons() -> set[int]:
    found = psutil.process_iter(["cmdline"])
    return {process.pid for process in found if "rcd" in (process.info["cmdline"] or [])}


def orphaned(pid: int) -> bool:
    """Tell whether a daemon has lost its app; those of tests that run at the same time have theirs."""
    try:
        parent = psutil.Process(pid).parent()
        return parent is None or "python" not in Path(parent.exe()).name
    except psutil.NoSuchProcess:
        return False


def test_a_check_stands_in_the_audit_with_who_asked_for_it(program: Any, webdav: dict[str, object]) -> None:
    assert program("add", "Nightly", "--provider", "WEBDAV", given=webdav).code == 0
    assert program("verify", "Nightly").code == 0
    (entry,) = program("audit", "list", "--action", "verification", "--json").data
    assert (entry["from"], entry["outcome"]) == ("command line: verify", "ok")
    assert entry["who"].endswith("(command line)")

"""`add`, `list`, `show` and `delete`, as processes on a real store."""

from __future__ import annotations

import json
import stat
from typing import Any

import pytest

MASK = "********"
VALUES = {"host": "ftp.example.com", "user": "backup", "pass": "canary-ftp-password", "encryption": "EXPLICIT"}


def test_a_saved_credential_is_listed_shown_and_deleted(program: Any) -> None:
    added = program("add", " Nightly ", "--provider", "ftp", given=VALUES)
    assert (added.code, added.err, added.out) == (0, "", "Saved “Nightly”.\n")
    listed = program("list")
    assert listed.out.splitlines()[0].split() == ["NAME", "PROVIDER", "STATE", "CHECKED", "ACCOUNT"]
    assert "Nightly  FTP       not verified" in listed.out
    assert "backup · ftp.example.com" in listed.out
    assert program("delete", "nightly", "--yes").out == "Deleted “Nightly”.\n"
    assert program("list", "--json").data == []


def test_secrets_are_masked_unless_revealed(filled: Any) -> None:
    shown = filled("show", "Nightly")
    assert f"  pass: {MASK}" in shown.out
    assert "canary" not in shown.out + filled("show", "Nightly", "--json").out + filled("list", "--json").out
    assert "  pass: canary-ftp-password" in filled("show", "Nightly", "--reveal").out
    assert filled("show", "NIGHTLY", "--reveal", "--json").data["attributes"] == VALUES


def test_json_describes_a_credential(filled: Any) -> None:
    data = filled("show", "Nightly", "--json").data
    assert data["provider"] == "FTP"
    assert data["version"] == 1
    assert data["verification"] is None
    assert data["changed"].endswith("+00:00")
    assert data["changed_by"].endswith("(command line)")
    added = filled("add", "Second", "--provider", "FTP", "--json", given=VALUES).data
    assert added["attributes"]["pass"] == MASK
    deleted = filled("delete", "Second", "--yes", "--json").data
    assert deleted == {"deleted": {"id": added["id"], "name": "Second"}}


def test_a_warning_is_told_and_the_credential_saved(program: Any) -> None:
    ended = program("add", "Open", "--provider", "FTP", given={**VALUES, "encryption": "NONE"})
    assert ended.code == 0
    assert ended.line.startswith("Warning: encryption: ")
    assert "Open" in program("list").out


def test_lists_can_be_narrowed(filled: Any) -> None:
    filled("add", "Weekly", "--provider", "HTTP", given={"url": "https://example.com/"})
    names = lambda *arguments: [found["name"] for found in filled("list", "--json", *arguments).data]  # noqa: E731  reads well below
    assert names() == ["Nightly", "Weekly"]
    assert names("--provider", "http") == ["Weekly"]
    assert names("--search", "night") == ["Nightly"]
    assert names("--state", "valid") == []
    assert filled("list", "--state", "fine").code == 2


def test_empty_lists_say_so(program: Any) -> None:
    assert program("list").out == "There is no credential yet.\n"
    assert program("list", "--search", "x").out == "There is no such credential.\n"


def test_names_are_taken_once_whatever_case_and_blanks(filled: Any) -> None:
    for name in ("nightly", "NIGHTLY ", "\uff2eightly"):
        ended = filled("add", name, "--provider", "FTP", given=VALUES)
        assert ended.code == 1
        assert ended.line == "Error: name: Another credential has this name. Choose another one."
    assert len(filled("list", "--json").data) == 1


def test_one_is_changed_and_renamed(filled: Any) -> None:
    new = {"pass": "canary-another", "port": 2121}
    changed = filled("change", "nightly", "--json", given=new)
    assert (changed.code, "canary" in changed.out) == (0, False), changed.err
    assert filled("show", "Nightly", "--reveal", "--json").data["attributes"] == {**VALUES, **new}
    moved = filled("change", "Nightly", given={"host": "elsewhere.example.com"})
    assert (moved.code, moved.line.startswith("Error: pass: ")) == (1, True), moved.err
    assert filled("change", "Nightly", given={"port": "", "pass": VALUES["pass"]}).code == 0
    assert filled("rename", "nightly", "Weekly").out == "Saved “Weekly”.\n"
    assert filled("show", "Weekly", "--reveal", "--json").data["attributes"] == VALUES
    assert filled("show", "Nightly").code == 1


def test_deleting_asks_first(filled: Any) -> None:
    ended = filled("delete", "Nightly")
    assert ended.code == 2
    assert "--yes" in ended.line
    assert len(filled("list", "--json").data) == 1


@pytest.mark.parametrize("command", [("show",), ("delete", "--yes"), ("verify",)])
def test_an_unknown_name_is_no(program: Any, command: tuple[str, ...]) -> None:
    ended = program(*command, "Nope")
    assert ended.code == 1
    assert ended.line == "Error: name: There is no credential of this name."


def test_errors_are_json_when_asked_for(program: Any) -> None:
    ended = program("add", "X", "--provider", "FTP", "--json", given={"host": "h", "user": "u", "nope": 1})
    assert ended.code == 1
    assert ended.data["errors"] == [{"field": "nope", "message": "FTP has no field “nope”."}]


def test_the_folder_and_its_files_are_private(filled: Any) -> None:
    mode = lambda path: stat.S_IMODE(path.stat().st_mode)  # noqa: E731  reads well below
    assert mode(filled.folder) == 0o700
    assert {mode(path) for path in filled.folder.iterdir()} == {0o600}


def test_the_database_holds_no_secret(filled: Any) -> None:
    content = b"".join(path.read_bytes() for path in filled.folder.glob("*.db*"))
    assert b"Nightly" in content
    assert b"canary" not in content
    assert b"ftp.example.com" not in content


def test_a_missing_seed_locks_and_loses_nothing(filled: Any) -> None:
    seed = filled.folder / "secret-seed.json"
    kept = seed.read_bytes()
    seed.unlink()
    ended = filled("show", "Nightly")
    assert ended.code == 1
    assert json.loads(kept)["primary"] in ended.line
    assert filled("add", "X", "--provider", "FTP", given=VALUES).code == 1
    assert not seed.exists()
    seed.write_bytes(kept)
    assert filled("show", "Nightly", "--reveal", "--json").data["attributes"] == VALUES


def test_the_seed_may_come_from_the_environment(filled: Any) -> None:
    seed = filled.folder / "secret-seed.json"
    text = seed.read_text()
    seed.unlink()
    assert filled("show", "Nightly", BACKUP_CREDENTIALS_SEED=text).code == 0


def test_many_processes_write_at_once(program: Any) -> None:
    import concurrent.futures  # noqa: PLC0415  only here

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        ended = pool.map(lambda n: program("add", f"N{n}", "--provider", "FTP", given=VALUES), range(8))
        assert {found.code for found in ended} == {0}
    found = program("list", "--json").data
    assert sorted(credential["name"] for credential in found) == [f"N{number}" for number in range(8)]
    assert program("show", "N7", "--reveal", "--json").data["attributes"] == VALUES

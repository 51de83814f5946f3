"""Backup, restore, the seed, rotation and the audit by the program itself: what it prints, its exit codes, what it notes.

Passphrases come on standard input, as from a script.
"""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import pytest
from commands.conftest import FTP, Program

PASSPHRASE = b"canary five words that nobody guesses\n"
ENVELOPE = "-----BEGIN AGE ENCRYPTED FILE-----"


@pytest.fixture
def other(tmp_path: Path) -> Program:
    """A second installation."""
    return Program(tmp_path / "other")


def state_of(program: Program) -> dict[str, dict[str, Any]]:
    return {key["id"]: key for key in program("seed", "ids", "--json").data}


def noted(program: Program, action: str) -> list[tuple[str, str, str]]:
    """Return command, outcome and what is said of it, the oldest first."""
    found = program("audit", "list", "--action", action, "--json").data[::-1]
    assert {one["from"].partition(": ")[0] for one in found} <= {"command line"}
    return [(one["from"].partition(": ")[2], one["outcome"], one["detail"].get("what", "")) for one in found]


def test_a_backup_goes_to_a_file_to_the_folder_and_through_a_pipe(filled: Program, tmp_path: Path) -> None:
    file = tmp_path / "everything.zip"
    made = filled("backup", str(file), "--json")
    assert (made.code, made.data["file"], made.data["counts"]["credential"], made.data["seed"]) == (
        0,
        str(file),
        1,
        False,
    )
    assert list(made.data["keys"]) == list(state_of(filled))
    assert file.stat().st_mode & 0o777 == 0o600
    again = filled("backup", str(file))
    assert (again.code, "exists" in again.line) == (1, True)
    assert filled("backup", str(file), "--force").code == 0
    assert "is needed" in filled("backup").err
    assert len(list((filled.folder / "backups").glob("backup-credentials-*.zip"))) == 1
    piped = filled.raw("backup", "-").stdout
    assert "manifest.json" in zipfile.ZipFile(io.BytesIO(piped)).namelist()
    assert noted(filled, "backup") == [("backup", "ok", ""), ("backup", "refused", ""), *[("backup", "ok", "")] * 3]


def test_moved_to_another_machine_with_the_seed(filled: Program, other: Program, tmp_path: Path) -> None:
    file = str(tmp_path / "move.zip")
    weak = filled("backup", file, "--seed", given=b"password12\n")
    assert (weak.code, "weak" in weak.line) == (1, True)
    made = filled("backup", file, "--seed", given=PASSPHRASE)
    assert (made.code, "under the passphrase" in made.err, "canary" in made.err + made.out) == (0, True, False)
    wrong = other("restore", file, "--seed", "--yes", given=b"canary another one\n")
    assert (wrong.code, wrong.line) == (1, "Error: passphrase: The passphrase is wrong, or the file is damaged.")
    preview = other("restore", file, "--seed", "--preview", "--json", given=PASSPHRASE)
    (item,) = [item for item in preview.data["items"] if item["kind"] == "credential"]
    assert (item["name"], item["needs_key"], item["clash"], item["choice"]) == ("Nightly", "", "", "add")
    assert other("list", "--json").data == []
    unasked = other("restore", file, "--seed", given=PASSPHRASE)
    assert (unasked.code, "Say --yes" in unasked.err) == (1, True)
    assert other("restore", file, "--seed", "--yes", given=PASSPHRASE).code == 0
    assert other("show", "Nightly", "--reveal", "--json").data["attributes"]["pass"] == FTP["pass"]
    assert len(list((other.folder / "backups").glob("before-restore-*.zip"))) == 1
    assert noted(other, "restore") == [("restore", "refused", ""), ("restore", "ok", "")]


def test_restored_without_the_seed_and_opened_later(filled: Program, other: Program, tmp_path: Path) -> None:
    file, seed = str(tmp_path / "b.zip"), str(tmp_path / "seed.age")
    assert filled("backup", file).code == 0
    exported = filled("seed", "export", seed, "--json", given=PASSPHRASE)
    assert exported.data == {"keys": list(state_of(filled)), "file": seed}
    assert Path(seed).stat().st_mode & 0o777 == 0o600
    assert "exists" in filled("seed", "export", seed, given=PASSPHRASE).err
    restored = other("restore", "-", "--yes", given=Path(file).read_bytes())
    assert (restored.code, "1 wait for the key" in restored.err) == (0, True)
    unverified = other("verify", "--all")
    assert (unverified.code, unverified.line.startswith("Nightly: not verified. ")) == (1, True)
    locked = other("export", "Nightly", "--format", "rclone")
    assert (locked.code, locked.out) == (1, "")
    wrong = other("seed", "import", seed, given=b"canary another one\n")
    assert (wrong.code, "passphrase is wrong" in wrong.line) == (1, True)
    taken = other("seed", "import", seed, "--json", given=PASSPHRASE)
    assert taken.data == {"keys": list(state_of(filled)), "opened": False, "readable": 2, "moved": 2}
    assert other("show", "Nightly", "--reveal", "--json").data["attributes"]["pass"] == FTP["pass"]
    assert noted(filled, "seed") == [
        ("seed export", "ok", "exported under a passphrase"),
        ("seed export", "refused", "export"),
    ]
    assert noted(other, "read") == [("export", "refused", ""), ("show", "ok", "")]
    assert noted(other, "seed") == [("seed import", "refused", "import"), ("seed import", "ok", "imported")]


def test_what_is_done_where_names_clash(filled: Program, other: Program, tmp_path: Path) -> None:
    file = str(tmp_path / "b.zip")
    filled("backup", file, "--seed", given=PASSPHRASE)
    assert other("add", "nightly", "--provider", "FTP", given={**FTP, "user": "mine"}).code == 0
    nonsense = other("restore", file, "--choose", "Nothing=skip", "--yes")
    assert (nonsense.code, "nothing called Nothing" in nonsense.line) == (2, True)
    chosen = ("restore", file, "--seed", "--yes", "--choose", "Nightly=rename")
    assert other(*chosen, given=PASSPHRASE).code == 0
    assert sorted(one["name"] for one in other("list", "--json").data) == ["Nightly 2", "nightly"]
    assert other("restore", file, "--seed", "--yes", "--on-clash", "replace", given=PASSPHRASE).code == 0
    assert "backup" in other("show", "Nightly").out


@pytest.mark.parametrize("what", ["nothing", "text", "cut", "changed"])
def test_a_file_that_is_no_backup_changes_nothing(filled: Program, tmp_path: Path, what: str) -> None:
    file = tmp_path / "b.zip"
    filled("backup", str(file))
    data = file.read_bytes()
    middle = len(data) // 2
    bad = {"nothing": b"", "text": b"hello", "cut": data[:-50], "changed": data[:middle] + b"!!" + data[middle + 2 :]}
    file.write_bytes(bad[what])
    ended = filled("restore", str(file), "--yes", "--on-clash", "replace")
    assert (ended.code, ended.out) == (1, "")
    assert ended.line.startswith("Error: file: ")
    assert noted(filled, "restore") == [("restore", "refused", "")]


def test_a_lost_seed_is_given_up_and_words_bring_it_back(filled: Program) -> None:
    words = filled("seed", "export", "--words")
    listed = filled("seed", "export", "--words", "--json").data
    assert words.out.splitlines() == listed["words"]
    unneeded = filled("seed", "give-up", "--yes")
    assert (unneeded.code, unneeded.line) == (1, "Error: No key is missing.")
    (filled.folder / "secret-seed.json").unlink()
    for command in (
        ("rotate-key",),
        ("seed", "export", "--words"),
        ("exec", "Nightly", "--format", "rclone", "--", "true"),
    ):
        refused = filled(*command)
        assert (refused.code, refused.out, "is locked" in refused.line) == (1, "", True)
    unasked = filled("seed", "give-up")
    assert (unasked.code, "Say --yes" in unasked.line) == (1, True)
    given_up = filled("seed", "give-up", "--yes", "--json").data
    assert given_up["missing"] == listed["keys"]
    assert [(one["kind"], one["name"], one["key"]) for one in given_up["waiting"]] == [
        ("credential", "Nightly", listed["keys"][0])
    ]
    found = filled("seed", "import", "--json", given=words.out.upper().encode())
    assert (found.data["readable"], found.data["opened"]) == (2, False)
    assert filled("show", "Nightly", "--reveal", "--json").data["attributes"]["pass"] == FTP["pass"]
    assert [(command, outcome) for command, outcome, _ in noted(filled, "seed")] == [
        ("seed export", "ok"),
        ("seed export", "ok"),
        ("seed give-up", "refused"),
        ("seed export", "refused"),
        ("seed give-up", "refused"),
        ("seed give-up", "ok"),
        ("seed import", "ok"),
    ]
    assert noted(filled, "rotation") == [("rotate-key", "refused", ""), ("seed import", "ok", "moved")]
    assert noted(filled, "read") == [("exec", "refused", ""), ("show", "ok", "")]


def test_a_locked_store_opens_with_what_the_export_gave(filled: Program) -> None:
    exported = filled("seed", "export", "--json", given=PASSPHRASE).data
    assert exported["seed"].startswith(ENVELOPE)
    seed = filled.folder / "armored.age"
    seed.write_text(exported["seed"])
    (filled.folder / "secret-seed.json").unlink()
    assert filled("seed", "import", str(seed), given=PASSPHRASE).out == "The store is open.\n"
    assert state_of(filled)[exported["keys"][0]]["primary"]


def test_a_key_is_rotated_and_retired(filled: Program) -> None:
    (old,) = state_of(filled)
    backup = filled.folder / "before.zip"
    filled("backup", str(backup))
    rotated = filled("rotate-key", "--json").data
    keys = state_of(filled)
    (new,) = keys.keys() - {old}
    assert (rotated["moved"], keys[new]["primary"], keys[old]["uses"]) == (keys[new]["uses"], True, 0)
    early = filled("rotate-key", "--retire", old)
    assert (early.code, "a moment ago" in early.line) == (1, True)
    database = filled.folder / "backup-credentials.db"
    with sqlite3.connect(database) as opened:
        opened.execute("UPDATE master_key SET replaced = '2020-01-01T00:00:00.000000' WHERE replaced != ''")
    opened.close()
    assert "Backups made with it still need it" in filled("rotate-key", "--retire", old).out
    assert list(state_of(filled)) == [new]
    preview = filled("restore", str(backup), "--preview", "--json").data
    assert list(preview["keys"]) == [old], "a backup says which key it needs"
    assert {item["needs_key"] for item in preview["items"] if item["kind"] == "credential"} == {old}
    assert [(command, outcome) for command, outcome, _ in noted(filled, "rotation")] == [
        ("rotate-key", "ok"),
        ("rotate-key", "ok"),
        ("rotate-key", "refused"),
        ("rotate-key", "ok"),
    ]


def test_a_seed_of_the_environment_is_rotated_by_hand(filled: Program) -> None:
    file = filled.folder / "secret-seed.json"
    given = {"BACKUP_CREDENTIALS_SEED": file.read_text()}
    file.unlink()
    (old,) = [key["id"] for key in filled("seed", "ids", "--json", **given).data]
    refused = filled("rotate-key", **given)
    assert (refused.code, "seed next" in refused.line) == (1, True)
    following = filled("seed", "next", "--json", **given).data
    assert (old in following["keys"], following["primary"] != old) == (True, True)
    assert set(json.loads(filled("seed", "next", **given).out)["keys"]) > {old}
    given = {"BACKUP_CREDENTIALS_SEED": following["seed"]}
    assert filled("rotate-key", "--json", **given).data["moved"] > 0
    keys = {key["id"]: key for key in filled("seed", "ids", "--json", **given).data}
    assert (keys[following["primary"]]["primary"], keys[old]["uses"]) == (True, 0)


def test_the_audit_is_listed_exported_and_checked(filled: Program) -> None:
    filled("show", "Nightly", "--reveal")
    assert filled("export", "Nightly", "--format", "rclone").code == 0
    assert filled("exec", "Nightly", "--format", "rclone", "--", "true").code == 0
    assert noted(filled, "read") == [("show", "ok", ""), ("export", "ok", ""), ("exec", "ok", "")]
    lines = [json.loads(line) for line in filled("audit", "export").out.splitlines()]
    assert filled("audit", "export", "--json").data == lines
    assert [line["number"] for line in lines] == list(range(1, len(lines) + 1))
    assert filled("audit", "export", "--search", "nothing like it", "--json").data == []
    assert filled("audit", "export", "--search", "nothing like it").out == ""
    assert [one["action"] for one in filled("audit", "list", "--action", "add", "--json").data] == ["add"]
    assert filled("audit", "list", "--since", "2099-01-01", "--json").data == []
    checked = filled("audit", "verify", "--json").data
    assert (checked["ok"], checked["entries"], checked["marks_checked"]) == (True, len(lines), True)
    (head,) = checked["heads"]
    database = filled.folder / "backup-credentials.db"
    with sqlite3.connect(database) as opened:
        opened.execute("UPDATE audit SET who = 'somebody else' WHERE number = 2")
    opened.close()
    broken = filled("audit", "verify")
    assert (broken.code, "Entry 2" in broken.out, "was changed" in broken.out) == (1, True, True)
    assert filled("audit", "verify", "--head", head).code == 1

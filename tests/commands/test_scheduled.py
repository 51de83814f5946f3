"""Scheduled backups and the audit's retention, in a real server process."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest
from commands.conftest import Program
from servers.waiting import eventually

HURRIED = (sys.executable, str(Path(__file__).with_name("hurried.py")))
OLD = "scheduled-2020010{}T000000Z.zip"


def scheduled(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("scheduled-*.zip")) if folder.is_dir() else []


def test_backups_are_made_on_schedule_and_old_ones_go(filled: Program, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for number in range(1, 6):
        (folder / OLD.format(number)).write_bytes(b"an older one")
    (folder / "before-restore-20200101T000000Z.zip").write_bytes(b"not one of those")
    chosen = {"BACKUP_CREDENTIALS_BACKUP_FOLDER": str(folder), "BACKUP_CREDENTIALS_BACKUP_KEEP": "3"}
    with filled.serving(program=HURRIED, **chosen, BACKUP_CREDENTIALS_BACKUP_HOURS="0.0005"):  # 2 seconds
        eventually(lambda: not (folder / OLD.format(4)).exists(), 120)  # the second one was made
        eventually(lambda: len(scheduled(folder)) == 3)
    kept = scheduled(folder)
    assert kept[0] == OLD.format(5) or not any(name.startswith("scheduled-2020") for name in kept)
    assert (folder / "before-restore-20200101T000000Z.zip").exists()
    newest = folder / kept[-1]
    assert newest.stat().st_mode & 0o777 == 0o600
    preview = filled("restore", str(newest), "--preview", "--json")
    assert [item["name"] for item in preview.data["items"] if item["kind"] == "credential"] == ["Nightly"]
    assert preview.data["seed"] is False
    entries = filled("audit", "list", "--action", "backup", "--json").data
    assert {(entry["who"], entry["from"], entry["outcome"]) for entry in entries} == {
        ("the server", "background", "ok")
    }


def test_a_folder_that_cannot_be_written_is_told_once_not_every_time(filled: Program, tmp_path: Path) -> None:
    file = tmp_path / "no-folder"
    file.write_text("a file stands where the folder should be")
    environment = {"BACKUP_CREDENTIALS_BACKUP_FOLDER": str(file)}
    with filled.serving(program=HURRIED, **environment) as served:
        assert "Not a directory" in served.wait_for("upkeep: The backup cannot be written", 60)
        with pytest.raises(AssertionError):
            served.wait_for("upkeep:", 3)  # more looks have passed
    (failed,) = filled("audit", "list", "--action", "backup", "--json").data
    assert (failed["outcome"], failed["who"]) == ("refused", "the server")
    assert "cannot be written" in failed["detail"]["why"]


def test_entries_of_the_audit_end_with_their_time(filled: Program) -> None:
    """Entries can only be aged by whoever has the seed, so the clock of the retention is set to a blink instead."""
    filled("show", "Nightly", "--reveal")
    assert len(filled("audit", "export", "--json").data) == 2
    with filled.serving(program=HURRIED, BACKUP_CREDENTIALS_AUDIT_DAYS="0.00001"):
        database = filled.folder / "backup-credentials.db"

        def actions() -> set[str]:
            with sqlite3.connect(database) as opened:
                return {action for (action,) in opened.execute("SELECT action FROM audit")}

        eventually(lambda: "audit" in actions(), 60)
    left = filled("audit", "export", "--json").data
    assert not {"add", "read"} & {entry["action"] for entry in left}
    assert left[0]["number"] > 2
    checked = filled("audit", "verify", "--json").data
    assert (checked["ok"], checked["marks_checked"]) == (True, True)

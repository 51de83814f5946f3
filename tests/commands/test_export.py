"""`export`: printed, as files and as a manifest."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path

import pytest
import yaml
from commands.conftest import FTP, Program


def test_one_file_is_printed_as_it_is(filled: Program) -> None:
    done = filled("export", "nightly", "--format", "rclone")
    assert done.out.startswith("[backup]\ntype = ftp\nhost = ftp.example.com\n")
    assert not done.err


def test_variables_are_printed_as_a_shell_reads_them(program: Program) -> None:
    awkward = """a 'b" $c `d` \\"""
    assert program("add", "Awkward", "--provider", "FTP", given={**FTP, "pass": awkward}).code == 0
    text = program("export", "Awkward", "--format", "env").out
    read = subprocess.run(["sh", "-c", f'{text}\nprintf %s "$PASS"'], capture_output=True, check=True)
    assert read.stdout.decode() == awkward


def test_files_are_private_and_not_written_over_unless_forced(filled: Program, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    given = ("export", "Nightly", "--format", "rclone", "--output", str(folder))
    assert filled(*given).code == 0
    assert (folder / "rclone.conf").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    before = (folder / "rclone.conf").read_bytes()
    assert "Say --force" in filled(*given).line
    assert (folder / "rclone.conf").read_bytes() == before
    assert filled(*given, "--force").code == 0
    assert [path.name for path in folder.iterdir()] == ["rclone.conf"]


def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(filled: Program, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/rclone.conf").symlink_to(other)
    done = filled("export", "Nightly", "--format", "rclone", "--output", str(tmp_path / "out"), "--force")
    assert done.code == 0
    assert other.read_text() == "mine"


def test_a_manifest_holds_the_data_and_says_so(filled: Program) -> None:
    done = filled("export", "Nightly", "--format", "basic-auth", "--kubernetes")
    made = yaml.safe_load(done.out)
    assert (made["kind"], made["type"], made["metadata"]["name"]) == ("Secret", "kubernetes.io/basic-auth", "nightly")
    assert base64.b64decode(made["data"]["password"]).decode() == FTP["pass"]
    assert done.line.startswith("Warning: this manifest holds secrets")


def test_json_holds_every_key(filled: Program) -> None:
    made = filled("export", "Nightly", "--format", "basic-auth", "--json").data
    assert made == {
        "type": "kubernetes.io/basic-auth",
        "data": {"username": FTP["user"], "password": FTP["pass"]},
    }


@pytest.mark.parametrize("repeat", [1, 2])
def test_a_repositorys_password_is_generated_once(filled: Program, repeat: int) -> None:
    given = ("export", "Nightly", "--format", "restic-rclone", "--option", "repository=r", "--json")
    made = {json.loads(filled(*given).out)["data"]["RESTIC_PASSWORD"] for _ in range(repeat + 1)}
    assert len(made) == 1
    assert len(made.pop()) > 40
    assert filled("show", "Nightly", "--json").data["used_by"] == [{"kind": "repository", "name": "r"}]
    assert "\nUsed by:   repository r\n" in filled("show", "Nightly").out

"""The program as a whole: help, exit codes, completion, what it loads."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from commands.conftest import Program

from webapp import __version__
from webapp.commands import main
from webapp.commands.group import Command, SubGroup


def leaves(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Give every command, those of groups by both words."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, f"{before}{name} ")
        elif not command.hidden:
            yield before + name, command


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Loaded for each command, as by a shell."""
    return Program(tmp_path / "data", loads=True)


LEAVES = dict(leaves(main))
NAMES = [name for name, command in main.commands.items() if not command.hidden]


def test_without_a_command_help_is_shown(program: Any) -> None:
    ended = program()
    assert ended.code == 2
    assert all(f"\n  {name} " in ended.err for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help(program: Any, name: str) -> None:
    ended = program(name, "--help")
    assert (ended.code, ended.err) == (0, "")
    context = click.Context(main.commands[name], info_name=name)
    records = [parameter.get_help_record(context) for parameter in main.commands[name].get_params(context)]
    assert all(record and record[1] for record in records)


def test_every_command_turns_errors_into_lines() -> None:
    assert {type(command) for command in main.commands.values()} == {Command, SubGroup}
    assert {type(command) for command in LEAVES.values()} == {Command}


def test_every_command_on_credentials_has_json() -> None:
    without = {name for name, command in LEAVES.items() if "--json" not in str([part.opts for part in command.params])}
    # What these two print belongs to the shell and to the command that is started.
    assert without == {"completion", "exec"}


def test_the_version_is_told(program: Any) -> None:
    assert program("--version").out.split()[-1] == __version__


@pytest.mark.parametrize("arguments", [("nope",), ("--nope",), ("list", "--nope"), ("add",), ("completion", "tcsh")])
def test_wrong_usage_is_one_line(program: Any, arguments: tuple[str, ...]) -> None:
    ended = program(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.line.startswith("Error: ")
    assert ended.line.endswith("--help says more.)")


def test_what_breaks_inside_is_one_line_without_values(program: Any) -> None:
    program.folder.mkdir()
    (program.folder / "secret-seed.json").mkdir()  # neither a file nor missing
    ended = program("list")
    assert ended.code == 1
    assert ended.line.startswith("Error: ")


@pytest.mark.parametrize("folder", ["/proc/nope/data", "/dev/null", "/dev/null/data"])
def test_a_folder_that_cannot_be_used_is_told(program: Any, folder: str) -> None:
    ended = program("list", "--data-dir", folder)
    assert ended.code == 1
    assert "data folder" in ended.line


def test_a_file_that_is_no_database_is_told(program: Any) -> None:
    program.folder.mkdir()
    (program.folder / "backup-credentials.db").write_bytes(b"canary " * 2000)
    ended = program("list")
    assert ended.code == 1
    assert "canary" not in ended.line
    assert (program.folder / "backup-credentials.db").read_bytes() == b"canary " * 2000


def test_a_terminal_without_the_letters_still_works(filled: Any) -> None:
    narrow = {"PYTHONIOENCODING": "latin-1"}
    assert filled("add", "备份", "--provider", "HTTP", given={"url": "https://example.com/"}, **narrow).code == 0
    assert "备份" in [found["name"] for found in filled("list", "--json", **narrow).data]
    assert "\\u5907\\u4efd" in filled("show", "备份", **narrow).out


def test_a_closed_pipe_is_no_traceback(filled: Any) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "webapp", "list"]
    done = subprocess.run(command, env=filled.environment, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_for_this_program(program: Any, shell: str) -> None:
    script = program("completion", shell).out
    assert "_BACKUP_CREDENTIALS_COMPLETE" in script
    assert "backup-credentials" in script


def test_bash_takes_the_script(program: Any) -> None:
    script = program("completion", "bash").out
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0


@pytest.mark.parametrize(
    ("words", "offered"),
    [("ver", "verify"), ("add X --provider s", "SFTP"), ("show ni", "Nightly"), ("verify --all --js", "--json")],
)
def test_completion_offers(filled: Any, words: str, offered: str) -> None:
    line = f"backup-credentials {words}"
    asked = {"_BACKUP_CREDENTIALS_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    assert offered in [row.partition(",")[2] for row in filled(**asked).out.splitlines()]


def test_completion_makes_no_store(program: Any) -> None:
    asked = {"_BACKUP_CREDENTIALS_COMPLETE": "bash_complete", "COMP_WORDS": "x show n", "COMP_CWORD": "2"}
    assert program(**asked).out.strip() == ""
    assert not program.folder.exists()


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (["--help"], ("flask", "kopf", "kubernetes", "paramiko", "peewee", "cryptography", "requests", "cheroot")),
        (["list"], ("flask", "kopf", "kubernetes", "paramiko", "psycopg", "asyncio", "requests", "cheroot")),
    ],
)
def test_a_command_loads_only_what_it_needs(program: Any, arguments: list[str], unwanted: tuple[str, ...]) -> None:
    code = (
        "import sys\nfrom webapp.commands import main\n"
        f"try: main({arguments!r})\nexcept SystemExit: pass\n"
        f"print([name for name in {unwanted!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=program.environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"

"""`exec` runs real restic and rclone, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands.conftest import FTP, PROGRAM, Program
from servers.fake_internet import mega
from servers.fake_internet.starting import Internet
from servers.waiting import eventually

from webapp.core.handover import PREFIX, memory

PRINT = "import json, os, sys; print(json.dumps([dict(os.environ), sys.argv]))"
SHARED_MEMORY = memory() or Path("/tmp")
TOKEN = {"access_token": "canary-access", "token_type": "Bearer", "expiry": "2099-01-01T00:00:00Z"}
restic = pytest.mark.skipif(shutil.which("restic") is None, reason="restic is not installed")


def folders(process: int) -> list[Path]:
    return list(SHARED_MEMORY.glob(f"{PREFIX}{process}-*"))


def started(program: Program, *arguments: str) -> subprocess.Popen[bytes]:
    """Start as a terminal does: a shell's background jobs ignore SIGINT, what nohup starts ignores SIGHUP, and both
    hand that on to every process below, so that these signals would kill nothing here.
    """
    command = ["env", "--default-signal", *PROGRAM, "exec", *arguments]
    return subprocess.Popen(command, env=program.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


@pytest.fixture
def dav(program: Program, webdav: dict[str, object]) -> Program:
    assert program("add", "Dav", "--provider", "WEBDAV", given=webdav).code == 0
    return program


@restic
def test_restic_backs_up_through_rclone_with_a_password_generated_once(dav: Program, tmp_path: Path) -> None:
    data = tmp_path / "letter.txt"
    data.write_text("keep me")
    used = ("exec", "Dav", "--format", "restic-rclone", "--option", f"repository=r{os.getpid()}", "--", "restic")
    quiet = {"RESTIC_CACHE_DIR": str(tmp_path / "cache"), "RESTIC_PROGRESS_FPS": "0"}
    for command in (["init"], ["backup", str(data)], ["check"]):
        done = dav(*used, *command, **quiet)
        assert done.code == 0, done.err
    assert len(json.loads(dav(*used, "snapshots", "--json", **quiet).out)) == 1
    assert dav("delete", "Dav", "--yes").code == 1  # the only copy of the password goes with it


def test_rclone_copies_with_a_configuration_file_that_is_gone_afterwards(dav: Program, tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    (tmp_path / "from/letter.txt").write_text("keep me")
    used = ("exec", "Dav", "--format", "rclone", "--", "rclone")
    assert dav(*used, "copy", str(tmp_path / "from"), f"backup:copied{os.getpid()}").code == 0
    assert dav(*used, "cat", f"backup:copied{os.getpid()}/letter.txt").out == "keep me"


@pytest.mark.server
def test_rclone_writes_neither_token_nor_session_into_a_file(
    program: Program, internet: Internet, tmp_path: Path
) -> None:
    """Of a remote that stands in variables, rclone would keep these in its own configuration."""
    login: dict[str, object] = {"user": mega.USER, "pass": mega.PASSWORD}
    assert program("add", "Mega", "--provider", "MEGA", given=login).code == 0
    quiet = {**internet.environment, "HOME": str(tmp_path)}
    done = program("exec", "Mega", "--format", "rclone-env", "--", "rclone", "lsf", "backup:", **quiet)
    assert done.code == 0, done.err
    assert not [path for path in tmp_path.rglob("rclone.conf") if path.read_text()]


def test_who_names_a_configuration_of_rclone_keeps_it(filled: Program, tmp_path: Path) -> None:
    own = tmp_path / "own.conf"
    own.write_text("[other]\ntype = memory\n")
    command = ("exec", "Nightly", "--format", "rclone-env", "--", "rclone", "listremotes")
    assert filled(*command, RCLONE_CONFIG=str(own)).out.split() == ["backup:", "other:"]
    assert filled(*command).out.split() == ["backup:"]


def test_the_command_gets_variables_and_no_argument_and_nothing_of_this_programs_secrets(filled: Program) -> None:
    seed = (filled.folder / "secret-seed.json").read_text()
    command = ("--", sys.executable, "-c", PRINT, "--own-option", "a b")
    done = filled("exec", "Nightly", "--format", "env", *command, BACKUP_CREDENTIALS_SEED=seed)
    variables, arguments = json.loads(done.out)
    assert variables["PASS"] == FTP["pass"]
    assert variables["HOST"] == FTP["host"]
    assert arguments == ["-c", "--own-option", "a b"]
    assert "BACKUP_CREDENTIALS_SEED" not in variables


def test_the_command_finds_nothing_of_another_log_in(program: Program) -> None:
    values: dict[str, object] = {"access_key_id": "AKID", "secret_access_key": "CANARY-S3"}
    assert program("add", "S3", "--provider", "S3", given={**values, "endpoint": "http://127.0.0.1:9"}).code == 0
    others = {"AWS_SESSION_TOKEN": "x", "RESTIC_PASSWORD_COMMAND": "false", "RESTIC_REPOSITORY_FILE": "/nope"}
    kept = {"AWS_MAX_ATTEMPTS": "2", "RESTIC_CACHE_DIR": "/tmp/x"}
    options = ("--format", "restic", "--option", "repository=backups/db")
    done = program("exec", "S3", *options, "--", sys.executable, "-c", PRINT, **others, **kept)
    variables, _ = json.loads(done.out)
    assert variables.items() >= kept.items()
    assert not variables.keys() & others.keys()
    assert variables["AWS_ACCESS_KEY_ID"] == "AKID"
    remote = {"RCLONE_CONFIG_BACKUP_ENV_AUTH": "true", "RCLONE_CONFIG_OTHER_TYPE": "memory"}
    done = program("exec", "S3", "--format", "rclone-env", "--", sys.executable, "-c", PRINT, **remote)
    variables, _ = json.loads(done.out)
    assert variables["RCLONE_CONFIG_OTHER_TYPE"] == "memory"
    assert variables.get("RCLONE_CONFIG_BACKUP_ENV_AUTH") != "true"


def test_streams_and_exit_code_are_the_commands_own(filled: Program) -> None:
    done = filled(
        "exec", "Nightly", "--format", "rclone", "--", "sh", "-c", "cat; echo no >&2; exit 7", given=b"in\0put"
    )
    assert (done.code, done.out, done.err) == (7, "in\0put", "no\n")


def test_the_command_meets_signals_as_it_would_without_this_program(filled: Program) -> None:
    look = ["grep", "^SigIgn", "/proc/self/status"]
    plain = subprocess.run(look, capture_output=True, check=True, text=True).stdout
    assert filled("exec", "Nightly", "--format", "rclone", "--", *look).out == plain


def test_a_command_that_is_not_there_is_one_line(filled: Program) -> None:
    done = filled("exec", "Nightly", "--format", "rclone", "--", "no-such-command-anywhere")
    assert done.code == 127
    assert done.line == "Error: There is no command no-such-command-anywhere that can be run."


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_files_are_private_in_memory_and_gone_even_when_killed(filled: Program, number: signal.Signals) -> None:
    script = 'stat -c %a "$CREDENTIALS_DIRECTORY" "$RCLONE_CONFIG"; exec cat'
    process = started(filled, "Nightly", "--format", "rclone", "--", "sh", "-c", script)
    assert process.stdout
    with process.stdout as output:
        assert [output.readline(), output.readline()] == [b"700\n", b"600\n"]
        (folder,) = folders(process.pid)
        listed = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        assert FTP["pass"].encode() not in listed
        assert b"webapp" not in listed  # the command took the program's place
        process.send_signal(number)
        assert process.wait(20) == -number
    if process.stdin:
        process.stdin.close()
    eventually(lambda: not folder.exists())


def test_what_was_left_by_a_killed_watcher_is_swept_by_the_next(filled: Program) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    left = SHARED_MEMORY / f"{PREFIX}{gone.pid}-left"
    left.mkdir(mode=0o700)
    assert filled("exec", "Nightly", "--format", "env", "--", "true").code == 0
    assert not left.exists()


def test_a_secret_option_on_the_command_line_is_refused_and_not_repeated(filled: Program) -> None:
    given = ("--option", "repository=r", "--option", "password=canary-argument")
    done = filled("exec", "Nightly", "--format", "restic-rclone", *given, "--", "true")
    assert done.code == 2
    assert "canary-argument" not in done.err
    assert "--option-file password=FILE" in done.line


def test_a_secret_option_is_read_from_a_file(filled: Program, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("canary-file\n")
    given = ("--option", "repository=r", "--option-file", f"password={secret}")
    done = filled("exec", "Nightly", "--format", "restic-rclone", *given, "--", "printenv", "RESTIC_PASSWORD")
    assert done.out == "canary-file\n"
    other = tmp_path / "other"
    other.write_text("canary-other")
    given = ("--option", "repository=r", "--option-file", f"password={other}")
    done = filled("exec", "Nightly", "--format", "restic-rclone", *given, "--", "true")
    assert done.code == 1
    assert done.line.startswith("Error: password: Another one is kept for this repository already.")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--format", "nothing"), "There is no such format"),
        (("--format", "restic"), "restic has no backend for FTP. Use the format restic-rclone."),
        (("--format", "restic-rclone"), "repository: Repository is required."),
        (("--format", "rclone", "--option", "remote=a b"), "remote: A remote name has letters"),
        (("--format", "rclone", "--option", "colour"), "Write an option as KEY=VALUE."),
        (("--format", "rclone", "--option", "colour=red"), "has no such option. It knows: remote, token."),
        (("--format", "template", "--option", "template={{ nothing }}"), "there is no field “nothing” with a value."),
        (("--format", "template", "--option", "template={% for x in y %}"), "template: The template has an error"),
        (("--format", "template"), "template: Template is required."),
        (("--format", "rclone-env", "--keep-refreshed"), "works with --format rclone only"),
    ],
)
def test_what_cannot_work_is_one_line_and_runs_nothing(filled: Program, given: tuple[str, ...], said: str) -> None:
    done = filled("exec", "Nightly", *given, "--", "touch", str(filled.folder / "ran"))
    assert done.code in {1, 2}
    assert said in done.line
    assert not (filled.folder / "ran").exists()


@pytest.mark.parametrize("number", [0, signal.SIGKILL])
def test_a_token_that_the_command_renewed_is_taken_back(program: Program, number: int) -> None:
    values = {"client_id": "i", "client_secret": "s", "token": json.dumps({**TOKEN, "refresh_token": "canary-old"})}
    assert program("add", "Box", "--provider", "BOX", given=values).code == 0
    script = f"sed -i s/canary-old/canary-new/ $RCLONE_CONFIG; echo done; [ {number} = 0 ] || kill -{number} $$"
    process = started(program, "Box", "--format", "rclone", "--keep-refreshed", "--", "sh", "-c", script)
    assert process.communicate(timeout=30)[0] == b"done\n"
    eventually(lambda: "canary-new" in program("show", "Box", "--reveal").out)
    assert not folders(process.pid)


def test_a_token_is_held_by_one_command_at_a_time(program: Program) -> None:
    values = {"client_id": "i", "client_secret": "s", "token": json.dumps({**TOKEN, "refresh_token": "canary-old"})}
    assert program("add", "Box", "--provider", "BOX", given=values).code == 0
    first = started(program, "Box", "--format", "rclone", "--keep-refreshed", "--", "sh", "-c", "echo ready; cat")
    assert first.stdout
    assert first.stdout.readline() == b"ready\n"
    second = program("exec", "Box", "--format", "rclone", "--keep-refreshed", "--", "true")
    assert second.line == "Error: token: This credential's token is in use elsewhere. Try again in a moment."
    first.communicate(timeout=20)
    until = time.monotonic() + 20
    while program("exec", "Box", "--format", "rclone", "--keep-refreshed", "--", "true").code:
        assert time.monotonic() < until


def test_an_access_token_alone_is_given_otherwise(program: Program) -> None:
    values = {"client_id": "i", "client_secret": "s", "token": json.dumps({**TOKEN, "refresh_token": "canary-old"})}
    assert program("add", "Box", "--provider", "BOX", given=values).code == 0
    done = program("exec", "Box", "--format", "rclone", "--", "sh", "-c", "cat $RCLONE_CONFIG")
    assert "canary-access" in done.out
    assert "canary-old" not in done.out

"""`login` on the command line: by code and by paste, against the fake internet; nothing secret on the way."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from core.oauth.clicking import sign_in, trust
from servers.fake_internet.starting import Internet
from servers.fake_internet.tokens import CLIENT, CLIENT_SECRET

from webapp.core.store import KeyRing, Store, open_store

from .conftest import PROGRAM, Program

APP = {"client_id": CLIENT, "client_secret": CLIENT_SECRET}


@pytest.fixture
def program(tmp_path: Path, internet: Internet) -> Program:
    """A program whose every connection to a provider ends at the fake internet."""
    made = Program(tmp_path / "data")
    made.environment |= internet.environment
    return made


class Asking:
    """A command that waits for a person: reads what it says and types what they would."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said = ""

    def line(self) -> str:
        assert self.process.stdout
        line = self.process.stdout.readline()
        self.said += line
        return line.strip()

    def type(self, text: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{text}\n")
        self.process.stdin.flush()

    def ended(self) -> int:
        out, err = self.process.communicate(timeout=60)
        self.said += out + err
        return self.process.returncode


@contextmanager
def asking(program: Program, *arguments: str) -> Generator[Asking]:
    command = [*PROGRAM, "login", *arguments]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=program.environment, text=True, **pipes) as process:
        assert CLIENT_SECRET not in Path(f"/proc/{process.pid}/cmdline").read_text()
        yield Asking(process)
        process.kill()


def typed_there(internet: Internet, address: str, code: str, answer: str = "allow") -> None:
    with httpx.Client(proxy=internet.proxy, verify=trust(internet), trust_env=False) as phone:
        values = {"user_code": code, "account": "hedy", "answer": answer}
        assert phone.post(address, data=values).status_code == 200


def secrets_of(program: Program, name: str) -> list[str]:
    """Return what must not have been printed."""
    attributes = program("show", name, "--reveal", "--json").data["attributes"]
    token = json.loads(attributes["token"])
    return [CLIENT_SECRET, *(token[key] for key in ("access_token", "refresh_token") if key in token)]


@pytest.mark.parametrize("provider", ["ONEDRIVE", "YANDEX"])
def test_by_code(program: Program, internet: Internet, provider: str) -> None:
    with asking(program, "Away", "--provider", provider, "--values", "--json") as asked:
        asked.type(json.dumps(APP))
        where = json.loads(asked.line())
        typed_there(internet, where["address"], where["user_code"])
        assert asked.ended() == 0, asked.said
    saved = json.loads(asked.said.splitlines()[1])
    assert (saved["name"], saved["provider"]) == ("Away", provider)
    assert not [secret for secret in secrets_of(program, "Away") if secret in asked.said]
    assert provider != "ONEDRIVE" or saved["attributes"]["drive_id"] == "canary-drive"
    assert program("verify", "Away", "--json").data["state"] == "valid"


@pytest.mark.parametrize("provider", ["BOX", "DROPBOX", "GOOGLE_DRIVE", "ONEDRIVE", "PCLOUD", "YANDEX"])
def test_by_paste(program: Program, internet: Internet, provider: str) -> None:
    with asking(program, "Pasted", "--provider", provider, "--way", "paste", "--values") as asked:
        asked.type(json.dumps(APP))
        assert asked.line() == "Open this address and sign in:"
        answer = sign_in(internet, asked.line(), "joan")
        shown = answer.text.partition('id="code">')[2].partition("<")[0]
        given = answer.headers.get("Location") or shown
        asked.type(given)
        assert asked.ended() == 0, asked.said
    assert "Saved “Pasted”, logged in as joan@example.com." in asked.said
    assert not [secret for secret in secrets_of(program, "Pasted") if secret in asked.said]
    assert program("verify", "Pasted", "--json").data["state"] == "valid"


def test_again_with_the_app_that_the_credential_has(program: Program, internet: Internet) -> None:
    """The name and the app stay, and what somebody changes meanwhile; that it is somebody else now is told."""
    for account in ("ada", "grace"):
        again = ["--provider", "ONEDRIVE", "--values"] if account == "ada" else []
        with asking(program, "Mine", "--way", "paste", *again) as asked:
            if again:
                asked.type(json.dumps({**APP, "drive_id": "canary-drive-2", "tenant": "common"}))
            asked.line()
            if account == "grace":
                another_drive(program, "canary-drive-3")
            asked.type(sign_in(internet, asked.line(), account).headers["Location"])
            assert asked.ended() == 0, asked.said
        assert ("another account than before: it was ada@example.com" in asked.said) is (account == "grace")
    (only,) = program("list", "--json").data
    assert (only["account"], only["needs_login"]) == ("grace@example.com", False)
    assert "grace@example.com" in program("list").out
    assert program("show", "Mine", "--json").data["attributes"]["drive_id"] == "canary-drive-3"
    store = store_of(program)
    login = store.logins.find(only["id"])
    store.close()
    assert login
    assert (login.account, login.needs_login) == ("grace@example.com", False)


def store_of(program: Program) -> Store:
    seed = KeyRing.from_file(program.folder / "secret-seed.json", create=False)
    return open_store(f"sqlite:///{program.folder}/backup-credentials.db", seed)


def another_drive(program: Program, drive: str) -> None:
    """Change the credential while somebody signs in."""
    store = store_of(program)
    found = store.credentials.find("Mine")
    changed = {**found.attributes, "drive_id": drive}
    store.credentials.change(found.id, version=found.version, by="anna", attributes=changed)
    store.close()


def test_what_comes_to_nothing_saves_nothing(program: Program, internet: Internet) -> None:
    with asking(program, "Away", "--provider", "ONEDRIVE", "--values", "--json") as asked:
        asked.type(json.dumps(APP))
        where = json.loads(asked.line())
        typed_there(internet, where["address"], where["user_code"], answer="refuse")
        assert asked.ended() == 1
    assert "was refused at the provider" in asked.said
    for pasted, words in (("code=made-up&state=x", "belongs to another log-in"), ("made-up", "not good any more")):
        with asking(program, "Box", "--provider", "BOX", "--values") as asked:
            asked.type(json.dumps(APP))
            asked.type(pasted)
            assert asked.ended() == 1
        assert words in asked.said
    assert program("list", "--json").data == []


@pytest.mark.parametrize(
    ("arguments", "given", "code", "words"),
    [
        (("X", "--provider", "S3"), b"", 1, "has no log-in"),
        (("X",), b"", 1, "There is no"),
        (("X", "--provider", "BOX"), b"", 1, "client ID"),
        (("X", "--provider", "BOX", "--access", "all", "--values"), b"{}\n", 2, "no such access"),
        (("X", "--provider", "BOX", "--values"), b"CANARY\n", 2, "not JSON"),
        (("X", "--provider", "BOX", "--way", "device", "--values"), json.dumps(APP).encode(), 1, "no log-in by code"),
        (("X", "--provider", "BOX", "CANARY-secret"), b"", 2, "too many arguments"),
    ],
)
def test_wrong_usage(program: Program, arguments: tuple[str, ...], given: bytes, code: int, words: str) -> None:
    ended = program("login", *arguments, given=given)
    assert (ended.code, words in ended.err) == (code, True), ended.err
    assert "CANARY" not in ended.out + ended.err


def test_what_exec_hands_out_went_through_the_same_door(program: Program, internet: Internet) -> None:
    """An ended token is renewed and kept before the tool runs; the tool gets no refresh token."""
    family = "executed"
    token = {"access_token": "bad-old", "refresh_token": f"once-{family}-0", "expiry": "2020-01-01T00:00:00Z"}
    added = program("add", "Box", "--provider", "BOX", given={**APP, "token": json.dumps(token)})
    assert added.code == 0, added.err
    shown = "rclone lsf box: && cat $RCLONE_CONFIG"
    for _ in range(2):
        done = program("exec", "Box", "--format", "rclone", "--option", "remote=box", "--", "sh", "-c", shown)
        assert done.code == 0, done.err
        assert "docs/" in done.out
        assert f"good-{family}-1" in done.out
        assert "refresh_token" not in done.out
    assert internet.ask("renewals")[family] == 1
    kept = json.loads(program("show", "Box", "--reveal", "--json").data["attributes"]["token"])
    assert kept["refresh_token"] == f"once-{family}-1"

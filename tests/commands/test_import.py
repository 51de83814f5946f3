"""`import`: files that real tools wrote, and files that are not what they say."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from commands import truenas_files
from commands.conftest import Program

from webapp.core.imports.truenas import GATEWAY
from webapp.core.rclone.metadata import binary

AWKWARD = "  a'b\"c`d$e#f;g=h%si\\ "
TOKEN = '{"access_token":"canary-access","token_type":"Bearer","refresh_token":"r","expiry":"2099-01-01T00:00:00Z"}'
OAUTH = {"client_id": "i", "client_secret": "s", "token": TOKEN}
REMOTES: dict[str, tuple[str, dict[str, str]]] = {
    "my-s3": ("s3", {"provider": "Minio", "access_key_id": "k", "secret_access_key": "s+/=", "endpoint": "http://h:9"}),
    "b2": ("b2", {"account": "0012345678901234567890123", "key": "K00/+="}),
    "box": ("box", OAUTH),
    "dropbox": ("dropbox", OAUTH),
    "ftp": ("ftp", {"host": "h.example.com", "user": "u", "pass": AWKWARD, "explicit_tls": "true"}),
    "drive": ("drive", {**OAUTH, "team_drive": "0Aa"}),
    "http": ("http", {"url": "https://h.example.com/pub/"}),
    "mega": ("mega", {"user": "you@example.com", "pass": AWKWARD}),
    "azure": ("azureblob", {"account": "madeup", "key": "bWFkZSB1cA=="}),
    "swift": ("swift", {"user": "u", "key": "k", "auth": "https://h.example.com/v1.0"}),
    "sftp": ("sftp", {"host": "h.example.com", "user": "u", "pass": AWKWARD}),
    "dav": ("webdav", {"url": "https://h.example.com/", "vendor": "other", "user": "u", "pass": AWKWARD}),
}
SKIPPED = {"secret": ("crypt", {"remote": "my-s3:b", "password": "p"})}


def rclone(config: Path, *arguments: str) -> str:
    command = [str(binary()), "--config", str(config), *arguments]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return done.stdout


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An rclone.conf that a real rclone wrote; it obscures passwords itself."""
    path = tmp_path_factory.mktemp("rclone") / "rclone.conf"
    for name, (kind, options) in (REMOTES | SKIPPED).items():
        pairs = [f"{key}={value}" for key, value in options.items()]
        rclone(path, "config", "create", name, kind, *pairs, "--non-interactive", "--obscure", "--no-output")
    return path


def values(program: Program, name: str) -> dict[str, object]:
    return dict(program("show", name, "--reveal", "--json").data["attributes"])


def test_every_remote_of_a_file_that_rclone_wrote_is_taken_over(program: Program, written: Path) -> None:
    done = program("import", str(written), "--yes")
    assert done.code == 0, done.err
    assert len(program("list", "--json").data) == len(REMOTES)
    assert values(program, "ftp") == {
        "host": "h.example.com", "encryption": "EXPLICIT", "user": "u", "pass": AWKWARD
    }  # fmt: skip
    assert [values(program, name)["pass"] for name in ("mega", "sftp", "dav")] == [AWKWARD] * 3
    assert json.loads(str(values(program, "box")["token"])) == json.loads(TOKEN)
    assert values(program, "drive")["team_drive"] == "0Aa"
    assert "crypt” is none of the providers here" in done.out


def test_the_preview_says_what_would_happen_and_holds_no_secret(program: Program, written: Path) -> None:
    done = program("import", str(written), "--json")
    assert done.code == 0
    items = {item["name"]: item for item in done.data["items"]}
    assert set(items) == set(REMOTES | SKIPPED)
    assert not items["ftp"]["skipped"]
    assert "canary" not in done.out
    assert AWKWARD.strip() not in done.out
    assert program("list", "--json").data == []


def test_names_in_use_are_skipped_or_numbered(program: Program, written: Path) -> None:
    assert program("import", str(written), "--yes").code == 0
    again = program("import", str(written), "--yes")
    assert (again.code, again.line) == (1, "Error: There is nothing to import.")
    assert program("import", str(written), "--yes", "--rename").code == 0
    assert values(program, "ftp 2") == values(program, "ftp")


def test_an_encrypted_file_is_read_with_its_password_from_standard_input(
    program: Program, written: Path, tmp_path: Path
) -> None:
    encrypted = tmp_path / "rclone.conf"
    encrypted.write_bytes(written.read_bytes())
    password = tmp_path / "password"
    password.write_text("canary pässword\n")
    rclone(encrypted, "config", "encryption", "set", "--password-command", f"cat {password}")
    assert b"RCLONE_ENCRYPT_V0" in encrypted.read_bytes()
    assert "The password is wrong" in program("import", str(encrypted), "--yes", given=b"other\n").line
    assert program("list", "--json").data == []
    assert program("import", str(encrypted), "--yes", given="canary pässword\n".encode()).code == 0
    assert len(program("list", "--json").data) == len(REMOTES)


def test_an_exported_remote_comes_back_as_it_was(filled: Program, tmp_path: Path) -> None:
    assert filled("export", "Nightly", "--format", "rclone", "--output", str(tmp_path)).code == 0
    assert filled("import", str(tmp_path / "rclone.conf"), "--yes").code == 0
    assert values(filled, "backup") == values(filled, "Nightly")


def test_profiles_of_aws_are_taken_over(program: Program, tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    file.write_text(
        "[default]\naws_access_key_id = AKIAABCDEFGHIJKLMNOP\naws_secret_access_key = s+/=\n"
        "[profile role]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = default\n"
    )
    done = program("import", str(file), "--yes")
    assert done.code == 0, done.err
    assert values(program, "default")["secret_access_key"] == "s+/="
    assert "This profile has no key of its own." in done.out


def test_an_environment_file_of_restic_is_taken_over_with_the_password(program: Program, tmp_path: Path) -> None:
    file = tmp_path / "restic.env"
    file.write_text(
        "# nightly\nexport RESTIC_REPOSITORY='s3:https://s3.example.com:9000/backups/db'\nRESTIC_PASSWORD=\"canary $p\"\n"
        "AWS_ACCESS_KEY_ID=k\nAWS_SECRET_ACCESS_KEY='s+/='\n"
    )
    done = program("import", str(file), "--yes")
    assert done.code == 0, done.err
    assert "with the password of backups/db" in done.out
    assert values(program, "restic backups/db")["endpoint"] == "https://s3.example.com:9000"
    given = ("--format", "restic", "--option", "repository=backups/db", "--json")
    made = program("export", "restic backups/db", *given).data["data"]
    assert made["RESTIC_PASSWORD"] == "canary $p"
    assert made["RESTIC_REPOSITORY"] == "s3:https://s3.example.com:9000/backups/db"


@pytest.fixture
def truenas(tmp_path: Path) -> tuple[bytes, bytes]:
    """A database with the tables of TrueNAS, and the seed it is sealed with."""
    return truenas_files.configuration(tmp_path / "made.db", TOKEN, AWKWARD)


def test_a_truenas_configuration_is_opened_with_its_seed(
    program: Program, truenas: tuple[bytes, bytes], tmp_path: Path
) -> None:
    file = tmp_path / "truenas.tar"
    file.write_bytes(truenas_files.tar_of(freenas_db=truenas[0], pwenc_secret=truenas[1]))
    done = program("import", str(file), "--yes")
    assert done.code == 0, done.err
    assert values(program, "Dav")["pass"] == AWKWARD
    assert values(program, "Old")["token"]
    keypair = program("keypair", "show", "key", "--json").data
    assert keypair["comment"] == "from TrueNAS"
    assert {user["name"] for user in keypair["used_by"]} == {"NAS", "Files"}
    connection = program("ssh", "show", "NAS", "--json").data
    assert (connection["keypair"], connection["attributes"]["port"]) == ("key", 2222)
    assert "Its keypair is not imported." in done.out
    assert "the host key is not checked until it is discovered" in done.out
    assert {one["name"] for one in program("list", "--json").data} == {"Dav", "Old", "Files", "Storj"}
    assert (values(program, "Storj")["provider"], values(program, "Storj")["endpoint"]) == ("Storj", GATEWAY)
    assert "NEW_CLOUD” is none of the providers here" in done.out


def test_a_wrong_seed_a_missing_one_and_a_cut_database_are_one_clear_line(
    program: Program, truenas: tuple[bytes, bytes], tmp_path: Path
) -> None:
    database, seed = truenas
    file = tmp_path / "file"
    for content, said in (
        (
            truenas_files.tar_of(freenas_db=database, pwenc_secret=os.urandom(32)),
            "secret seed does not belong to this database",
        ),
        (database, "The secret seed is missing or damaged"),
        (truenas_files.tar_of(freenas_db=database, pwenc_secret=b"short"), "The secret seed is missing or damaged"),
        (
            truenas_files.tar_of(freenas_db=database[: len(database) // 3], pwenc_secret=seed),
            "This database is damaged",
        ),
        (truenas_files.tar_of(other=b"x"), "There is no freenas-v1.db in this tar"),
    ):
        file.write_bytes(content)
        done = program("import", str(file), "--yes")
        assert done.code == 1
        assert said in done.line
    assert program("list", "--json").data == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "This is no rclone.conf"),
        (b"\xff\xfe\x00", "This is no rclone.conf"),
        (b"[a]\ntype = s3\nnonsense canary\n", "Line 3 is no rclone.conf"),
        (b"[a]\ntype = s3\nkey = `canary\n", "Line 3 begins with ` and does not end with it."),
        (b"RESTIC_REPOSITORY='canary\n", "Line 1 has a quote that does not end."),
        (b"RESTIC_REPOSITORY=/local/folder\n", "names no repository at a provider that is known here"),
        (b"[a]\naws_access_key_id\n = [\n[", "This is no credentials file of AWS."),
        (b"[a]\ntype = ftp\nhost = h\nuser = u\npass = canary-not-obscured\n", "There is nothing to import."),
    ],
)
def test_a_file_that_is_not_what_it_says_is_one_clear_line(
    program: Program, tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    done = program("import", str(file), "--yes")
    assert done.code == 1
    assert said in done.line
    assert "canary" not in done.out + done.err
    assert program("list", "--json").data == []

"""*Import*: a look first, then all of it or nothing; nothing typed or read comes back to the browser."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from commands import truenas_files
from pages.visitor import Page, Visitor

from webapp.core.rclone.metadata import binary
from webapp.core.runtime import Runtime

START = "/cloud-credentials/import"
SECRET = "CANARY-imported-Secret"
PASSWORD = "CANARY-file-password"


@pytest.fixture
def conf(tmp_path: Path) -> bytes:
    """An rclone.conf that a real rclone wrote: two remotes that fit, one that does not."""
    path = tmp_path / "rclone.conf"
    for name, kind, pairs in (
        ("nightly", "webdav", ("url=https://dav.example.com/", "vendor=other", "user=u", f"pass={SECRET}")),
        ("offsite", "b2", ("account=0012345678901234567890123", f"key={SECRET}")),
        ("sealed", "crypt", ("remote=offsite:b", f"password={SECRET}")),
    ):
        command = [str(binary()), "--config", str(path), "config", "create", name, kind, *pairs]
        subprocess.run([*command, "--non-interactive", "--obscure", "--no-output"], check=True, timeout=30)
    return path.read_bytes()


@pytest.fixture
def encrypted(conf: bytes, tmp_path: Path) -> bytes:
    """The same, encrypted by rclone."""
    path = tmp_path / "rclone.conf"
    path.write_bytes(conf)
    command = [str(binary()), "--config", str(path), "config", "encryption", "set"]
    command += ["--password-command", f"echo {PASSWORD}"]
    subprocess.run(command, check=True, timeout=30, capture_output=True)
    return path.read_bytes()


def looked(visitor: Visitor, data: bytes, typed: dict[str, str] | None = None) -> Page:
    return visitor.press(visitor.get(START), "Show what would happen", typed, {"file": (data, "rclone.conf")})


def test_look_then_import(visitor: Visitor, runtime: Runtime, conf: bytes) -> None:
    page = looked(visitor, conf)
    assert page.status == 200
    assert "2 of 3 would be made" in page.text
    assert "none of the providers here" in page.text
    assert runtime.store.credentials.count() == 0
    done = visitor.press(page, "Import 2")
    assert "2 imported" in done.text
    assert runtime.store.credentials.find("nightly").attributes["pass"] == SECRET
    assert all(SECRET not in seen for seen in visitor.seen)


def test_names_in_use_are_skipped_or_numbered(visitor: Visitor, runtime: Runtime, conf: bytes) -> None:
    visitor.press(looked(visitor, conf), "Import 2")
    assert "a credential of this name already" in looked(visitor, conf).text
    page = looked(visitor, conf, {"rename": "yes"})
    visitor.press(page, "Import 2")
    assert sorted(runtime.store.credentials.names()) == ["nightly", "nightly 2", "offsite", "offsite 2"]


def test_an_encrypted_file_asks_for_its_password(visitor: Visitor, runtime: Runtime, encrypted: bytes) -> None:
    asked = looked(visitor, encrypted)
    assert asked.status == 422
    assert 'id="password-error"' in asked.text
    wrong = looked(visitor, encrypted, {"password": "wrong"})
    assert "The password is wrong" in wrong.text
    visitor.press(looked(visitor, encrypted, {"password": PASSWORD}), "Import 2")
    assert runtime.store.credentials.count() == 2
    assert all(PASSWORD not in seen for seen in visitor.seen)


@pytest.mark.parametrize(
    ("data", "kind", "sentence"),
    [
        (b"", "", "This is no rclone.conf"),
        (b"\x00\xff\xfe", "rclone", "no UTF-8 text"),
        (b"SQLite format 3\0broken", "", "seed"),
        (b"\x1f\x8b broken", "truenas", "tar"),
        (b"[x]\ntype = s3\n", "aws", ""),
    ],
)
def test_files_that_are_not_what_they_say(
    visitor: Visitor, runtime: Runtime, data: bytes, kind: str, sentence: str
) -> None:
    page = looked(visitor, data, {"kind": kind})
    assert page.status in {200, 422}
    assert sentence in page.text
    assert not [button for form in page.read.forms for button in form.buttons if button["text"].startswith("Import ")]
    assert runtime.store.credentials.count() == 0


def test_a_truenas_configuration_with_another_seed_or_cut_short_is_told_at_the_file(
    visitor: Visitor, runtime: Runtime, tmp_path: Path
) -> None:
    database, seed = truenas_files.configuration(tmp_path / "made.db", "{}", SECRET)
    for content, said in (
        (truenas_files.tar_of(freenas_db=database, pwenc_secret=bytes(32)), "does not belong to this database"),
        (truenas_files.tar_of(freenas_db=database), "secret seed is missing or damaged"),
        (truenas_files.tar_of(freenas_db=database[: len(database) // 3], pwenc_secret=seed), "database is damaged"),
        (truenas_files.tar_of(freenas_db=database, pwenc_secret=seed)[:4000], "Nothing was imported"),
    ):
        page = looked(visitor, content)
        assert page.status == 422
        assert said in page.text
        assert 'id="file-error"' in page.text
    assert runtime.store.credentials.count() == 0
    assert all(SECRET not in seen for seen in visitor.seen)


def test_nothing_chosen_and_a_preview_that_is_gone(visitor: Visitor, conf: bytes) -> None:
    page = visitor.press(visitor.get(START), "Show what would happen")
    assert "Choose a file first" in page.text
    old = visitor.press(looked(visitor, conf), "Import 2", {"draft": "0000000000.0000000000000000"})
    assert old.status == 422
    assert "Choose the file again" in old.text


def test_all_or_nothing_when_a_name_was_taken_meanwhile(visitor: Visitor, runtime: Runtime, conf: bytes) -> None:
    page = looked(visitor, conf)
    runtime.service.add("offsite", "B2", {"account": "0012345678901234567890123", "key": "k"}, by="other")
    done = visitor.press(page, "Import 2")
    assert "1 imported" in done.text
    assert runtime.store.credentials.find("offsite").attributes["key"] == "k"


def test_a_file_may_be_larger_than_a_form_but_not_endless(visitor: Visitor, conf: bytes) -> None:
    padded = conf + b"# " + b"x" * 2_000_000 + b"\n"
    assert looked(visitor, padded).status == 200
    assert looked(visitor, b"#" * 17_000_000).status == 413

from __future__ import annotations

import hashlib
import io
import json
import os
import pty
import re
import shutil
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from core.backup.conftest import PASSPHRASE, VALUES, Make, filled, names, restored, written

from webapp.core.errors import CredentialError
from webapp.core.store import SeedError
from webapp.core.store.backup import Backup, BackupError, Choice, Clash
from webapp.core.store.backup.manifest import MANIFEST, RECORDS, SEED
from webapp.core.store.backup.protection import from_words, protect, read_seed, to_words

BOTH = pytest.mark.parametrize(("origin", "target"), [("sqlite", "postgresql"), ("postgresql", "sqlite")])


@BOTH
def test_with_the_seed_everything_is_back(make: Make, origin: str, target: str) -> None:
    old = filled(make("old", origin))
    new = make("new", target)
    plan = restored(new, written(old, PASSPHRASE), PASSPHRASE)
    assert set(plan.counts) == {Choice.ADD}
    assert plan.proven
    assert plan.chosen({}).proven
    assert names(new) == names(old)
    found = new.credentials.find("nightly 2")
    assert dict(found.attributes) == VALUES
    assert new.repositories.find(found.id, "backups/db", "password") == "CANARY-REPOSITORY"
    assert new.accounts.check("admin", "CANARY long enough password", "192.0.2.1")
    assert new.audit_log.verify().findings == []
    assert new.audit_log.verify().marks
    assert [key.uses for key in new.keys.list() if not key.primary] == []


@BOTH
def test_without_the_seed_records_wait_for_it(make: Make, origin: str, target: str) -> None:
    old = filled(make("old", origin))
    new = make("new", target)
    new.credentials.add("My own", "S3", VALUES, by="me")
    plan = restored(new, written(old))
    (missing,) = old.keys.ring.ids
    assert plan.waiting == {missing: 4}
    assert new.credentials.find("nightly 0").locked
    assert not new.credentials.find("my own").damaged
    assert not new.locked
    assert not make("new").locked, "a start finds the same"
    assert len(new.keys.locked_records()) == 4
    new.keys.take_seed(old.keys.ring, by="me")
    assert dict(new.credentials.find("nightly 0").attributes) == VALUES
    assert new.keys.tend() > 0
    assert not new.keys.locked_records()
    assert new.audit_log.verify().findings == []


def test_there_is_no_value_in_a_backup(make: Make) -> None:
    file = written(filled(make("old")), PASSPHRASE)
    with zipfile.ZipFile(file) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    seed = make("old").keys.ring.text()
    for secret in (b"CANARY", b"$argon2", *(line.encode() for line in seed.split('"') if len(line) > 40)):
        assert secret not in everything
        assert secret not in file.getvalue()


@pytest.mark.parametrize("choice", [Choice.SKIP, Choice.RENAME, Choice.REPLACE])
def test_a_name_in_use(make: Make, choice: Choice) -> None:
    file = written(filled(make("old")), PASSPHRASE)
    new = make("new")
    mine = new.credentials.add("nightly 2", "B2", {"account": "a", "key": "CANARY-mine"}, by="me")
    plan = restored(new, file, PASSPHRASE, choice)
    assert next(item for item in plan.items if item.name == "Nightly 2").clash is Clash.NAME
    found = new.credentials.find("nightly 2")
    assert (found.provider == "B2") == (choice is not Choice.REPLACE)
    assert (found.id == mine.id) == (choice is not Choice.REPLACE)
    renamed = [name for name in names(new) if name == "Nightly 2 2"]
    assert bool(renamed) == (choice is Choice.RENAME)
    kept = new.repositories.list()
    assert len(kept) == (0 if choice is Choice.SKIP else 1), "a repository comes and goes with its credential"


@pytest.mark.parametrize("choice", [Choice.SKIP, Choice.RENAME, Choice.REPLACE])
def test_another_version_of_the_same(make: Make, choice: Choice) -> None:
    store = filled(make("old"))
    file = written(store)
    made = store.credentials.find("nightly 2")
    store.credentials.change(made.id, version=1, by="me", attributes={**VALUES, "access_key_id": "NEWER"})
    plan = restored(store, file, on_clash=choice)
    assert [item.clash for item in plan.items if item.label == "credential"].count(Clash.SAME) == 2
    found = store.credentials.find("nightly 2")
    assert found.attributes["access_key_id"] == ("AKID" if choice is Choice.REPLACE else "NEWER")
    if choice is Choice.RENAME:
        copy = store.credentials.find("nightly 2 2")
        assert dict(copy.attributes) == VALUES
        assert copy.id != made.id


def test_a_new_name_is_none_that_another_record_of_the_backup_has(make: Make) -> None:
    old, new = make("old"), make("new", seed="old")
    for number in range(8):  # so many, as records come in the order of their ids, which are random
        old.credentials.add(f"N{number}", "S3", VALUES, by="me")
        old.credentials.add(f"N{number} 2", "S3", VALUES, by="me")
        new.credentials.add(f"N{number}", "S3", VALUES, by="me")
    restored(new, written(old), on_clash=Choice.RENAME)
    assert names(new) == sorted(f"N{number}{ending}" for number in range(8) for ending in ("", " 2", " 3"))


def test_a_preview_that_does_not_fit_any_more_restores_nothing(make: Make) -> None:
    new, file = make("new", seed="old"), written(filled(make("old")))
    backup = new.backups.open(file, where="test")
    plan = new.backups.plan(backup)
    new.credentials.add("Nightly 1", "S3", VALUES, by="anna")
    with pytest.raises(CredentialError, match="look at the preview again"):
        new.backups.restore(backup, plan, by="me", where="test")
    backup.close()
    assert names(new) == ["Nightly 1"]


def test_a_choice_for_one_record(make: Make) -> None:
    file, new = written(filled(make("old")), PASSPHRASE), make("new")
    backup = Backup(file)
    backup.unlock(PASSPHRASE)
    plan = new.backups.plan(backup)
    last = next(item for item in plan.items if item.name == "Nightly 2")
    alone = plan.chosen({last.key: "skip", "credential:nonsense": "replace"})
    with pytest.raises(CredentialError, match="Skip it as well"):  # its repository would be left alone
        new.backups.restore(backup, alone, by="me", where="test")
    assert names(new) == []
    both = alone.chosen({item.key: "skip" for item in plan.items if item.label == "repository"})
    assert new.backups.restore(backup, both, by="me", where="test") == 3
    assert names(new) == ["Nightly 0", "Nightly 1"]
    backup.close()


def changed(file: io.BytesIO, name: str, change: Callable[[bytes], bytes]) -> io.BytesIO:
    """A zip file with another content and right checksums of its own."""
    made = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            data = old.read(member)
            new.writestr(member, change(data) if member == name else data)
    return made


def told(data: bytes, **values: object) -> bytes:
    return json.dumps(json.loads(data) | values).encode()


def digest_fits(file: io.BytesIO, change: Callable[[bytes], bytes]) -> io.BytesIO:
    """The records of someone who can count and hash, but has no seed."""
    with zipfile.ZipFile(file) as archive:
        records = change(archive.read(RECORDS))
    facts = {"sha256": hashlib.sha256(records).hexdigest(), "size": len(records)}
    return changed(changed(file, RECORDS, change), MANIFEST, lambda data: told(data, **facts))


BAD: dict[str, tuple[Callable[[io.BytesIO], io.BytesIO], str]] = {
    "nothing": (lambda _file: io.BytesIO(b""), "no backup"),
    "something else": (lambda _file: io.BytesIO(b"hello" * 1000), "no backup"),
    "cut off": (lambda file: io.BytesIO(file.getvalue()[:-200]), "damaged"),
    "a bit flipped": (lambda file: io.BytesIO(flipped(file.getvalue())), "damaged"),
    "records changed": (lambda file: changed(file, RECORDS, lambda data: data.replace(b"Nightly", b"Ninthly")), "dam"),
    "changed by someone who can hash": (
        lambda file: digest_fits(file, lambda data: data.replace(b"Nightly 1", b"Evil one1")),
        "changed after it was made",
    ),
    "rows of other tables": (
        lambda file: digest_fits(file, lambda data: data + b'["sqlite_master", {"name": "x"}]\n'),
        "damaged",
    ),
    "a newer file": (lambda file: changed(file, MANIFEST, lambda data: told(data, format=2)), "newer version"),
    "a newer schema": (lambda file: changed(file, MANIFEST, lambda data: told(data, migrations=[1, 999])), "newer"),
    "no manifest": (lambda file: changed(file, MANIFEST, lambda _data: b"[]"), "damaged"),
    "a bomb": (lambda file: digest_fits(file, lambda data: data + b" " * 300_000_000 + b"\n"), "damaged"),
}


def flipped(data: bytes) -> bytes:
    place = len(data) // 2
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def test_who_has_no_seed_puts_no_account_and_no_setting_into_a_backup(make: Make) -> None:
    """Whoever changes a file can take its proof off, as a locked store gives none."""

    def forge(data: bytes) -> bytes:
        rows = [json.loads(line) for line in data.splitlines()]
        for table, row in rows:
            if table == "account":
                row |= {"name": "evil", "name_key": "evil", "password": "$argon2id$v=19$m=8,t=1,p=1$YQ$YQ"}
        rows.append(["value", {"id": "form-key", "value": '"known"', "sealed": 0}])
        return b"".join(json.dumps(row).encode() + b"\n" for row in rows)

    file = digest_fits(written(filled(make("old"))), forge)
    with zipfile.ZipFile(file) as archive:
        counts = json.loads(archive.read(MANIFEST))["counts"]
    counts["value"] = counts.get("value", 0) + 1
    forged = changed(file, MANIFEST, lambda data: told(data, proof="", counts=counts))
    new = make("new", seed="old")
    plan = restored(new, forged)
    assert [(item.damaged, item.choices) for item in plan.items if item.table == "account"] == [(True, (Choice.SKIP,))]
    assert not plan.proven
    assert not new.accounts.exists()
    assert new.values.get("form-key") is None
    assert names(new) == ["Nightly 0", "Nightly 1", "Nightly 2"]


@pytest.mark.parametrize("how", BAD)
def test_a_bad_file_changes_nothing(make: Make, how: str) -> None:
    store = filled(make("old"))
    break_it, sentence = BAD[how]
    file = break_it(written(store))
    before = (names(store), store.keys.list())
    with pytest.raises(BackupError, match=sentence):
        restored(store, file, on_clash=Choice.REPLACE)
    assert (names(store), store.keys.list()) == before


def test_the_wrong_passphrase(make: Make) -> None:
    new = make("new")
    with pytest.raises(SeedError, match="passphrase is wrong") as caught:
        restored(new, written(filled(make("old")), PASSPHRASE), "CANARY another passphrase")
    assert "CANARY" not in str(caught.value)
    assert names(new) == []


def test_the_plain_age_tool_opens_the_seed(make: Make, tmp_path: Path) -> None:
    age = shutil.which("age")
    assert age, "apt-get install age"
    store = make("old")
    with zipfile.ZipFile(written(store, PASSPHRASE)) as archive:
        archive.extract(SEED, tmp_path)
    told = answered([age, "-d", "-o", f"{tmp_path}/seed.json", f"{tmp_path}/{SEED}"], PASSPHRASE)
    assert read_seed((tmp_path / "seed.json").read_bytes()).ids == store.keys.ring.ids, told


def answered(command: list[str], words: str) -> bytes:
    """Run a command that asks on a terminal."""
    process, terminal = pty.fork()
    if process == 0:
        os.execv(command[0], command)
    time.sleep(0.5)
    os.write(terminal, words.encode() + b"\n")
    told = b""
    try:
        while block := os.read(terminal, 4096):
            told += block
    except OSError:
        pass
    os.waitpid(process, 0)
    os.close(terminal)
    return told


def test_words_can_be_typed_back(make: Make) -> None:
    store = make("old")
    store.keys.rotate(by="me")
    lines = to_words(store.keys.ring)
    assert [len(line.split()) for line in lines] == [24, 24]
    back = from_words([f"  {line.upper()}  " for line in lines])
    assert (set(back.ids), back.primary_id) == (set(store.keys.ring.ids), store.keys.ring.primary_id)
    words = lines[0].split()
    own = next(word for word in words[2:] if word not in {"list", "word", "number", "again", "look"})  # ours, too
    for wrong, sentence in (
        (words[:-1], "23 words"),
        (["nonsense", *words[1:]], "number 1"),
        ([words[1], words[0], *words[2:]] if words[0] != words[1] else words[::-1], "checksum|number"),
    ):
        with pytest.raises(SeedError, match=sentence) as caught:
            from_words([" ".join(wrong)])
        assert own not in str(caught.value).split()


def test_ten_thousand_there_and_back(make: Make) -> None:
    first = make("first")
    with first.together():
        for number in range(10_000):
            first.credentials.add(f"Credential {number}", "S3", VALUES, by="me")
    second, third = make("second", "postgresql"), make("third")
    restored(second, written(first, PASSPHRASE), PASSPHRASE)
    restored(third, written(second, PASSPHRASE), PASSPHRASE)
    assert names(third) == names(first)
    assert third.credentials.find("Credential 9999").attributes == first.credentials.find("Credential 9999").attributes
    assert third.audit_log.verify().findings == []


def test_others_write_while_a_backup_is_made(make: Make) -> None:
    """What a backup holds is of one moment: here two credentials always change together."""
    store, writer = make("old"), make("old")
    pair = [store.credentials.add(name, "S3", {"n": 0}, by="me") for name in ("A", "B")]
    with store.together():
        for number in range(500):
            store.credentials.add(f"More {number}", "S3", VALUES, by="me")
    ended = threading.Event()

    def write() -> None:
        version = 1
        while not ended.is_set():
            with writer.together():
                for one in pair:
                    writer.credentials.change(one.id, version=version, by="w", attributes={"n": version})
            version += 1
            time.sleep(0.005)  # SQLite lets nobody queue: who never pauses keeps all others out
        writer.release()

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    try:
        files = [written(store) for _ in range(5)]
    finally:
        ended.set()
        thread.join()
    for number, file in enumerate(files):
        other = make(f"other{number}", seed="old")
        restored(other, file)
        found = {other.credentials.find(name).attributes["n"] for name in ("A", "B")}
        assert len(found) == 1


def test_a_machine_that_is_too_slow_is_no_wrong_passphrase(make: Make) -> None:
    sealed = protect(make("old").keys.ring, PASSPHRASE)
    asks_for_more = re.sub(rb"(-> scrypt \S+) \d+", rb"\1 40", sealed, count=1)
    with pytest.raises(SeedError, match="too slow or too busy"):
        read_seed(asks_for_more, PASSPHRASE)

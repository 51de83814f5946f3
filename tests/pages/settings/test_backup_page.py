from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

from pages.conftest import PASSWORD, Site

from webapp.core.store import KeyRing

VALUES = {"access_key_id": "AKID", "secret_access_key": "CANARY-STORED"}
WORDS = "CANARY correct horse battery"


def add(site: Site, name: str = "Nightly") -> str:
    return site.runtime.store.credentials.add(name, "S3", VALUES, by="admin").id


def no_secret(site: Site) -> None:
    seed = site.runtime.store.keys.ring.text()
    keys = [part for part in seed.split('"') if len(part) > 40]
    assert not [answer for answer in site.answers for secret in ("CANARY", *keys) if secret in answer]


def test_back_up_and_restore_on_the_page(admin: Site) -> None:
    identifier = add(admin)
    weak = admin.post("/settings/backup", {"seed": "1", "passphrase": "password12", "again": "password12"})
    assert weak.status_code == 422
    differs = admin.post("/settings/backup", {"seed": "1", "passphrase": WORDS, "again": "x"})
    assert "differ" in differs.text
    asked = admin.post("/settings/backup", {"seed": "1", "passphrase": WORDS, "again": WORDS})
    assert "own password" in asked.text
    form = {"seed": "1", "passphrase": WORDS, "again": WORDS, "own_password": PASSWORD}
    answer = admin.client.post("/settings/backup", data={"csrf_token": admin.token, **form})
    assert answer.headers["Content-Type"] == "application/zip"
    assert b"CANARY" not in answer.content
    assert "with the secret seed" in admin.get("/settings/backup").text
    admin.runtime.store.credentials.delete(identifier, by="me")
    files = {"file": ("backup.zip", answer.content)}
    wrong = admin.post("/settings/backup/restore", {"restore_passphrase": "CANARY wrong"}, files=files)
    assert "passphrase is wrong" in wrong.text
    look = admin.post("/settings/backup/restore", {"restore_passphrase": WORDS}, files=files)
    assert "Nightly" in look.text
    assert admin.runtime.store.credentials.count() == 0
    draft = re.search(r'name="draft" value="([^"]+)"', look.text)
    assert draft
    done = admin.post("/settings/backup/restore/now", {"draft": draft.group(1), "action": "restore"})
    assert "1 restored" in done.text
    assert dict(admin.runtime.store.credentials.find("nightly").attributes) == VALUES
    assert list((admin.folder / "data/backups").glob("before-restore-*.zip"))
    assert not list((admin.folder / "data/restoring").iterdir())
    no_secret(admin)


def test_what_is_here_already_can_be_chosen_record_by_record(admin: Site) -> None:
    first, second = add(admin, "First"), add(admin, "Second")
    file = admin.client.post("/settings/backup", data={"csrf_token": admin.token}).content
    for one in (first, second):
        admin.runtime.store.credentials.change(one, version=1, by="me", attributes={**VALUES, "access_key_id": "NEW"})
    look = admin.post("/settings/backup/restore", {}, files={"file": ("b.zip", file)})
    assert look.text.count("<select") == 4
    draft = re.search(r'name="draft" value="([^"]+)"', look.text)
    assert draft
    form = {"draft": draft.group(1), "action": "restore", f"credential:{second}": "replace", "own_password": PASSWORD}
    admin.post("/settings/backup/restore/now", form)
    store = admin.runtime.store
    assert store.credentials.get(first).attributes["access_key_id"] == "NEW"
    assert store.credentials.get(second).attributes["access_key_id"] == "AKID"


def test_a_bad_file_is_told_at_its_field(admin: Site) -> None:
    for data in (b"", b"hello", b"PK\x03\x04nonsense"):
        answer = admin.post("/settings/backup/restore", {}, files={"file": ("b.zip", data)})
        assert answer.status_code == 422
        assert "no backup" in answer.text or "damaged" in answer.text
    assert "Choose a backup first" in admin.post("/settings/backup/restore", {}).text


def test_kept_backups_can_be_fetched_and_nothing_else(admin: Site) -> None:
    admin.runtime.upkeep._backup()
    (kept,) = list((admin.folder / "data/backups").iterdir())
    answer = admin.client.get(f"/settings/backup/files/{kept.name}")
    assert zipfile.is_zipfile(io.BytesIO(answer.content))
    for name in ("..%2f..%2fsecret-seed.json", "secret-seed.json", "x.zip"):
        assert admin.get(f"/settings/backup/files/{name}").status_code == 404


def test_rotate_and_retire_on_the_page(admin: Site) -> None:
    add(admin)
    keys = admin.runtime.store.keys
    old = keys.ring.primary_id
    assert "own password" in admin.post("/settings/seed/rotate", {}).text
    answer = admin.post("/settings/seed/rotate", {"own_password": PASSWORD})
    assert "There is a new key" in answer.text
    keys.rewrap()
    assert "a moment ago" in admin.post(f"/settings/seed/retire/{old}", {}).text
    keys._rows.update(replaced="2020-01-01T00:00:00.000000").where(keys._rows.id == old).execute()
    assert f"Retire {old}" in admin.get("/settings/seed").text
    assert "is gone" in admin.post(f"/settings/seed/retire/{old}", {}).text
    assert keys.ring.ids == (keys.ring.primary_id,)
    no_secret(admin)


def test_the_exported_seed_opens_what_waits_for_it(admin: Site, tmp_path: Path) -> None:
    identifier = add(admin)
    store = admin.runtime.store
    form = {"passphrase": WORDS, "again": WORDS, "own_password": PASSWORD}
    exported = admin.client.post("/settings/seed/export", data={"csrf_token": admin.token, **form})
    assert exported.content.startswith(b"age-encryption.org/v1")
    lost = KeyRing.from_text(store.keys.ring.text())
    other = KeyRing.from_file(tmp_path / "other.json", create=True)
    other.fill()
    store.keys.ring._become({key: other.key(key) or b"" for key in other.ids}, other.primary_id)
    store._meet_keys()
    assert "locked" in admin.get("/").text
    assert "Nightly" in admin.get("/settings/seed/lost").text
    gone_on = admin.post("/settings/seed/lost", {"own_password": PASSWORD})
    assert "Nothing was deleted" in gone_on.text
    assert "Type again" in admin.get("/settings/seed").text
    assert lost.primary_id in admin.get("/settings/seed").text
    assert "Enter its values again" in admin.get(f"/cloud-credentials/{identifier}").text
    assert (
        "Give its passphrase" in admin.post("/settings/seed/import", {}, files={"file": ("s", exported.content)}).text
    )
    files = {"file": ("s", exported.content)}
    assert "can be read now" in admin.post("/settings/seed/import", {"passphrase": WORDS}, files=files).text
    assert dict(store.credentials.get(identifier).attributes) == VALUES

    no_secret(admin)


def test_a_record_of_a_lost_seed_can_be_deleted(admin: Site, tmp_path: Path) -> None:
    identifier = add(admin)
    store = admin.runtime.store
    other = KeyRing.from_file(tmp_path / "other.json", create=True)
    other.fill()
    store.keys.ring._become({key: other.key(key) or b"" for key in other.ids}, other.primary_id)
    store._meet_keys()
    store.keys.give_up(by="me")
    for path in ("credential/nonsense", f"account/{identifier}"):
        answer = admin.post(f"/settings/seed/waiting/{path}/delete", {"own_password": PASSWORD})
        assert "no such locked record" in answer.text
    assert "was deleted" in admin.post(f"/settings/seed/waiting/credential/{identifier}/delete", {}).text
    assert store.credentials.count() == 0

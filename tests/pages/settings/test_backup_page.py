from __future__ import annotations

import io
import os
import re
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from pages.conftest import PASSWORD, Site
from pages.seeds import lose_the_seed

from webapp.core.background.jobs import Job
from webapp.core.store import KeyRing
from webapp.core.store.backup.writing import Writer
from webapp.pages.settings import jobs

VALUES = {"access_key_id": "AKID", "secret_access_key": "CANARY-STORED"}
WORDS = "CANARY correct horse battery"


def add(site: Site, name: str = "Nightly") -> str:
    return site.runtime.store.credentials.add(name, "S3", VALUES, by="admin").id


def waited(site: Site, answer: httpx.Response) -> httpx.Response:
    """Reload a page of progress, as a person without JavaScript does, until it is another one."""
    until = time.monotonic() + 120
    while 'id="job"' in answer.text:
        assert time.monotonic() < until, "it never ends"
        time.sleep(0.1)
        answer = site.get(answer.url.path)
    return answer


def sent(site: Site, path: str, values: dict[str, str], data: bytes) -> httpx.Response:
    return waited(site, site.post(path, values, files={"file": ("backup.zip", data)}))


def file_of(site: Site, values: dict[str, str]) -> bytes:
    """Press *Back up now* and return the file, at once or when it is ready."""
    answer = site.client.post("/settings/backup", data={"csrf_token": site.token, **values})
    if answer.headers["Content-Type"] != "application/zip":
        page = waited(site, site.noted(answer))
        link = re.search(r'href="([^"]+/file)"', page.text)
        assert link, page.text
        answer = site.client.get(link.group(1))
    assert "attachment" in answer.headers["Content-Disposition"]
    return answer.content


def draft_of(answer: httpx.Response) -> str:
    found = re.search(r'name="draft" value="([^"]+)"', answer.text)
    assert found, answer.text
    return found.group(1)


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
    file = file_of(admin, form)
    assert b"CANARY" not in file
    assert "with the secret seed" in admin.get("/settings/backup").text
    admin.runtime.store.credentials.delete(identifier, by="me")
    wrong = sent(admin, "/settings/backup/restore", {"restore_passphrase": "CANARY wrong"}, file)
    assert "passphrase is wrong" in wrong.text
    look = sent(admin, "/settings/backup/restore", {"restore_passphrase": WORDS}, file)
    assert "Nightly" in look.text
    assert admin.runtime.store.credentials.count() == 0
    form = {"draft": draft_of(look), "action": "restore"}
    done = waited(admin, admin.post("/settings/backup/restore/now", form))
    assert "1 restored" in done.text
    assert dict(admin.runtime.store.credentials.find("nightly").attributes) == VALUES
    assert list((admin.folder / "data/backups").glob("before-restore-*.zip"))
    no_secret(admin)


def test_without_the_own_password_nothing_is_restored(admin: Site) -> None:
    identifier = add(admin)
    file = file_of(admin, {})
    admin.runtime.store.credentials.delete(identifier, by="me")
    look = sent(admin, "/settings/backup/restore", {}, file)
    for password, told in (("", "Type your own password"), ("CANARY wrong", "This is not your password")):
        form = {"draft": draft_of(look), "action": "restore", "own_password": password}
        look = waited(admin, admin.post("/settings/backup/restore/now", form))
        assert told in look.text
    assert admin.runtime.store.credentials.count() == 0
    no_secret(admin)


def test_progress_is_shown_and_nothing_is_left(admin: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes long answers at once with a page of its own, which htmx and a reload follow to the end."""
    monkeypatch.setattr(jobs, "QUICK", 0.0)
    add(admin)
    go_on = threading.Event()
    write = Writer.write

    def slow(self: Writer, *given: Any, progress: Any = None, **named: Any) -> Any:
        progress(30, 120)
        assert go_on.wait(60)
        return write(self, *given, progress=progress, **named)

    monkeypatch.setattr(Writer, "write", slow)
    page = admin.post("/settings/backup", {})
    path = page.url.path
    until = time.monotonic() + 60
    while "25 %" not in page.text:
        assert time.monotonic() < until
        page = admin.get(path)
    fragment = admin.get(path, fragment=True)
    assert fragment.text.startswith("<section")
    assert 'value="30"' in fragment.text
    assert f'hx-get="{path}"' in fragment.text
    assert "Look again" in fragment.text, "without JavaScript it is followed by a link"
    go_on.set()
    ready = waited(admin, page)
    assert "It can be saved here for an hour" in ready.text
    assert admin.get(path, fragment=True).headers["HX-Redirect"] == path
    assert zipfile.is_zipfile(io.BytesIO(admin.client.get(f"{path}/file").content))
    assert admin.client.get(f"{path[:-1]}x/file").status_code == 404
    assert "not running any more" in admin.get(f"{path[:-1]}x").text
    (waiting,) = (admin.folder / "data/restoring").iterdir()
    os.utime(waiting, (0, 0))
    monkeypatch.setattr(jobs, "QUICK", 60.0)
    sent(admin, "/settings/backup/restore", {}, b"hello")
    assert not list((admin.folder / "data/restoring").iterdir()), "an old file is swept, a refused one is gone"


def test_a_job_is_seen_by_its_own_log_in_only(admin: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Job, "wait", lambda *_: False)  # it gets a page of its own, however quick it is
    path = admin.post("/settings/backup", {}).url.path
    waited(admin, admin.get(path))
    admin.client.cookies.clear()
    admin.post("/login", {"name": "admin", "password": PASSWORD})
    assert "not running any more" in admin.get(path).text
    assert admin.client.get(f"{path}/file").status_code == 404


def test_what_is_here_already_can_be_chosen_record_by_record(admin: Site) -> None:
    first, second = add(admin, "First"), add(admin, "Second")
    file = file_of(admin, {})
    for one in (first, second):
        admin.runtime.store.credentials.change(one, version=1, by="me", attributes={**VALUES, "access_key_id": "NEW"})
    look = sent(admin, "/settings/backup/restore", {}, file)
    assert look.text.count("<select") == 4
    form = {"draft": draft_of(look), "action": "restore", f"credential:{second}": "replace", "own_password": PASSWORD}
    waited(admin, admin.post("/settings/backup/restore/now", form))
    store = admin.runtime.store
    assert store.credentials.get(first).attributes["access_key_id"] == "NEW"
    assert store.credentials.get(second).attributes["access_key_id"] == "AKID"


def test_a_bad_file_is_told_at_its_field(admin: Site) -> None:
    for data in (b"", b"hello", b"PK\x03\x04nonsense"):
        answer = sent(admin, "/settings/backup/restore", {}, data)
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
    assert f"/settings/seed/retire/{old}" in admin.get("/settings/seed").text
    assert "backups made before" in admin.get(f"/settings/seed/retire/{old}").text
    assert old in keys.ring.ids
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
    lose_the_seed(store, tmp_path)
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
    lose_the_seed(store, tmp_path)
    store.keys.give_up(by="me")
    for path in ("credential/nonsense", f"account/{identifier}"):
        answer = admin.post(f"/settings/seed/waiting/{path}/delete", {"own_password": PASSWORD})
        assert "no such locked record" in answer.text
    address = f"/settings/seed/waiting/credential/{identifier}/delete"
    assert address in admin.get("/settings/seed").text
    assert "own password" in admin.post(address, {}).text
    assert "is deleted with what belongs to it" in admin.get(address).text
    assert store.credentials.count() == 1
    assert "was deleted" in admin.post(address, {"own_password": PASSWORD}).text
    assert store.credentials.count() == 0

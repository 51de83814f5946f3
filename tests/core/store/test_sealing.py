"""Sealed values: what age makes opens here, what is made here opens with age, and nothing opens in another place."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.core.errors import PermanentError
from webapp.core.sealing import SealedError, SealedForAnotherError, Sealing, seal_to
from webapp.core.store import KeyRing, LockedError, Store, open_store

AGE = "/usr/bin/age"
PLACE = ("db", "nightly", "secretAccessKey")
SECRET = "CANARY-sealed/+=ü\n"


@pytest.fixture
def plain_store(tmp_path: Path) -> Iterator[Store]:
    """A store in a file: sealing itself asks the database for nothing but its keys."""
    store = open_store(f"sqlite:///{tmp_path}/plain.db", KeyRing.from_file(tmp_path / "own-seed.json", create=True))
    yield store
    store.close()


@pytest.fixture
def sealing(plain_store: Store) -> Sealing:
    return Sealing(plain_store.sealing, plain_store.locks)


def sealing_of(store: Store) -> Sealing:
    return Sealing(store.sealing, store.locks)


def age(*arguments: str, given: str = "") -> str:
    """Run the plain tool."""
    done = subprocess.run([AGE, *arguments], input=given.encode(), capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def payload(**changed: object) -> str:
    return json.dumps(dict(zip(("namespace", "name", "field", "value"), (*PLACE, SECRET), strict=True)) | changed)


def test_what_is_sealed_opens_in_its_place(sealing: Sealing) -> None:
    sealed = sealing.seal(*PLACE, SECRET, by="me")
    assert sealed.startswith("-----BEGIN AGE ENCRYPTED FILE-----\n")
    assert "CANARY" not in sealed
    assert sealing.open(*PLACE, sealed) == SECRET


def test_plain_age_seals(sealing: Sealing) -> None:
    sealed = age("-a", "-r", sealing.recipient(by="me"), given=payload())
    assert sealing.open(*PLACE, sealed) == SECRET


def test_plain_age_opens(sealing: Sealing, tmp_path: Path) -> None:
    sealed = sealing.seal(*PLACE, SECRET, by="me")
    identity = tmp_path / "identity.txt"
    identity.write_text(sealing._keys.all()[0].identity)
    assert json.loads(age("-d", "-i", str(identity), given=sealed)) == json.loads(payload())


def test_indented_as_yaml_and_people_do(sealing: Sealing) -> None:
    sealed = sealing.seal(*PLACE, SECRET, by="me")
    indented = "\r\n".join("      " + line for line in sealed.splitlines()) + "\n\n"
    assert sealing.open(*PLACE, indented) == SECRET


@pytest.mark.parametrize(
    ("place", "part"),
    [
        (("other", "nightly", "secretAccessKey"), "namespace"),
        (("db", "weekly", "secretAccessKey"), "resource"),
        (("db", "nightly", "accessKeyId"), "field"),
        (("db", "nightly", "secretaccesskey"), "field"),
        (("d", "b/nightly", "secretAccessKey"), "namespace and another resource"),
    ],
)
def test_a_copy_in_another_place_is_refused(sealing: Sealing, place: tuple[str, str, str], part: str) -> None:
    sealed = sealing.seal(*PLACE, SECRET, by="me")
    with pytest.raises(SealedForAnotherError, match=f"sealed for another {part}") as caught:
        sealing.open(*place, sealed)
    assert caught.value.reason == "SealedForAnother"
    assert caught.value.field == place[2]
    assert "CANARY" not in caught.value.message


@pytest.mark.parametrize(
    "content",
    [
        SECRET,
        payload(value=7),
        payload(value=None),
        payload(extra="x"),
        json.dumps({"namespace": "db", "name": "nightly", "value": SECRET}),
        json.dumps([*PLACE, SECRET]),
        "[" * 100_000,
        "",
    ],
)
def test_other_content_is_refused(sealing: Sealing, content: str) -> None:
    sealed = age("-a", "-r", sealing.recipient(by="me"), given=content)
    with pytest.raises(SealedError, match="does not stand what should") as caught:
        sealing.open(*PLACE, sealed)
    assert caught.value.reason == "SealedUnreadable"
    assert "CANARY" not in caught.value.message


def test_for_another_server(sealing: Sealing) -> None:
    sealing.recipient(by="me")
    other = str(pyrage.x25519.Identity.generate().to_public())
    with pytest.raises(SealedError, match="another server's key"):
        sealing.open(*PLACE, seal_to(other, *PLACE, SECRET))


def test_one_file_for_two_servers(sealing: Sealing) -> None:
    other = str(pyrage.x25519.Identity.generate().to_public())
    sealed = age("-a", "-r", other, "-r", sealing.recipient(by="me"), given=payload())
    assert sealing.open(*PLACE, sealed) == SECRET


def test_every_changed_or_cut_letter_is_noticed(sealing: Sealing) -> None:
    sealed = sealing.seal(*PLACE, SECRET, by="me")
    for place in range(40, len(sealed) - 40, 11):
        changed = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]
        with pytest.raises(SealedError):
            sealing.open(*PLACE, changed)
        with pytest.raises(SealedError):
            sealing.open(*PLACE, sealed[:place])


def test_too_long_is_refused_before_it_is_read(sealing: Sealing) -> None:
    with pytest.raises(SealedError, match="too long"):
        sealing.open(*PLACE, "A" * 400_000)


def test_the_longest_secret_fits(sealing: Sealing) -> None:
    longest = "\U0001f511" * 64 * 1024
    assert sealing.open(*PLACE, sealing.seal(*PLACE, longest, by="me")) == longest


def test_old_keys_still_open(store: Store, reopen: Callable[[], Store]) -> None:
    sealing = Sealing(store.sealing, store.locks)
    old = sealing.seal(*PLACE, SECRET, by="me")
    first = sealing.recipient(by="me")
    second = sealing.rotate(by="anna")
    new = sealing.seal(*PLACE, SECRET, by="me")
    again = sealing_of(reopen())
    assert first != second == again.recipient(by="me")
    assert again.open(*PLACE, old) == again.open(*PLACE, new) == SECRET
    assert [(key.recipient, key.created_by) for key in again._keys.all()] == [(second, "anna"), (first, "me")]
    other = Sealing(store.sealing, store.locks)
    other.rotate(by="me")
    assert again.open(*PLACE, other.seal(*PLACE, SECRET, by="me")) == SECRET


def test_two_at_once_make_one_key(reopen: Callable[[], Store]) -> None:
    stores = [reopen() for _ in range(4)]
    start, found = threading.Barrier(len(stores)), list[str]()

    def ask(store: Store) -> None:
        start.wait()
        found.append(Sealing(store.sealing, store.locks).recipient(by="me"))
        store.release()

    threads = [threading.Thread(target=ask, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


def test_the_private_half_is_sealed(sealing: Sealing, plain_store: Store, tmp_path: Path) -> None:
    sealing.recipient(by="me")
    key = sealing._keys.all()[0]
    assert key.identity.startswith("AGE-SECRET-KEY-1")
    assert key.identity not in repr(key)
    plain_store.close()
    files = list(tmp_path.glob("plain.db*"))
    assert files
    for file in files:
        assert key.identity.encode() not in file.read_bytes()


def test_locked_without_the_seed(sealing: Sealing, plain_store: Store, tmp_path: Path) -> None:
    sealed = sealing.seal(*PLACE, SECRET, by="me")
    plain_store.close()
    locked = open_store(f"sqlite:///{tmp_path}/plain.db", KeyRing.from_file(tmp_path / "none.json", create=False))
    with pytest.raises(LockedError):
        Sealing(locked.sealing, locked.locks).open(*PLACE, sealed)
    locked.close()


def test_no_public_key() -> None:
    with pytest.raises(PermanentError, match="begins with age1"):
        seal_to("age1nonsense", *PLACE, SECRET)


@settings(max_examples=25, deadline=None)
@given(st.tuples(*[st.text(max_size=40)] * 4))
def test_any_text_comes_back(parts: tuple[str, ...]) -> None:
    identity = pyrage.x25519.Identity.generate()
    sealed = seal_to(str(identity.to_public()), *parts)
    found = json.loads(pyrage.decrypt(sealed.encode(), [identity]))
    assert tuple(found.values()) == parts


def test_a_key_that_waits_for_its_seed_stands_in_nobodys_way(plain_store: Store, tmp_path: Path) -> None:
    """As after a restore of another installation without its seed."""
    sealing = sealing_of(plain_store)
    own = sealing.seal(*PLACE, SECRET, by="me")
    other = open_store(f"sqlite:///{tmp_path}/other.db", KeyRing.from_file(tmp_path / "other.json", create=True))
    foreign = sealing_of(other).seal(*PLACE, SECRET, by="me")
    (row,) = other.sealing._rows.select().dicts()
    other.close()
    plain_store.sealing._rows.insert(**row).execute()
    assert sealing.open(*PLACE, own) == SECRET
    assert sealing.open(*PLACE, sealing.seal(*PLACE, SECRET, by="me")) == SECRET
    with pytest.raises(LockedError):
        sealing.open(*PLACE, foreign)
    assert sealing.rotate(by="me") == sealing.recipient(by="me")

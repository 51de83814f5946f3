"""`seal`, `publish`, `withdraw`, `publications` and `manifest` as programs."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from commands.conftest import Program
from jsonschema import Draft202012Validator

from credential_operator.crd import definition
from webapp.core.sealing import Sealing
from webapp.core.store import KeyRing, Store, open_store

S3 = {
    "provider": "Minio",
    "access_key_id": "AK",
    "secret_access_key": "CANARY/s3+=",
    "endpoint": "https://s3.example.com",
}
PLACE = ("--namespace", "db", "--name", "nightly", "--field", "secretAccessKey")


@pytest.fixture
def filled(program: Program) -> Program:
    assert program("add", "--provider", "S3", "Nightly S3", given=S3).code == 0
    return program


@pytest.fixture
def store(program: Program) -> Callable[[], Store]:
    def go() -> Store:
        ring = KeyRing.from_file(program.folder / "secret-seed.json", create=False)
        return open_store(f"sqlite:///{program.folder}/backup-credentials.db", ring)

    return go


def opened(store: Store, field: str, sealed: str, name: str = "nightly") -> str:
    text = Sealing(store.sealing, store.locks).open("db", name, field, sealed)
    store.close()
    return text


def test_seal_reads_standard_input_alone(filled: Program, store: Callable[[], Store]) -> None:
    done = filled("seal", *PLACE, given=b"CANARY-typed\n")
    assert (done.code, done.err) == (0, "")
    assert opened(store(), "secretAccessKey", done.out) == "CANARY-typed"
    refused = filled("seal", *PLACE, "CANARY-argument")
    assert refused.code == 2
    assert "CANARY" not in refused.out + refused.err


REFUSED: tuple[tuple[tuple[str, ...], bytes, int, str], ...] = (
    (("seal",), b"x", 2, "--namespace"),
    (("seal", *PLACE), b"", 1, "Nothing came"),
    (("seal", *PLACE), b"\xff\xfe", 1, "no UTF-8"),
    (("seal", *PLACE), b"x" * 70_000, 1, "too long"),
    (("seal", *PLACE[2:], "--namespace", "No_One"), b"x", 1, "name of a namespace"),
    (("seal", *PLACE, "--recipient", "age1x"), b"x", 1, "begins with age1"),
    (("publish", "Nightly S3", "db"), b"", 2, "--yes"),
    (("publish", "Nightly S3", "No_One", "--yes"), b"", 1, "lower-case"),
    (("publish", "Missing", "db", "--yes"), b"", 1, "no credential"),
    (("withdraw", "Nightly S3", "db", "--yes"), b"", 1, "not published"),
    (("manifest", "Nightly S3"), b"", 2, "--namespace"),
)


def test_refused(filled: Program) -> None:
    for arguments, given, code, says in REFUSED:
        done = filled(*arguments, given=given)
        assert done.code == code, arguments
        assert says in done.line, arguments


def test_another_machine_seals_with_the_public_key_alone(
    filled: Program, store: Callable[[], Store], tmp_path: Path
) -> None:
    key = filled("seal", "--key").out.strip()
    other = Program(tmp_path / "other")
    done = other("seal", *PLACE, "--recipient", key, "--json", given=b"CANARY")
    assert opened(store(), "secretAccessKey", done.data["sealed"]) == "CANARY"
    assert not other.folder.exists(), "no store is needed"
    payload = b'{"namespace": "db", "name": "nightly", "field": "secretAccessKey", "value": "by age"}'
    plain = subprocess.run(["/usr/bin/age", "-a", "-r", key], input=payload, capture_output=True, check=True)
    assert opened(store(), "secretAccessKey", plain.stdout.decode()) == "by age"
    new = filled("seal", "--rotate", "--json").data["recipient"]
    assert new != key
    assert filled("seal", "--key").out.strip() == new
    assert opened(store(), "secretAccessKey", done.data["sealed"]) == "CANARY"


def test_publish_list_and_withdraw(filled: Program) -> None:
    assert "db, team-*" in filled("publish", "nightly  S3", "db", "team-*", "--yes").out
    listed = filled("publications", "--json").data["publications"]
    assert [one["namespaces"] for one in listed] == ["db", "team-*"]
    assert listed[0]["credential"]["name"] == "Nightly S3"
    assert "the publication to “db”" in filled("delete", "Nightly S3", "--yes").line
    done = filled("withdraw", "Nightly S3", "db", "team-*", "--yes", "--json")
    assert done.data == {"withdrawn": ["db", "team-*"], "fed": []}
    assert filled("publications").out == "Nothing is published.\n"
    noted = filled("audit", "list", "--action", "publish", "--json")
    assert noted.code == 0
    assert noted.out.count("team-*") == 2


def test_a_manifest_is_what_the_definition_takes(filled: Program, store: Callable[[], Store]) -> None:
    done = filled("manifest", "Nightly S3", "--namespace", "db", "--name", "nightly")
    assert "CANARY" not in done.out
    resource = yaml.safe_load(done.out)
    schema = definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert not list(Draft202012Validator(schema).iter_errors(resource))
    assert resource["metadata"] == {"name": "nightly", "namespace": "db"}
    s3 = resource["spec"]["provider"]["s3"]
    assert (s3["provider"], s3["accessKeyId"], s3["endpoint"]) == ("Minio", "AK", "https://s3.example.com")
    assert opened(store(), "secretAccessKey", s3["secretAccessKey"]["sealed"]) == "CANARY/s3+="
    (read,) = filled("audit", "list", "--action", "read", "--json").data
    assert (read["name"], read["outcome"]) == ("Nightly S3", "ok")


def test_an_oauth_token_is_not_copied(program: Program) -> None:
    token = '{"access_token":"a","token_type":"Bearer","refresh_token":"CANARY","expiry":"2030-01-01T00:00:00Z"}'
    assert program("add", "--provider", "DROPBOX", "Box", given={"token": token}).code == 0
    done = program("manifest", "Box", "--namespace", "db")
    assert (done.code, done.out) == (1, "")
    assert "Publish it" in done.line

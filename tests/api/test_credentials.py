from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from api.conftest import BASE, Program
from pages.conftest import Site
from servers.kinds import rclone

from webapp.core.store.access.api_tokens import Scope

SECRET = "CANARY/secret+of=tests"
VALUES = {"provider": "AWS", "access_key_id": "AKIDMADEUP", "secret_access_key": SECRET, "region": "eu-central-1"}
NEW = {"name": "Nightly", "provider": "S3", "attributes": VALUES}


def added(api: httpx.Client) -> tuple[str, str]:
    """Return the id and the ETag of a new credential."""
    answer = api.post("/credentials", json=NEW)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"], answer.headers["ETag"]


def found(answer: httpx.Response) -> list[tuple[str, str]]:
    """Return the findings of a problem."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    return [(one["field"], one["message"]) for one in answer.json()["errors"]]


def test_one_is_added_found_shown_changed_and_deleted(api: httpx.Client) -> None:
    made = api.post("/credentials", json=NEW)
    assert made.status_code == 201
    place = made.headers["Location"].removeprefix(BASE)
    listed = api.get("/credentials", params={"search": "night", "provider": "S3"}).json()
    assert [one["name"] for one in listed["items"]] == ["Nightly"]
    shown = api.get(place)
    assert shown.json()["attributes"]["access_key_id"] == "AKIDMADEUP"
    assert list(shown.json()["secrets"]) == ["secret_access_key"]
    assert (shown.json()["used_by"], shown.json()["account"], shown.json()["needs_login"]) == ([], "", False)
    assert SECRET not in shown.text + made.text
    values = {**shown.json()["attributes"], "verify_target": "backups"}
    changed = api.put(place, json={"name": "Weekly", "attributes": values}, headers={"If-Match": shown.headers["ETag"]})
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    kept = api.get(place, params={"reveal": "true"}).json()
    assert (kept["name"], kept["attributes"]) == ("Weekly", {**VALUES, "verify_target": "backups"})
    assert api.delete(place, headers={"If-Match": '"1"'}).status_code == 412
    assert api.delete(place, headers={"If-Match": '"2"'}).status_code == 204
    assert api.get(place).status_code == 404


def test_another_address_asks_for_the_secret_again(api: httpx.Client) -> None:
    identifier, tag = added(api)
    elsewhere = {key: value for key, value in VALUES.items() if key != "secret_access_key"} | {"region": "eu-west-1"}
    answer = api.put(f"/credentials/{identifier}", json={"attributes": elsewhere}, headers={"If-Match": tag})
    assert (answer.status_code, found(answer)[0][0]) == (422, "secret_access_key")


def test_another_version_is_not_written_over(api: httpx.Client) -> None:
    identifier, tag = added(api)
    place = f"/credentials/{identifier}"
    assert api.put(place, json={"name": "A"}, headers={"If-Match": tag}).status_code == 200
    late = api.put(place, json={"name": "B"}, headers={"If-Match": tag})
    assert late.status_code == 412
    assert "program 0 (API)" in late.json()["detail"]
    assert api.put(place, json={"name": "B"}).status_code == 428
    assert api.get(place).json()["name"] == "A"


def test_one_in_use_is_kept_and_says_by_what(site: Site, api: httpx.Client) -> None:
    identifier, _ = added(api)
    site.runtime.store.publications.add(identifier, "team-*", by="admin")
    users = [{"kind": "the publication to", "name": "team-*"}]
    assert api.get(f"/credentials/{identifier}").json()["used_by"] == users
    refused = api.delete(f"/credentials/{identifier}")
    assert (refused.status_code, refused.json()["used_by"]) == (409, users)


def test_who_did_it_stands_in_the_audit(site: Site, api: httpx.Client) -> None:
    identifier, _ = added(api)
    api.get(f"/credentials/{identifier}", params={"reveal": "true"})
    from webapp.core.store.audit.reading import Filter  # noqa: PLC0415

    entries = site.runtime.store.audit_log.search(Filter()).items
    acted = [(entry.action, entry.who, entry.origin) for entry in entries if entry.subject == identifier]
    assert acted == [("read", "program 0 (API)", "127.0.0.1"), ("add", "program 0 (API)", "127.0.0.1")]
    assert SECRET not in str(entries)


@pytest.mark.server
def test_values_and_stored_credentials_are_verified(api: httpx.Client, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    with rclone.serving("webdav", folder, "--user", "u", "--pass", SECRET) as port:
        values = {"url": f"http://127.0.0.1:{port}", "vendor": "other", "user": "u", "pass": SECRET}
        asked = {"provider": "WEBDAV", "attributes": values}
        right = api.post("/verify", json=asked)
        wrong = api.post("/verify", json={"provider": "WEBDAV", "attributes": {**values, "pass": "wrong"}})
        made = api.post("/credentials", json={"name": "Files", **asked}).json()
        stored = api.post(f"/credentials/{made['id']}/verify")
    assert (right.json()["state"], right.status_code) == ("valid", 200), right.text
    assert (wrong.json()["state"], wrong.json()["field"]) == ("invalid", "pass")
    assert stored.json()["state"] == "valid"
    assert api.get(f"/credentials/{made['id']}").json()["verification"]["state"] == "valid"


def test_a_tool_s_shape_is_given_to_who_may_read_secrets(program: Program, api: httpx.Client) -> None:
    identifier, _ = added(api)
    formats = [one["key"] for one in api.get(f"/credentials/{identifier}/formats").json()]
    assert {"restic", "rclone", "aws-credentials"} <= set(formats)
    options = {"repository": "s3:s3.eu-central-1.amazonaws.com/b", "bucket": "b"}
    path = f"/credentials/{identifier}/formats/rclone-env"
    made = api.post(path, json={"options": {}})
    assert made.status_code == 200, made.text
    assert SECRET in made.json()["data"].values()
    assert program(Scope.READ, Scope.WRITE, Scope.VERIFY).post(path).status_code == 403
    assert api.post(f"/credentials/{identifier}/formats/restic", json={"options": options}).status_code == 422
    assert api.post(f"/credentials/{identifier}/formats/nothing").status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({**NEW, "provider": "NOTHING"}, 422, "provider"),
        ({**NEW, "more": 1}, 422, "more"),
        ({**NEW, "name": 3}, 422, "name"),
        ({"name": "x", "provider": "S3"}, 422, "attributes"),
        ({**NEW, "attributes": {**VALUES, "unknown_one": "x"}}, 422, "unknown_one"),
        ({**NEW, "attributes": {**VALUES, "endpoint": "not a url"}}, 422, "endpoint"),
        ({**NEW, "attributes": {**VALUES, "secret_access_key": "********"}}, 422, "secret_access_key"),
        ({**NEW, "attributes": {**VALUES, "secret_access_key": {"a": 1}}}, 422, "secret_access_key"),
        ({**NEW, "name": "a\nb"}, 422, "name"),
        ({**NEW, "provider": "HUBIC", "attributes": {}}, 422, "provider"),
    ],
    ids=[
        "provider", "member", "kind", "missing", "field", "address", "mask", "object", "line", "gone",
    ],
)  # fmt: skip
def test_bad_values_are_told_at_their_field(
    api: httpx.Client, body: dict[str, object], status: int, field: str
) -> None:
    answer = api.post("/credentials", json=body)
    assert answer.status_code == status, answer.text
    assert field in [name for name, _ in found(answer)]
    assert SECRET not in answer.text
    assert api.get("/credentials").json()["total"] == 0


@pytest.mark.parametrize(
    ("data", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"a": NaN}', "application/json", 400),
        (b'{"name": "a", "name": "b"}', "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"name": "\\ud800"}', "application/json", 422),
        (json.dumps(NEW).encode(), "text/plain", 415),
        (b'{"a": "' + b"x" * (2 << 20) + b'"}', "application/json", 413),
    ],
    ids=["cut", "list", "nan", "twice", "bytes", "deep", "surrogate", "kind", "large"],
)
def test_bad_bodies_are_refused(api: httpx.Client, data: bytes, kind: str, status: int) -> None:
    answer = api.post("/credentials", content=data, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert api.get("/credentials").json()["total"] == 0


@pytest.mark.parametrize(
    ("query", "field"),
    [("page=0", "page"), ("page=x", "page"), ("size=501", "size"), ("state=good", "state"), ("nothing=1", "nothing"),
     ("search=a&search=b", "search"), ("descending=1", "descending"), ("sort=secret", "sort")],
)  # fmt: skip
def test_bad_queries_are_refused(api: httpx.Client, query: str, field: str) -> None:
    answer = api.get(f"/credentials?{query}")
    assert (answer.status_code, [name for name, _ in found(answer)]) == (422, [field])


def test_an_if_match_that_is_none_is_refused(api: httpx.Client) -> None:
    identifier, _ = added(api)
    answer = api.delete(f"/credentials/{identifier}", headers={"If-Match": "W/1"})
    assert (answer.status_code, found(answer)[0][0]) == (422, "If-Match")
    assert api.get(f"/credentials/{identifier}").status_code == 200

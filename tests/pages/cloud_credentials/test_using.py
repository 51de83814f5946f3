"""*Use it*: a credential for a tool, masked until the person's own password was given."""

from __future__ import annotations

import base64
import io
import re
import zipfile

import pytest
import trustme
from pages.cloud_credentials.conftest import ACCOUNT
from pages.visitor import Page, Visitor

from webapp.core.formats import FORMATS
from webapp.core.providers import PROVIDERS
from webapp.core.runtime import Runtime

SECRET = "CANARY/of+the=store-9fQ2"
S3 = {
    "provider": "Other",
    "access_key_id": "AKTESTKEY",
    "secret_access_key": SECRET,
    "endpoint": "https://s3.example.com",
    "region": "us-east-1",
}


@pytest.fixture
def stored(runtime: Runtime, visitor: Visitor) -> str:
    """The id of a stored S3 credential."""
    assert visitor
    return runtime.service.add("Nightly", "S3", S3, by="me").id


def opened(visitor: Visitor, stored: str, key: str) -> Page:
    return visitor.get(f"/cloud-credentials/{stored}/use/{key}")


def test_every_tool_that_fits_is_offered_and_the_others_say_why(visitor: Visitor, stored: str) -> None:
    page = visitor.get(f"/cloud-credentials/{stored}/use")
    for listed in FORMATS.values():
        link = f"/cloud-credentials/{stored}/use/{listed.key}"
        assert (f'href="{link}"' in page.text) is not bool(listed.refusal(PROVIDERS["S3"]))
    assert "Google Cloud" in page.text or "no service account key" in page.text
    assert SECRET not in page.text


@pytest.mark.parametrize("key", [key for key, listed in FORMATS.items() if "S3" in listed.providers])
def test_every_format_shows_keys_and_no_secret(visitor: Visitor, stored: str, key: str) -> None:
    options = {
        f"value.{option.key}": "x-y" if option.required else ""
        for option in FORMATS[key].options
        if not option.choices and option.default is None
    }
    page = visitor.press(opened(visitor, stored, key), "Show keys", options)
    assert page.status == 200, page.text
    assert "How to use it" in page.text
    assert SECRET not in page.text
    assert f"--format {key}" in page.text


def test_nothing_leaves_without_the_own_password(visitor: Visitor, runtime: Runtime, stored: str) -> None:
    page = opened(visitor, stored, "restic")
    for button in ("Download", "Download Kubernetes Secret", "Show secrets"):
        for password in ("", "wrong"):
            values = {"value.repository": "backups/db", "own_password": password}
            refused = visitor.press(page, button, values)
            assert refused.status == 422
            assert SECRET not in refused.text
            assert "#field-own_password" in refused.text
            assert 'value="backups/db"' in refused.text
    assert runtime.store.repositories.list(stored) == ()


def test_copy_after_the_password_which_holds_for_the_next(visitor: Visitor, runtime: Runtime, stored: str) -> None:
    values = {"value.repository": "backups/db", "own_password": ACCOUNT[1]}
    page = visitor.press(opened(visitor, stored, "restic"), "Show secrets", values)
    assert page.status == 200
    assert SECRET in page.text
    kept = runtime.store.repositories.find(stored, "backups/db", "password")
    assert kept in page.text
    again = visitor.press(opened(visitor, stored, "rclone"), "Show secrets")
    assert SECRET in again.text
    assert "own_password" not in again.text


def test_a_typed_repository_password_survives_an_error_unseen(visitor: Visitor, runtime: Runtime, stored: str) -> None:
    values = {"value.repository": "backups/db", "value.password": "CANARY-typed", "own_password": "wrong"}
    refused = visitor.press(opened(visitor, stored, "restic"), "Show secrets", values)
    assert "CANARY-typed" not in refused.text
    visitor.press(refused, "Show secrets", {"own_password": ACCOUNT[1]})
    assert runtime.store.repositories.find(stored, "backups/db", "password") == "CANARY-typed"


def test_another_password_for_a_kept_repository_is_refused_at_its_field(
    visitor: Visitor, runtime: Runtime, stored: str
) -> None:
    runtime.store.repositories.secret(stored, "backups/db", "password", by="me", given="the first")
    values = {"value.repository": "backups/db", "value.password": "another", "own_password": ACCOUNT[1]}
    refused = visitor.press(opened(visitor, stored, "restic"), "Show secrets", values)
    assert refused.status == 422
    assert "#field-password" in refused.text
    assert runtime.store.repositories.find(stored, "backups/db", "password") == "the first"


def test_downloads(visitor: Visitor, stored: str) -> None:
    typed = {"own_password": ACCOUNT[1], "value.repository": "b/r"}
    variables = visitor.press(opened(visitor, stored, "restic"), "Download", typed)
    assert variables.headers["Content-Disposition"] == 'attachment; filename="nightly.env"'
    assert f"AWS_SECRET_ACCESS_KEY={SECRET}" in variables.text
    one = visitor.press(opened(visitor, stored, "rclone"), "Download")
    assert one.headers["Content-Disposition"] == 'attachment; filename="rclone.conf"'
    assert SECRET in one.text
    manifest = visitor.press(opened(visitor, stored, "env"), "Download Kubernetes", {"secret_name": "My Secret"})
    assert 'name: "my-secret"' in manifest.text
    assert base64.b64encode(SECRET.encode()).decode() in manifest.text
    assert manifest.headers["Cache-Control"] == "no-store"


def test_several_files_come_as_an_archive(visitor: Visitor, runtime: Runtime) -> None:
    values = {**S3, "ca_certificate": trustme.CA().cert_pem.bytes().decode()}
    stored = runtime.service.add("With CA", "S3", values, by="me").id
    typed = {"own_password": ACCOUNT[1], "value.repository": "b/r"}
    page = visitor.press(opened(visitor, stored, "restic"), "Download", typed)
    assert page.headers["Content-Disposition"] == 'attachment; filename="with-ca-restic.zip"'
    with zipfile.ZipFile(io.BytesIO(page.data)) as archive:
        assert sorted(archive.namelist()) == ["ca.pem", "environment"]
        assert SECRET in archive.read("environment").decode()
        assert {entry.external_attr >> 16 & 0o777 for entry in archive.infolist()} == {0o600}


def test_a_password_that_is_generated_when_it_is_empty_is_not_called_required(visitor: Visitor, stored: str) -> None:
    page = opened(visitor, stored, "restic")
    assert page.text.count('<span class="required">required</span>') == 1  # the repository


def test_missing_and_wrong_options_are_said_at_their_fields(visitor: Visitor, stored: str) -> None:
    page = visitor.press(opened(visitor, stored, "restic"), "Show keys")
    assert page.status == 422
    assert "#field-repository" in page.text
    page = visitor.press(opened(visitor, stored, "rclone"), "Show keys", {"value.remote": "a b"})
    assert page.status == 422
    assert "#field-remote" in page.text
    page = visitor.press(opened(visitor, stored, "rclone"), "Show keys", {"value.colour": "canary-red"})
    assert page.status == 422
    assert "The format rclone has no such option." in page.text
    assert "canary-red" not in page.text
    page = visitor.press(opened(visitor, stored, "template"), "Show keys", {"value.template": "{{ nothing }}"})
    assert page.status == 422
    assert "#field-template" in page.text
    assert "{{ nothing }}" in page.text


def test_unknown_and_unfitting_formats(visitor: Visitor, stored: str) -> None:
    assert opened(visitor, stored, "no-such-format").status == 404
    refused = opened(visitor, stored, "google-json")
    assert refused.status in {200, 422}
    assert "no service account key" in refused.text


def test_forget_a_repository(visitor: Visitor, runtime: Runtime, stored: str) -> None:
    runtime.store.repositories.secret(stored, "b/r", "password", by="me")
    page = visitor.get(f"/cloud-credentials/{stored}/use")
    (link,) = re.findall(r'href="([^"]*forget-repository[^"]*)"', page.text)
    asked = visitor.get(link.replace("&amp;", "&"))
    refused = visitor.press(asked, "Forget it", {"own_password": "wrong"})
    assert refused.status == 422
    assert runtime.store.repositories.list(stored)
    visitor.press(refused, "Forget it", {"own_password": ACCOUNT[1]})
    assert runtime.store.repositories.list(stored) == ()


def test_a_publication_is_withdrawn_on_the_page_of_its_own_credential(
    runtime: Runtime, visitor: Visitor, stored: str
) -> None:
    other = runtime.service.add("Other", "S3", S3, by="me").id
    runtime.publishing.publish(stored, ["db"], by="me")
    (one,) = runtime.store.publications.list()
    assert visitor.get(f"/cloud-credentials/{other}/publications/{one.id}/withdraw").status == 404
    assert visitor.get(f"/cloud-credentials/{stored}/publications/{one.id}/withdraw").status == 200

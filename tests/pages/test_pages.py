from __future__ import annotations

import re

import httpx
import pytest
from pages.conftest import Site

from webapp.core.providers import PROVIDERS
from webapp.core.providers.base import Support
from webapp.core.runtime import Runtime
from webapp.pages.help_pages.markdown import code

SECRET = "CANARY-test/secret+key"


def values(s3: str, **changed: str) -> dict[str, str]:
    keys = {"provider": "Other", "access_key_id": "test-key-id", "secret_access_key": SECRET, "endpoint": s3}
    fields = {f"value.{key}": value for key, value in (keys | {"region": "us-east-1"}).items()}
    return {"provider": "S3", "name": "Nightly", **fields, **{f"value.{key}": value for key, value in changed.items()}}


def draft(page: httpx.Response) -> str:
    found = re.search(r'name="draft" value="([^"]+)"', page.text)
    assert found
    return found.group(1)


def saved(site: Site, s3: str, **changed: str) -> str:
    """Verify and save a credential; return its id."""
    form = {**values(s3, **changed), "draft": draft(site.get("/cloud-credentials/add"))}
    result = site.post("/cloud-credentials/verify", form, fragment=True)
    while again := re.search(r'hx-get="(/cloud-credentials/[^"]+)"', result.text):
        result = site.get(again.group(1).replace("&amp;", "&"), fragment=True)
    page = site.post("/cloud-credentials/add", {**form, "action": "save"})
    assert page.url.path == "/cloud-credentials/"
    return re.search(r"cloud-credentials/([0-9a-f-]{36})", page.text).group(1)


def test_nobody_gets_in_without_a_log_in(site: Site) -> None:
    for path in ("/", "/cloud-credentials/", "/account", "/help/"):
        assert site.get(path).url.path == "/setup"
    assert site.post("/setup", {"code": "x", "name": "a", "password": "long enough password"}).status_code in {400, 422}


def test_first_start_log_out_and_log_in(admin: Site) -> None:
    assert "Cloud Credentials" in admin.get("/").text
    admin.post("/logout", {})
    assert admin.get("/").url.path == "/login"


def test_the_bar_at_the_top_tells_where_one_is(admin: Site) -> None:
    def marked(path: str) -> list[tuple[str, str]]:
        top = admin.get(path).text.partition("</header>")[0]
        return re.findall(r'<a href="([^"]+)" aria-current="(page|true)">', top)

    for path in ("/cloud-credentials/", "/ssh-connections/", "/ssh-keypairs/", "/help/", "/account"):
        assert marked(path) == [(path, "page")]
    assert marked("/cloud-credentials/add") == [("/cloud-credentials/", "true")]
    assert marked("/settings/oauth-apps/") == [("/settings/", "true")]
    assert marked("/") == []


def test_the_first_page_leads_to_what_somebody_has_already(admin: Site) -> None:
    page = admin.get("/").text
    assert "/cloud-credentials/import" in page
    assert 'id="restore"' in admin.get(re.search(r'href="(/settings/[^"]*)#restore"', page)[1]).text


def test_headers_and_host(admin: Site) -> None:
    page = admin.get("/")
    assert "'unsafe" not in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert not re.search(r"<script(?![^>]*src=)|style=|onclick=", page.text)
    assert admin.client.get("/", headers={"Host": "evil.example.com"}).status_code == 400


def test_a_change_needs_its_token(admin: Site) -> None:
    answer = admin.client.post("/cloud-credentials/verify-all", data={})
    assert answer.status_code == 400
    assert "Reload" in answer.text


def test_verify_save_and_find_again(admin: Site, s3: str) -> None:
    form = {**values(s3), "draft": draft(admin.get("/cloud-credentials/add"))}
    result = admin.post("/cloud-credentials/verify", form, fragment=True)
    while again := re.search(r'hx-get="(/cloud-credentials/[^"]+)"', result.text):
        result = admin.get(again.group(1).replace("&amp;", "&"), fragment=True)
    assert "state valid" in result.text
    assert "<html" not in result.text
    page = admin.post("/cloud-credentials/add", {**form, "action": "save"})
    assert "Nightly was saved" in page.text
    assert "state valid" in page.text
    restarted = Runtime(admin.runtime.options)
    assert restarted.store.credentials.find("Nightly").attributes["secret_access_key"] == SECRET
    restarted.stop()


def test_unverified_is_asked_about_once(admin: Site, s3: str) -> None:
    form = {**values(s3), "action": "save"}
    asked = admin.post("/cloud-credentials/add", form)
    assert "not verified" in asked.text
    assert admin.runtime.store.credentials.count() == 0
    again = {**form, "value.secret_access_key": "", "draft": draft(asked), "confirm": "yes"}
    assert admin.post("/cloud-credentials/add", again).url.path == "/cloud-credentials/"
    assert admin.runtime.store.credentials.find("Nightly").attributes["secret_access_key"] == SECRET


def test_a_wrong_value_loses_nothing(admin: Site, s3: str) -> None:
    form = {**values(s3, endpoint=f"{s3}/bucket"), "action": "save"}
    page = admin.post("/cloud-credentials/add", form)
    assert page.status_code == 422
    assert "path" in page.text
    assert 'value="Nightly"' in page.text
    assert "Typed and kept" in page.text
    assert SECRET not in page.text


def test_editing_keeps_secrets_where_they_are(admin: Site, s3: str) -> None:
    identifier = saved(admin, s3)
    page = admin.get(f"/cloud-credentials/{identifier}")
    assert "Stored, changed on" in page.text
    form = {**values(s3, secret_access_key=""), "draft": draft(page), "version": "1", "credential": identifier}
    assert "state valid" in admin.post("/cloud-credentials/verify", form).text
    moved = {**form, "value.endpoint": "http://127.0.0.1:9"}
    assert "again" in admin.post(f"/cloud-credentials/{identifier}", {**moved, "action": "save"}).text
    done = admin.post(f"/cloud-credentials/{identifier}", {**form, "name": "Renamed", "action": "save"})
    assert "Renamed was saved" in done.text
    late = admin.post(f"/cloud-credentials/{identifier}", {**form, "name": "Late", "action": "save"})
    assert late.status_code == 409
    assert "changed meanwhile" in late.text


def test_actions_on_a_row(admin: Site, s3: str) -> None:
    identifier = saved(admin, s3, verify_target="alpha")
    row = admin.post(f"/cloud-credentials/{identifier}/verify", {}, fragment=True)
    while again := re.search(r'hx-get="(/cloud-credentials/[^"]+)"', row.text):
        row = admin.get(again.group(1), fragment=True)
    assert "state valid" in row.text
    assert "writing and deleting work" in admin.post(f"/cloud-credentials/{identifier}/write-check", {}).text
    admin.post(f"/cloud-credentials/{identifier}/duplicate", {"name": "Copy"})
    taken = admin.post(f"/cloud-credentials/{identifier}/rename", {"name": " copy "})
    assert taken.status_code == 422
    admin.post("/cloud-credentials/verify-all", {})
    assert (
        "lost" in admin.get(f"/cloud-credentials/{identifier}/delete").text
        or "removed" in admin.get(f"/cloud-credentials/{identifier}/delete").text
    )
    admin.post(f"/cloud-credentials/{identifier}/delete", {})
    assert admin.get(f"/cloud-credentials/{identifier}").status_code == 404
    assert admin.runtime.store.credentials.count() == 1


@pytest.mark.parametrize("provider", [p.type for p in PROVIDERS.values() if p.support is not Support.UNSUPPORTED])
def test_every_form_shows(admin: Site, provider: str) -> None:
    page = admin.get(f"/cloud-credentials/fields?provider={provider}", fragment=True)
    assert page.status_code == 200
    for field in PROVIDERS[provider].fields:
        if field.is_shown({f.key: f.default for f in PROVIDERS[provider].fields if f.default is not None}):
            assert f'id="field-{field.key}"' in page.text
    shown = re.findall(r'<p class="(?:help|note)"[^>]*>(.*?)</p>', page.text, re.DOTALL)
    assert shown
    assert not [text for text in shown if "`" in text]


def test_words_in_backticks_are_code_and_nothing_else_means_anything() -> None:
    assert code("Run `a <b>` & **not** <i>this</i>.") == (
        "Run <code>a &lt;b&gt;</code> &amp; **not** &lt;i&gt;this&lt;/i&gt;."
    )
    assert code("<b> alone ` here") == "&lt;b&gt; alone ` here"
    assert code("<b> & none") == "&lt;b&gt; &amp; none"


@pytest.mark.parametrize("path", ["/nope", "/cloud-credentials/no-such-id", "/help/nope"])
def test_pages_that_are_not_there(admin: Site, path: str) -> None:
    page = admin.get(path)
    assert page.status_code == 404
    assert "first page" in page.text


def test_too_much_is_refused(admin: Site) -> None:
    page = admin.post("/cloud-credentials/add", {"provider": "S3", "name": "x" * 2_000_000})
    assert page.status_code == 413
    assert "one megabyte" in page.text


def test_help_shows_every_page(admin: Site) -> None:
    for name in re.findall(r'href="/help/([\w-]+)"', admin.get("/help/").text):
        assert admin.get(f"/help/{name}").status_code == 200


def test_a_locked_store_asks_for_its_seed(admin: Site) -> None:
    seed = admin.runtime.options.data_dir / "secret-seed.json"
    text = seed.read_text()
    admin.runtime.store.locked = None
    seed.unlink()
    locked = Runtime(admin.runtime.options)
    assert locked.store.locked
    locked.store.unlock(text)
    assert locked.store.locked is None
    locked.stop()


def test_no_canary_comes_out(admin: Site, s3: str, caplog: pytest.LogCaptureFixture) -> None:
    identifier = saved(admin, s3)
    wrong = {**values(s3, secret_access_key="CANARY-wrong"), "draft": "x"}
    admin.post("/cloud-credentials/verify", wrong, fragment=True)
    admin.post("/cloud-credentials/verify", wrong)
    admin.post("/cloud-credentials/fields", wrong, fragment=True)
    for path in ("/", "/cloud-credentials/", f"/cloud-credentials/{identifier}", "/account", "/cloud-credentials/add"):
        admin.get(path)
    for answer in admin.answers:
        assert "CANARY" not in answer
    assert "CANARY" not in caplog.text
    for path in admin.folder.rglob("*.db*"):
        assert b"CANARY" not in path.read_bytes()

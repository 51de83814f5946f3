"""A seed that is lost: everything that waited for it can be typed again, one by one, on its own page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pages.conftest import PASSWORD, Site
from pages.seeds import lose_the_seed

from webapp.core.errors import PermanentError
from webapp.core.ssh.keys import generate

VALUES = {"access_key_id": "AKID", "secret_access_key": "CANARY-STORED"}
APP = {"client_id": "an-app", "client_secret": "CANARY-APP"}
HOST_KEY = generate("ed25519", "").public.line


def go_on_without_the_seed(site: Site, folder: Path) -> None:
    """Lose the seed, and go on without it on the page."""
    lose_the_seed(site.runtime.store, folder)
    assert "locked" in site.get("/").text
    assert "Nothing was deleted" in site.post("/settings/seed/lost", {"own_password": PASSWORD}).text


@pytest.fixture
def lost(admin: Site, tmp_path: Path) -> dict[str, str]:
    """Give the ids of a credential, a keypair, a connection and an app whose seed is lost."""
    store = admin.runtime.store
    made = generate("ed25519", "office")
    keypair = store.ssh.keypairs.add(
        "Office", {"private_key": made.private, "public_key": made.public.text}, by="admin"
    )
    values = {"host": "nas.example.com", "port": 22, "username": "root", "private_key": keypair.id}
    connection = store.ssh.connections.add("NAS", {**values, "remote_host_key": HOST_KEY}, by="admin")
    credential = store.credentials.add("Nightly", "S3", VALUES, by="admin")
    store.apps.put("DROPBOX", APP, by="admin")
    go_on_without_the_seed(admin, tmp_path)
    return {
        "SSH keypair": f"/ssh-keypairs/{keypair.id}/edit",
        "SSH connection": f"/ssh-connections/{connection.id}",
        "credential": f"/cloud-credentials/{credential.id}",
        "OAuth app": "/settings/oauth-apps/DROPBOX",
    }


def hidden(site: Site, path: str) -> dict[str, str]:
    """Return the hidden values of the form on a page."""
    return dict(re.findall(r'type="hidden" name="(draft|version)" value="([^"]*)"', site.get(path).text))


def typed_again(site: Site, path: str, form: dict[str, str], values: dict[str, str]) -> str:
    """Type values again and press Save, and once more where that is asked."""
    form = {**form, **hidden(site, path), "action": "save", **{f"value.{key}": text for key, text in values.items()}}
    answer = site.post(path, form)
    if "Press Save again" in answer.text:
        answer = site.post(path, {**form, "confirm": "yes"})
    return answer.text


def test_each_record_leads_to_where_it_is_typed_again(admin: Site, lost: dict[str, str]) -> None:
    page = admin.get("/settings/seed").text
    for label, path in lost.items():
        assert f'data-label="What">{label}<' in page
        assert f'href="{path}"' in page
        form = admin.get(path)
        assert form.status_code == 200
        assert "never shown again" not in form.text, "nothing of it can be left as it is"
    for path in ("/ssh-keypairs/", "/ssh-connections/", "/settings/oauth-apps/", "/cloud-credentials/", "/"):
        assert admin.get(path).status_code == 200


def test_everything_is_typed_again(admin: Site, lost: dict[str, str]) -> None:
    store, made = admin.runtime.store, generate("ed25519", "new")
    keypair = store.ssh.keypairs.find("Office")
    again = {
        "SSH keypair": ("Office", {"private_key": made.private}),
        "SSH connection": ("NAS", {"host": "nas", "private_key": keypair.id, "remote_host_key": HOST_KEY}),
        "credential": ("Nightly", VALUES),
        "OAuth app": ("", APP),
    }
    for label, (name, values) in again.items():
        assert "was saved" in typed_again(admin, lost[label], {"name": name}, values), label
    assert store.keys.locked_records() == []
    assert store.ssh.keypairs.find("Office").fingerprint == made.public.fingerprint
    found = store.ssh.connections.find("NAS")
    assert (found.damaged, found.attributes["host"], found.keypair) == ("", "nas", keypair.id)
    assert dict(store.credentials.find("Nightly").attributes) == VALUES
    assert store.apps.list()["DROPBOX"].values["client_secret"] == "CANARY-APP"
    assert "Waiting for a missing key" not in admin.get("/settings/seed").text
    assert not [answer for answer in admin.answers if "CANARY" in answer]


def test_the_form_of_a_locked_connection_still_knows_its_keypair(admin: Site, lost: dict[str, str]) -> None:
    store, made = admin.runtime.store, generate("ed25519", "new")
    assert "was saved" in typed_again(admin, lost["SSH keypair"], {"name": "Office"}, {"private_key": made.private})
    chosen = f'<option value="{store.ssh.keypairs.find("Office").id}" selected>'
    assert chosen in admin.get(lost["SSH connection"]).text


def test_a_locked_app_says_so_where_it_is_used(admin: Site, lost: dict[str, str]) -> None:
    with pytest.raises(PermanentError, match="Enter it there again"):
        admin.runtime.logins.client("DROPBOX", {})
    own = admin.runtime.logins.client("DROPBOX", {"client_id": "typed", "client_secret": "x"})
    assert own["client_id"] == "typed"

"""The pages of keypairs, visited without JavaScript."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from pages.cloud_credentials.conftest import ACCOUNT
from pages.ssh.conftest import OWN
from pages.visitor import Page, Visitor

from webapp.core.runtime import Runtime

KEY_TEXT = "b3BlbnNzaC1rZXktdjE"
"""How the inside of every OpenSSH private key begins."""

TYPES = {"rsa-3072": "RSA", "rsa-4096": "RSA", "ed25519": "ED25519", "ecdsa-p256": "ECDSA"}


def generated(visitor: Visitor, name: str = "Office", key_type: str = "ed25519") -> Page:
    page = visitor.get("/ssh-keypairs/add")
    page = visitor.press(page, "Generate Keypair", {"name": name, "key_type": key_type})
    assert "A new keypair was generated" in page.text
    return visitor.press(page, "Save")


@pytest.mark.parametrize("key_type", ["rsa-3072", "ed25519", "ecdsa-p256"])
def test_generate_save_download_both_halves(visitor: Visitor, tmp_path: Path, key_type: str) -> None:
    page = generated(visitor, "Büro Key/1", key_type)
    assert "was saved" in page.text
    assert KEY_TEXT not in "".join(visitor.seen)
    public = visitor.get(f"{page.address}/public")
    private = visitor.press(page, "Download", OWN)
    family = {"rsa-3072": "rsa", "ecdsa-p256": "ecdsa"}.get(key_type, key_type)
    assert f'filename="B_ro_Key_1_private_key_{family}"' in private.headers["Content-Disposition"]
    assert public.headers["Content-Disposition"].endswith('.pub"')
    file = tmp_path / "key"
    file.write_bytes(private.data)
    file.chmod(0o600)
    derived = subprocess.run(["ssh-keygen", "-y", "-f", file], capture_output=True, check=True, text=True).stdout
    assert derived.split()[:2] == public.text.split()[:2]
    shown = subprocess.run(["ssh-keygen", "-l", "-f", file], capture_output=True, check=True, text=True).stdout
    assert shown.split()[1] in page.text
    assert f"({TYPES[key_type]})" in shown


def test_private_half_only_with_own_password(visitor: Visitor) -> None:
    page = generated(visitor)
    assert KEY_TEXT not in visitor.press(page, "Show").text
    assert "Type your own password" in visitor.press(page, "Show").text
    refused = visitor.press(page, "Show", {"own_password": "wrong"})
    assert "This is not your password" in refused.text
    assert KEY_TEXT not in refused.text
    assert KEY_TEXT in visitor.press(page, "Show", OWN).text


def test_generated_halves_before_saving(visitor: Visitor, runtime: Runtime) -> None:
    page = visitor.press(visitor.get("/ssh-keypairs/add"), "Generate Keypair", {"name": "Early", "key_type": "ed25519"})
    public = visitor.press(page, "Download the public key")
    assert public.text.startswith("ssh-ed25519 ")
    assert public.text.strip().endswith("Early")
    assert "Type your own password" in visitor.press(page, "Download the private key").text
    private = visitor.press(page, "Download the private key", OWN)
    assert private.text.startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    assert runtime.ssh.keypairs.all() == []


def test_import_with_passphrase_is_said_and_kept_without(visitor: Visitor, runtime: Runtime, tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "CANARY-passphrase", "-f", key], check=True)
    page = visitor.get("/ssh-keypairs/add")
    refused = visitor.press(page, "Save", {"name": "Old", "value.private_key": key.read_text()})
    assert refused.status == 422
    assert "passphrase" in refused.text
    asked = visitor.press(refused, "Save", {"value.passphrase": "CANARY-passphrase"})
    assert "kept without it" in asked.text
    assert runtime.ssh.keypairs.all() == []
    visitor.press(asked, "Save")
    assert "ENCRYPTED" not in runtime.ssh.keypairs.private_key("Old")
    assert "CANARY" not in "".join(visitor.seen)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"value.private_key": "PuTTY-User-Key-File-3: ssh-ed25519"}, "PuTTYgen"),
        (
            {"value.private_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK0wmN/Cr3JXqmLW7u+g9pTh+wyqDHpSQEIQczXkVx9q"},
            "public",
        ),
        (
            {"value.private_key": "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----"},
            "damaged",
        ),
        ({}, "key"),
    ],
)
def test_wrong_keys_get_a_sentence(visitor: Visitor, values: dict[str, str], sentence: str) -> None:
    refused = visitor.press(visitor.get("/ssh-keypairs/add"), "Save", {"name": "X", **values})
    assert refused.status == 422
    assert sentence in refused.text
    assert 'role="alert"' in refused.text


def test_public_only_is_badged_and_not_offered(visitor: Visitor) -> None:
    line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK0wmN/Cr3JXqmLW7u+g9pTh+wyqDHpSQEIQczXkVx9q theirs"
    page = visitor.press(visitor.get("/ssh-keypairs/add"), "Save", {"name": "Theirs", "value.public_key": line})
    assert "public only" in page.text
    assert "Theirs" not in visitor.get("/ssh-connections/add?method=manual").text
    assert "public only" in visitor.get("/ssh-keypairs/").text


def test_names_are_shared_and_bad_ones_said(visitor: Visitor) -> None:
    generated(visitor, "Same")
    page = visitor.press(visitor.get("/ssh-keypairs/add"), "Generate Keypair", {"name": "same"})
    refused = visitor.press(page, "Save")
    assert refused.status == 409
    assert "share their names" in refused.text
    assert "Typed and kept" in refused.text


def test_rename_keeps_the_halves(visitor: Visitor, runtime: Runtime) -> None:
    page = generated(visitor, "Before")
    before = runtime.ssh.keypairs.private_key("Before")
    edit = visitor.get(f"{page.address}/edit")
    visitor.press(edit, "Save", {"name": "After"})
    assert runtime.ssh.keypairs.private_key("After") == before


def test_delete_and_replace_while_used(visitor: Visitor, runtime: Runtime) -> None:
    first, second = generated(visitor, "First"), generated(visitor, "Second")
    ssh = runtime.ssh
    values = {"host": "nas.example", "private_key": "First", "username": "root"}
    connection = ssh.connections.add("To the NAS", values, by="admin")
    sftp = {"host": "sftp.example", "user": "u", "private_key": "First", "skip_host_key_check": True}
    credential = runtime.service.add("Box", "SFTP", sftp, by="admin")
    page = visitor.get(first.address)
    assert f'href="/ssh-connections/{connection.id}"' in page.text
    assert f'href="/cloud-credentials/{credential.id}"' in page.text
    page = visitor.get(f"{first.address}/delete")
    assert "It is deleted as well" in page.text
    assert "loses its key" in page.text
    refused = visitor.press(page, "Delete")
    assert refused.status == 409
    assert "in use by" in refused.text
    other = visitor.get(f"{first.address}/another")
    visitor.press(other, "Use it for all", {"other": second.address.rpartition("/")[2]})
    assert ssh.connections.get("To the NAS").keypair == second.address.rpartition("/")[2]
    gone = visitor.press(visitor.get(f"{second.address}/delete"), "Delete", {"anyway": "yes"})
    assert "was deleted" in gone.text
    assert ssh.connections.all() == []
    found = runtime.store.credentials.get(credential.id)
    assert "private_key" not in found.attributes
    assert found.verification
    assert "Second" in found.verification.message


def test_nobody_gets_in_without_log_in(app: object, visitor: Visitor) -> None:
    page = generated(visitor)
    stranger = Visitor(app.test_client())  # pyright: ignore[reportAttributeAccessIssue]
    for address in (page.address, f"{page.address}/public", "/ssh-keypairs/", "/ssh-connections/"):
        assert ACCOUNT[0] not in stranger.get(address).text
        assert "Log in" in stranger.get(address).text

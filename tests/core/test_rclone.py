from __future__ import annotations

import base64
import json
import subprocess
import urllib.parse

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.core.providers import PROVIDERS
from webapp.core.rclone.config import remote
from webapp.core.rclone.metadata import binary
from webapp.core.rclone.obscure import obscure, reveal
from webapp.core.redaction import Redactor, safe_attributes


@given(st.text())
@settings(max_examples=200, deadline=None)
def test_obscuring_goes_both_ways(text: str) -> None:
    assert reveal(obscure(text)) == text


@pytest.mark.parametrize("text", ["", "pa ss", '%(x)s`"""', "hällo"])
def test_rclone_reads_what_we_obscure(text: str) -> None:
    done = subprocess.run([binary(), "reveal", "--", obscure(text)], capture_output=True, text=True, check=True)
    assert done.stdout.removesuffix("\n") == text


def test_ftp_gets_an_empty_password_obscured() -> None:
    options = remote(PROVIDERS["FTP"], {"host": "h", "user": "anonymous"})
    assert reveal(options["pass"]) == ""


def test_a_key_becomes_one_line() -> None:
    options = remote(PROVIDERS["SFTP"], {"host": "h", "user": "u", "key_pem": "-----BEGIN\nabc\n-----END\n"})
    assert options["key_pem"] == "-----BEGIN\\nabc\\n-----END\\n"


def test_signature_version_2_is_what_a_task_would_use() -> None:
    values = {"provider": "Other", "endpoint": "https://h", "skip_region": True, "signatures_v2": True}
    options = remote(PROVIDERS["S3"], values)
    assert options["region"] == "other-v2-signature"
    assert options["v2_auth"] == "true"


@pytest.mark.parametrize("version", [{}, {"auth_version": "0"}, {"auth_version": "3"}])
def test_swift_keeps_tenant_and_domain_when_the_version_is_left_out(version: dict[str, str]) -> None:
    """A form always sends the version; a command or a resource may leave it out."""
    named = {"tenant": "storage", "domain": "Default", "tenant_domain": "Default"}
    options = remote(
        PROVIDERS["OPENSTACK_SWIFT"], {"user": "u", "key": "k", "auth": "https://h/v3", **named, **version}
    )
    assert named.items() <= options.items()


def test_every_form_of_a_secret_is_cut_out() -> None:
    secret = 'pa/ss+w="ord\n2'
    redact = Redactor([secret])
    texts = [secret, urllib.parse.quote(secret, safe=""), json.dumps(secret), secret.replace("\n", "\\n")]
    for text in texts:
        assert "ord" not in redact(f"before {text} after")


@pytest.mark.parametrize("before", ["", "u:", "me:", "user:", "backup@example.com:"])
def test_a_password_inside_a_basic_header_is_cut_out(before: str) -> None:
    password = "canary pass/word+1"
    redact = Redactor([password])
    said = redact(f"Authorization: Basic {base64.b64encode(f'{before}{password}'.encode()).decode()} was refused")
    left = said.removeprefix("Authorization: Basic ").removesuffix(" was refused").replace("•••", "")
    assert password[2:-2].encode() not in base64.b64decode(left + "=" * (-len(left) % 4))
    assert len(left) <= len(before) * 2 + 8


def test_a_secret_that_is_json_without_end_is_cut_out_like_any_other() -> None:
    deep = "[" * 30_000
    assert Redactor([deep])(f"before {deep} after") == "before ••• after"


def test_tokens_inside_json_are_cut_out() -> None:
    redact = Redactor.of(PROVIDERS["BOX"], {"token": '{"access_token":"CANARY-1","refresh_token":"CANARY-2"}'})
    assert redact("got CANARY-1 and CANARY-2") == "got ••• and •••"


def test_a_secret_that_looks_like_deep_json_is_cut_out_as_it_is() -> None:
    secret = "[" * 8000
    assert secret not in Redactor([secret])(f"refused: {secret}")


def test_masked_attributes() -> None:
    assert safe_attributes(PROVIDERS["B2"], {"account": "a", "key": "CANARY"}) == {"account": "a", "key": "********"}

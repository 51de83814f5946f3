from __future__ import annotations

import json

import pytest

from webapp.core.providers import PROVIDERS
from webapp.core.validation import MASK, check

S3 = {
    "provider": "Other",
    "access_key_id": "key",
    "secret_access_key": "a/b+c=",
    "endpoint": "https://s3.example.com",
}
SFTP = {"host": "nas.example.com", "user": "backup", "pass": "hunter22", "skip_host_key_check": True}

BAD = [
    ("S3", S3, "endpoint", "https://s3.example.com/bucket", "path"),
    ("S3", S3, "endpoint", "https://u:p@s3.example.com", "user"),
    ("S3", S3, "endpoint", "ftp://s3.example.com", "https://"),
    ("S3", S3, "endpoint", "https://s3.example.com:99999", "65535"),
    ("S3", S3, "secret_access_key", "two words", "blank"),
    ("S3", S3, "secret_access_key", MASK, "mask"),
    ("S3", S3, "access_key_id", "a\x00b", "control"),
    ("S3", S3, "access_key_id", "a\ud800b", "broken"),
    ("S3", S3, "access_key_id", "a\nb", "one line"),
    ("S3", S3, "access_key_id", "x" * 2_000_000, "too long"),
    ("S3", S3, "access_key_id", ["a"], "single"),
    ("S3", S3, "max_upload_parts", "abc", "whole number"),
    ("S3", S3, "max_upload_parts", True, "whole number"),
    ("S3", S3, "max_upload_parts", 0, "10000"),
    ("S3", S3, "provider", "Nobody", "offers"),
    ("S3", S3, "ca_certificate", "hello", "PEM"),
    ("S3", S3, "no_such", "x", "no field"),
    ("SFTP", SFTP, "host", "ssh://nas", "without"),
    ("SFTP", SFTP, "host", "nas/path", "path"),
    ("SFTP", SFTP, "host", "nas:22", "port"),
    ("SFTP", SFTP, "host", "me@nas", "user"),
    ("SFTP", SFTP, "host", "192.0.2.999", "no host name"),
    ("SFTP", SFTP, "port", 70000, "65535"),
    ("SFTP", SFTP, "key_pem", "PuTTY-User-Key-File-3: ssh-ed25519", "PuTTY"),
    ("SFTP", SFTP, "key_pem", "ssh-ed25519 AAAA me", "public"),
    ("SFTP", SFTP, "host_keys", "hello", "ssh-keyscan"),
]


@pytest.mark.parametrize(("provider", "good", "key", "value", "word"), BAD)
def test_bad_input_has_a_sentence_on_its_field(
    provider: str, good: dict[str, object], key: str, value: object, word: str
) -> None:
    assert check(PROVIDERS[provider], good).ok
    found = check(PROVIDERS[provider], {**good, key: value})
    assert word in " ".join(found.errors[key])
    assert len(str(value)) < 3 or key == "no_such" or str(value)[:200] not in " ".join(found.errors[key])


@pytest.mark.parametrize("value", ["%(x)s", "`id`", '"""', "a;b&c", "$HOME"])
def test_odd_texts_are_kept_as_they_are(value: str) -> None:
    assert check(PROVIDERS["SFTP"], {**SFTP, "pass": value}).attributes["pass"] == value


def test_a_stored_secret_stays_and_is_asked_for_when_it_would_go_elsewhere() -> None:
    stored = check(PROVIDERS["SFTP"], SFTP).attributes
    same = {"host": "nas.example.com", "user": "backup", "skip_host_key_check": True}
    assert check(PROVIDERS["SFTP"], same, stored).attributes == stored
    moved = check(PROVIDERS["SFTP"], {**same, "host": "evil.example.com"}, stored)
    assert "again" in moved.errors["pass"][0]
    assert not check(PROVIDERS["SFTP"], {**same, "pass": ""}, stored).ok


def test_unusual_is_only_a_warning() -> None:
    found = check(PROVIDERS["S3"], {"access_key_id": "short", "secret_access_key": "x"})
    assert found.ok
    assert "AKIA" in found.warnings["access_key_id"][0]


def test_types_of_json_are_taken() -> None:
    found = check(PROVIDERS["S3"], {**S3, "max_upload_parts": 500, "force_path_style": False, "skip_region": True})
    assert found.ok
    assert found.attributes["force_path_style"] == "false"
    assert found.attributes["skip_region"] is True


def test_hidden_fields_are_dropped() -> None:
    values = {"user": "u", "key": "k", "auth": "https://a.example.com/v1.0", "auth_version": "1", "domain": "D"}
    assert "domain" not in check(PROVIDERS["OPENSTACK_SWIFT"], values).attributes


def service_account(**changed: str) -> str:
    key = {
        "type": "service_account",
        "project_id": "p-1",
        "client_email": "a@p-1.iam.gserviceaccount.com",
        "private_key_id": "abc",
        "private_key": "-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE KEY-----\n",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    return json.dumps(key | changed, indent=2)


def test_a_key_file_is_shown_without_its_key() -> None:
    provider = PROVIDERS["GOOGLE_CLOUD_STORAGE"]
    found = check(provider, {"service_account_credentials": service_account()})
    assert found.ok
    assert provider.summarize
    assert provider.summarize(found.attributes)["Project"] == "p-1"
    assert "CANARY" not in str(provider.summarize(found.attributes))


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"token_uri": "https://evil.example.com/token"}, "token_uri"),
        ({"type": "x"}, "type"),
        ({"project_id": ""}, "project_id"),
    ],
)
def test_a_wrong_key_file_is_refused(changed: dict[str, str], word: str) -> None:
    found = check(PROVIDERS["GOOGLE_CLOUD_STORAGE"], {"service_account_credentials": service_account(**changed)})
    assert word in found.errors["service_account_credentials"][0]


@pytest.mark.parametrize(
    ("provider", "field", "value"),
    [
        ("AZUREBLOB", "key", "schl\u00fcssel=="),
        ("AZUREBLOB", "sas_url", "https://[::1?sig=x"),
        ("GOOGLE_CLOUD_STORAGE", "service_account_credentials", '{"a":' * 3000 + "1" + "}" * 3000),
        (
            "GOOGLE_CLOUD_STORAGE",
            "service_account_credentials",
            '{"type":"service_account","project_id":"p","client_email":"e","private_key":"-----BEGIN","token_uri":["x"]}',
        ),
    ],
    ids=["not ASCII", "no address", "nested", "a list of addresses"],
)
def test_a_value_that_no_parser_takes_is_a_sentence_on_its_field(provider: str, field: str, value: str) -> None:
    assert field in check(PROVIDERS[provider], {field: value}).errors

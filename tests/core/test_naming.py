"""Names in resources: one way there, one way back, for everything that is declared."""

from __future__ import annotations

import re

import pytest

from webapp.core.errors import PermanentError
from webapp.core.formats import FORMATS
from webapp.core.naming import camel, keys, member, members, provider_of
from webapp.core.providers import PROVIDERS

IDENTIFIER = re.compile(r"[a-z][A-Za-z0-9]*")


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("account", "account"),
        ("access_key_id", "accessKeyId"),
        ("signatures_v2", "signaturesV2"),
        ("application_credential_secret", "applicationCredentialSecret"),
        ("2fa", "twoFactorCode"),
    ],
)
def test_a_key_becomes_camel_case(key: str, name: str) -> None:
    assert camel(key) == name


@pytest.mark.parametrize(
    ("provider_type", "name"),
    [
        ("S3", "s3"),
        ("B2", "b2"),
        ("GOOGLE_CLOUD_STORAGE", "googleCloudStorage"),
        ("AZUREBLOB", "azureblob"),
        ("OPENSTACK_SWIFT", "openstackSwift"),
    ],
)
def test_a_type_becomes_a_member(provider_type: str, name: str) -> None:
    assert member(provider_type) == name
    assert provider_of(name).type == provider_type


@pytest.mark.parametrize("provider_type", PROVIDERS)
def test_every_field_has_one_name_of_its_own(provider_type: str) -> None:
    fields = PROVIDERS[provider_type].fields
    names = keys(fields)
    assert list(names.values()) == [field.key for field in fields]
    assert all(IDENTIFIER.fullmatch(name) for name in names)


@pytest.mark.parametrize("name", FORMATS)
def test_every_option_of_a_format_has_one_name_of_its_own(name: str) -> None:
    names = keys(FORMATS[name].options)
    assert list(names.values()) == [field.key for field in FORMATS[name].options]
    assert all(IDENTIFIER.fullmatch(name) for name in names)


def test_every_provider_is_one_member() -> None:
    assert [known.type for known in members().values()] == list(PROVIDERS)


def test_an_unknown_member_lists_the_known_ones() -> None:
    with pytest.raises(PermanentError, match="googleCloudStorage"):
        provider_of("GOOGLE_CLOUD_STORAGE")

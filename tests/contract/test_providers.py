"""Every provider and the same assertions. A new provider fails here until it is whole."""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema
import pytest

from webapp.core.fields import Kind
from webapp.core.providers import PROVIDERS, reference, s3_vendors
from webapp.core.providers.base import Provider, Support
from webapp.core.rclone import metadata
from webapp.core.rclone.config import remote
from webapp.core.schema import json_schema
from webapp.core.validation import check

ICONS = Path(__file__).parents[2] / "webapp/static/vendor/icons"
FORBIDDEN = re.compile(r"_file$|_command$|^ssh$|env_auth|unix_socket|use_agent|service_account_file|config_file")

every = pytest.mark.parametrize("provider", PROVIDERS.values(), ids=list(PROVIDERS))


def test_all_of_the_seed_are_there() -> None:
    assert len(PROVIDERS) == 18


@every
def test_fields_are_well_formed(provider: Provider) -> None:
    keys = [field.key for field in provider.fields]
    assert len(keys) == len(set(keys))
    for field in provider.fields:
        assert re.fullmatch(r"[a-z0-9_]+", field.key)
        assert field.label
        assert field.help.endswith(".")
        if field.kind in {Kind.CHOICE, Kind.SUGGESTION}:
            assert field.choices
        for shown in field.shown_when:
            assert shown.key in keys
    for one_of in provider.one_of:
        assert {key for keys_together in one_of.sets for key in keys_together} <= set(keys)
        assert one_of.field in keys
    assert set(provider.hint) <= {field.key for field in provider.fields if not field.secret}


@every
def test_icon_and_note(provider: Provider) -> None:
    assert (ICONS / f"{provider.icon}.svg").is_file()
    assert bool(provider.note) == (provider.support is not Support.SUPPORTED)


@every
def test_options_exist_in_the_bundled_rclone(provider: Provider) -> None:
    if not provider.rclone_type:
        assert provider.support is Support.UNSUPPORTED
        return
    options = metadata.options(provider.rclone_type)
    for field in provider.fields:
        if field.rclone:
            assert field.rclone.name in options, field.key
            assert field.rclone.obscured == options[field.rclone.name].get("IsPassword", False), field.key
            assert not FORBIDDEN.search(field.rclone.name) or field.rclone.name == "key_file_pass"
    assert set(provider.write_options) <= options.keys()


@every
def test_hints_point_to_fields(provider: Provider) -> None:
    keys = {field.key for field in provider.fields}
    for reply in provider.replies:
        re.compile(reply.pattern)
        assert reply.field in keys | {""}, reply
        assert reply.message.endswith(".")


@every
def test_schema_is_valid_and_refuses_what_validation_refuses(provider: Provider) -> None:
    schema = json_schema(provider)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert not validator.is_valid({"no_such_field": "x"})
    assert not check(provider, {"no_such_field": "x"}).ok
    assert not check(provider, {}).ok
    for field in provider.fields:
        assert schema["properties"][field.key].get("writeOnly", False) == field.secret


@every
def test_nothing_in_the_remote_that_rclone_does_not_know(provider: Provider) -> None:
    if provider.rclone_type:
        values = {field.key: field.default for field in provider.fields if field.default is not None}
        options = metadata.options(provider.rclone_type)
        assert set(remote(provider, values)) - {"type"} <= options.keys()


def test_vendors_are_those_of_the_bundled_rclone() -> None:
    assert s3_vendors.DATA.read_text(encoding="utf-8") == s3_vendors.current()
    assert s3_vendors.choices("provider")[0].value == "AWS"


def test_the_reference_is_current() -> None:
    assert reference.PAGE.read_text(encoding="utf-8") == reference.reference()
